//! Finds what SageMaker would reject in a definition, before it is sent.
//!
//! The checks work on JSON, not on the types of [`definition`](crate::definition). So they can check
//! any definition, and they do not depend on the builder. The rules are:
//!
//! - AWS's published schema for pipeline definitions
//! - parts that the schema omits: the experiment configuration, inputs and outputs that the container
//!   manages, and outputs to Feature Store
//! - rules that a schema cannot express: references to missing values, duplicate names, and lengths
//!   after parameters are resolved

mod members;
mod parameters;
mod processing;
mod references;
mod steps;

use std::fmt;

use serde_json::Value;

use members::Members;
use parameters::Parameters;

/// One problem of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The place, such as `Steps[0].Arguments.ProcessingInputs[1]`; empty for the whole definition.
    pub place: String,
    /// What is wrong, and what is expected.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.text)
        } else {
            write!(f, "{}: {}", self.place, self.text)
        }
    }
}

/// `SageMaker` would reject the definition. Lists every problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidDefinition(Vec<Problem>);

impl InvalidDefinition {
    /// Returns all problems, at least one.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for InvalidDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SageMaker would reject the definition:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// Checks a definition.
///
/// # Errors
///
/// [`InvalidDefinition`] lists every problem, not just the first.
pub fn check(definition: &Value) -> Result<(), InvalidDefinition> {
    let mut problems = Problems::default();
    let members = Members::of(definition, "", &mut problems);
    members.known(
        &["Version", "Metadata", "Parameters", "PipelineExperimentConfig", "Steps"],
        &mut problems,
    );
    if members.get("Version").is_none_or(|version| version != "2020-12-01") {
        problems.add("Version", "must be \"2020-12-01\"");
    }
    if let Some(experiment) = members.object("PipelineExperimentConfig", &mut problems) {
        experiment.known(&["ExperimentName", "TrialName"], &mut problems);
    }
    let parameters = Parameters::read(members.get("Parameters"), &mut problems);
    let steps = steps::check(members.get("Steps"), &parameters, &mut problems);
    references::check(definition, &parameters, &steps, &mut problems);
    if problems.0.is_empty() { Ok(()) } else { Err(InvalidDefinition(problems.0)) }
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.0.push(Problem { place: place.into(), text: text.into() });
    }
}
