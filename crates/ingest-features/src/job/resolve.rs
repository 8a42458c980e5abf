//! Completes a job's options from the processing job's configuration.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_common::ObjectUrl;
use flow_engine::EventTime;
use terminal_text::Failure;

use crate::contract::{JobConfig, MlDir};
use crate::event_time;
use crate::location::Location;
use crate::store::Destination;

use super::spec::{JobSpec, Purpose};

/// Where the rows come from.
#[derive(Debug)]
pub(super) enum Source {
    /// The flow, and data.
    Flow(Location),
    /// The Spark engine has run the flow.
    SparkResult(Location),
}

/// A job with all options resolved.
#[derive(Debug)]
pub(super) struct Resolved<'a> {
    pub(super) spec: &'a JobSpec,
    pub(super) config: Option<&'a JobConfig>,
    pub(super) source: Source,
    pub(super) event_time: EventTime,
    /// Where to store the rows that are not written.
    pub(super) rejected: Location,
    /// Where to store them if that fails.
    pub(super) rejected_here: PathBuf,
}

impl<'a> Resolved<'a> {
    /// Resolves the options.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a required option is missing.
    pub(super) fn new(
        spec: &'a JobSpec,
        ml: &MlDir,
        config: Option<&'a JobConfig>,
    ) -> Result<Self, Failure> {
        let here = |location: &Location| match location {
            Location::Local(path) => Location::Local(ml.here(path)),
            Location::S3(_) => location.clone(),
        };
        let source = match (&spec.spark_result, &spec.flow, config) {
            (Some(result), _, _) => Source::SparkResult(here(result)),
            (None, Some(flow), _) => Source::Flow(here(flow)),
            (None, None, Some(_)) => Source::Flow(Location::Local(ml.flow())),
            (None, None, None) => {
                return Err(Failure::usage("there is no flow", "name it with --flow"));
            }
        };
        let event_time = spec.event_time.unwrap_or_else(|| of_job(config));
        let rejected_here = match config {
            Some(_) => ml.rejected(),
            None => "rejected.jsonl".into(),
        };
        let rejected = match &spec.rejected {
            None => Location::Local(rejected_here.clone()),
            Some(Location::Local(path)) => Location::Local(ml.here(path)),
            Some(Location::S3(url)) => Location::S3(object(url, config, event_time)?),
        };
        let resolved = Self { spec, config, source, event_time, rejected, rejected_here };
        if resolved.needs_a_group() && spec.feature_group.is_none() && config.is_none() {
            return Err(no_group());
        }
        Ok(resolved)
    }

    /// Returns whether the job reads a feature group's description.
    fn needs_a_group(&self) -> bool {
        match self.spec.purpose {
            Purpose::Ingest => true,
            Purpose::DryRun => self.spec.feature_group.is_some() || self.config.is_some(),
            Purpose::Export(_) | Purpose::PrintDefinitions | Purpose::CreateGroup(_) => false,
        }
    }

    /// Returns where to write the records of a feature group.
    pub(super) fn destination(&self, group: &str) -> Destination {
        let JobSpec { target_stores, ttl, .. } = self.spec;
        Destination { group: group.to_owned(), stores: *target_stores, ttl: *ttl }
    }

    /// Returns the feature group to write to or to check: the argument, or the feature group of the
    /// processing output with the name of the flow's output. If the arguments name a destination, the
    /// processing output has its name.
    pub(super) fn feature_group(&self, output: &str) -> Result<Option<&'a str>, Failure> {
        if !self.needs_a_group() {
            return Ok(None);
        }
        if let Some(name) = &self.spec.feature_group {
            return Ok(Some(name));
        }
        let Some(config) = self.config else { return Err(no_group()) };
        let output = self.spec.output_node.as_deref().unwrap_or(output);
        let outputs = &config.processing_output_config.outputs;
        let of_its_name = outputs.iter().find(|of_job| of_job.output_name == output);
        match of_its_name.map(|output| &output.feature_store_output) {
            Some(Some(group)) => Ok(Some(&group.feature_group_name)),
            Some(None) => Err(Failure::new(
                format!("the processing output `{output}` has no FeatureStoreOutput"),
                "add a FeatureStoreOutput that names the feature group",
            )),
            None => {
                let names: Vec<_> = outputs.iter().map(|output| &*output.output_name).collect();
                Err(Failure::new(
                    format!(
                        "no processing output has the name of the flow's output `{output}`; there \
                         are: {}",
                        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
                    ),
                    "give the job's output the name of the flow's output, or use --feature-group",
                ))
            }
        }
    }
}

pub(super) fn no_group() -> Failure {
    let hint = "name it with --feature-group; --dry-run and --output need none";
    Failure::usage("there is no feature group to write to", hint)
}

/// Returns the job's creation time if it is known, or else the current time.
fn of_job(config: Option<&JobConfig>) -> EventTime {
    let created = config.and_then(|config| config.creation_time.as_ref());
    let created = created.and_then(|time| event_time::parse_json(time).ok());
    created.unwrap_or_else(now)
}

#[expect(clippy::disallowed_methods, reason = "the default event time")]
fn now() -> EventTime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    EventTime(i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}

/// Returns the object to store. If `url` is a folder, appends a name for this job.
fn object(
    url: &ObjectUrl,
    config: Option<&JobConfig>,
    event_time: EventTime,
) -> Result<ObjectUrl, Failure> {
    if !url.key().is_empty() && !url.key().ends_with('/') {
        return Ok(url.clone());
    }
    let job = config.and_then(|config| config.processing_job_name.clone());
    let job = job.unwrap_or_else(|| format!("rejected-{}", event_time.0));
    url.with_key(&format!("{}{job}.jsonl", url.key()))
        .map_err(|error| Failure::usage(format!("--rejected: {error}"), "use a shorter key"))
}
