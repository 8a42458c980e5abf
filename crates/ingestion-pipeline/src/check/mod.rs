//! What SageMaker would refuse in a definition, found before it is asked.
//!
//! Works on JSON and not on the typed parts, so that it judges any definition, one that was
//! deployed by something else included, and so that the builder is not its own judge. The rules are
//! those of AWS's published schema for pipeline definitions, with what that schema leaves out: the
//! experiment configuration, inputs and outputs that the container manages, outputs to Feature
//! Store; and what no schema can say: references to what is not there, names that occur twice,
//! lengths after parameters are put in.

mod members;
mod parameters;
mod processing;
mod references;
mod steps;

use std::fmt;

use serde_json::Value;

use members::Members;
use parameters::Parameters;

/// One reason to refuse a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is, such as `Steps[0].Arguments.ProcessingInputs[1]`; empty for the whole.
    pub place: String,
    /// What is wrong, and what would be right.
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

/// `SageMaker` would refuse the definition; every reason is listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidDefinition(Vec<Problem>);

impl InvalidDefinition {
    /// All problems, at least one.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for InvalidDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SageMaker would refuse the definition:")?;
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
