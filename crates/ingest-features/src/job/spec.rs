//! What a job is to do: the arguments, and for what they leave open, the job's configuration.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_common::ObjectUrl;
use data_wrangler_flow::OutputName;
use flow_engine::EventTime;

use crate::cli::Arguments;
use crate::contract::{JobConfig, MlDir};
use crate::event_time;
use crate::failure::Failure;
use crate::location::Location;

pub(super) struct JobSpec<'a> {
    pub(super) flow: Location,
    pub(super) output_node: Option<&'a str>,
    pub(super) event_time: EventTime,
    /// Where rows go that are not written.
    pub(super) rejected: Location,
    /// Where they go if they cannot go there.
    pub(super) rejected_here: std::path::PathBuf,
    arguments: &'a Arguments,
    in_a_job: bool,
}

impl<'a> JobSpec<'a> {
    pub(super) fn new(
        arguments: &'a Arguments,
        ml: &MlDir,
        config: Option<&JobConfig>,
    ) -> Result<Self, Failure> {
        let flow = match (&arguments.flow, config) {
            (Some(Location::Local(path)), _) => Location::Local(ml.here(path)),
            (Some(place), _) => place.clone(),
            (None, Some(_)) => Location::Local(ml.flow()),
            (None, None) => {
                return Err(Failure::usage("there is no flow", "name it with --flow"));
            }
        };
        let configured = arguments.output_config.as_ref().map(|config| config.output.as_str());
        let output_node = match (arguments.output_node.as_deref(), configured) {
            (Some(node), Some(configured)) if node != configured => {
                let problem =
                    format!("--output-node says `{node}`, and --output-config says `{configured}`");
                return Err(Failure::usage(problem, "give one of them"));
            }
            (node, configured) => node.or(configured),
        };
        let event_time = arguments.event_time.unwrap_or_else(|| of_job(config));
        let rejected_here = match config {
            Some(_) => ml.rejected(),
            None => "rejected.jsonl".into(),
        };
        let rejected = match &arguments.rejected {
            None => Location::Local(rejected_here.clone()),
            Some(Location::Local(path)) => Location::Local(ml.here(path)),
            Some(Location::S3(url)) => Location::S3(object(url, config, event_time)?),
        };
        let in_a_job = config.is_some();
        let spec =
            Self { flow, output_node, event_time, rejected, rejected_here, arguments, in_a_job };
        if spec.needs_a_group() && arguments.feature_group.is_none() && !in_a_job {
            return Err(no_group());
        }
        Ok(spec)
    }

    pub(super) fn needs_aws(&self) -> bool {
        let in_s3 = |place: &Location| matches!(place, Location::S3(_));
        let input = |argument: &String| {
            let place = argument.split_once('=').map_or(argument.as_str(), |(_, place)| place);
            argument.starts_with("s3://") || place.starts_with("s3://")
        };
        in_s3(&self.flow) || self.arguments.inputs.iter().any(input) || self.needs_a_group()
    }

    /// Whether a feature group is looked at.
    fn needs_a_group(&self) -> bool {
        let Arguments { output, print_feature_definitions, dry_run, feature_group, .. } =
            self.arguments;
        let not_written = output.is_some() || *print_feature_definitions;
        !not_written && (!dry_run || feature_group.is_some() || self.in_a_job)
    }

    /// The feature group that is written to or looked at: the argument, or the output of the job that
    /// has the flow's output's name.
    pub(super) fn feature_group<'b>(
        &'b self,
        output: &OutputName,
        config: Option<&'b JobConfig>,
    ) -> Result<Option<&'b str>, Failure> {
        if !self.needs_a_group() {
            return Ok(None);
        }
        if let Some(name) = &self.arguments.feature_group {
            return Ok(Some(name));
        }
        let Some(config) = config else { return Err(no_group()) };
        let outputs = &config.processing_output_config.outputs;
        let of_its_name = outputs.iter().find(|of_job| of_job.output_name == output.to_string());
        match of_its_name.map(|output| &output.feature_store_output) {
            Some(Some(group)) => Ok(Some(&group.feature_group_name)),
            Some(None) => Err(Failure::new(
                format!("the processing output `{output}` has no FeatureStoreOutput"),
                "let it name a feature group: this job writes to Feature Store",
            )),
            None => {
                let names: Vec<_> = outputs.iter().map(|output| &*output.output_name).collect();
                Err(Failure::new(
                    format!(
                        "no processing output has the name of the flow's output `{output}`; there \
                         are: {}",
                        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
                    ),
                    "name the job's output after the flow's, or use --feature-group",
                ))
            }
        }
    }
}

pub(super) fn no_group() -> Failure {
    let hint = "name it with --feature-group; --dry-run and --output need none";
    Failure::usage("there is no feature group to write to", hint)
}

/// The job's creation, if it is said, or else now.
fn of_job(config: Option<&JobConfig>) -> EventTime {
    let created = config.and_then(|config| config.creation_time.as_ref());
    let created = created.and_then(|time| event_time::parse_json(time).ok());
    created.unwrap_or_else(now)
}

#[expect(clippy::disallowed_methods, reason = "what people mean who give no event time")]
fn now() -> EventTime {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    EventTime(i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}

/// An object: what ends in a slash is a folder, in which each job has its own.
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
        .map_err(|error| Failure::usage(format!("--rejected: {error}"), "shorten it"))
}
