//! The arguments of the command line.

#![allow(rustdoc::invalid_html_tags, reason = "placeholders in the text of --help")]

use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;
use flow_engine::EventTime;

use super::container_arguments::{OutputConfig, ParameterOverride, Refit};
use crate::event_time;
use crate::failure::Failure;
use crate::feature_group::is_group_name;
use crate::job::{JobSpec, MaxRejected, Purpose};
use crate::location::Location;

const EXAMPLES: &str = "\
Examples:
  ingest-features --flow abalone.flow --input abalone.csv --dry-run
      the first rows and the schema; needs no AWS
  ingest-features --flow abalone.flow --input abalone.csv --print-feature-definitions > fg.json
  aws sagemaker create-feature-group --cli-input-json file://fg.json --feature-group-name FG-abalone \\
      --record-identifier-feature-name record_id --event-time-feature-name record_time \\
      --offline-store-config S3StorageConfig={S3Uri=s3://my-bucket/fs} --role-arn <role>
      makes the feature group
  ingest-features --flow abalone.flow --input s3://my-bucket/landing/a.csv --feature-group FG-abalone
  ingest-features --flow abalone.flow --input abalone.csv --output features.parquet

In a SageMaker processing job, what is not given is taken from /opt/ml/config: the flow from the input
`flow`, the data from the input with the dataset's name, the feature group from the output.
INGEST_FEATURES_ML_DIR names another folder than /opt/ml.

Exit code: 0 if the job succeeded, 1 if it failed, 2 for arguments that make no job, 143 after SIGTERM
and 130 after Ctrl-C, which let the calls in flight end and account for every row.";

/// Runs a Data Wrangler flow on data and writes the result to a feature group.
#[derive(Debug, Parser)]
#[command(name = "ingest-features", version, after_help = EXAMPLES)]
#[expect(rustdoc::invalid_html_tags, reason = "the options' texts are the help's, word for word")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Arguments {
    /// The flow: a file, a folder that holds one, or s3://<bucket>/<key>
    #[arg(long, value_name = "FLOW")]
    pub(super) flow: Option<Location>,

    /// The data of the flow's source: a file, a folder or s3://<bucket>/<key or prefix>; with
    /// several sources, one for each: <dataset>=<data>
    #[arg(long = "input", value_name = "DATA")]
    pub(super) inputs: Vec<String>,

    /// The flow's output, <node id>.<output>; without it the only one
    #[arg(long, value_name = "NAME")]
    pub(super) output_node: Option<String>,

    /// As the Data Wrangler container takes it
    #[arg(
        long,
        value_name = "JSON",
        help = "As the Data Wrangler container takes it: {\"<node id>.<output>\": {\"content_type\": \"CSV\"}}"
    )]
    pub(super) output_config: Option<OutputConfig>,

    /// The feature group's name or ARN
    #[arg(long, value_name = "NAME", value_parser = group_name)]
    pub(super) feature_group: Option<String>,

    /// The time that the flow takes for now: ISO 8601 or Unix seconds; without it the job's
    /// creation, or else now. Given again, the same records are written again
    #[arg(long, value_name = "TIME", value_parser = event_time::parse)]
    pub(super) event_time: Option<EventTime>,

    /// Train the flow's operators again although the flow has trained parameters
    #[arg(long)]
    pub(super) refit: bool,

    /// As the Data Wrangler container takes it
    #[arg(
        long,
        value_name = "JSON",
        conflicts_with = "refit",
        help = "As the Data Wrangler container takes it: {\"refit\": true}, the same as --refit"
    )]
    pub(super) refit_trained_params: Option<Refit>,

    /// As the Data Wrangler container takes it; refused, as this engine has no parameters of flows
    #[arg(long, value_name = "JSON")]
    pub(super) parameter_override: Vec<ParameterOverride>,

    /// Fail if a feature of the group has no column in the flow's output; without it records are
    /// written without that feature, with a warning
    #[arg(long)]
    pub(super) require_all_features: bool,

    /// Rows that may be rejected: a number, or a part such as 0.5%
    #[arg(long, value_name = "ROWS", default_value = "0")]
    pub(super) max_rejected: MaxRejected,

    /// Where rows go that are not written: a file, or s3://<bucket>/<key or prefix/>; without it
    /// rejected.jsonl
    #[arg(long, value_name = "FILE")]
    pub(super) rejected: Option<Location>,

    /// Most calls of Feature Store at once
    #[arg(long, value_name = "CALLS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) concurrency: u16,

    /// Write the summary to a file, not to standard output
    #[arg(long, value_name = "FILE")]
    pub(super) summary: Option<PathBuf>,

    /// Print the schema and the first rows, and write nothing; with a feature group, check that it
    /// fits
    #[arg(long, conflicts_with_all = ["output", "print_feature_definitions"])]
    pub(super) dry_run: bool,

    /// Write the result to a file instead: .parquet or .csv
    #[arg(long, value_name = "FILE", conflicts_with = "print_feature_definitions", value_parser = crate::export::Target::from_str)]
    pub(super) output: Option<crate::export::Target>,

    /// Print what the making of a feature group needs to know of the result, as its --cli-input-json
    #[arg(long)]
    pub(super) print_feature_definitions: bool,
}

impl Arguments {
    /// What the arguments ask for.
    ///
    /// # Errors
    ///
    /// [`Failure`] if two arguments contradict each other.
    pub(super) fn into_spec(self) -> Result<JobSpec, Failure> {
        let configured = self.output_config.map(|config| config.output);
        let output_node = match (self.output_node, configured) {
            (Some(node), Some(configured)) if node != configured => {
                let problem =
                    format!("--output-node says `{node}`, and --output-config says `{configured}`");
                return Err(Failure::usage(problem, "give one of them"));
            }
            (node, configured) => node.or(configured),
        };
        let purpose = match self.output {
            Some(target) => Purpose::Export(target),
            None if self.print_feature_definitions => Purpose::PrintDefinitions,
            None if self.dry_run => Purpose::DryRun,
            None => Purpose::Ingest,
        };
        Ok(JobSpec {
            flow: self.flow,
            inputs: self.inputs,
            output_node,
            event_time: self.event_time,
            refit: self.refit || self.refit_trained_params == Some(Refit(true)),
            feature_group: self.feature_group,
            require_all_features: self.require_all_features,
            purpose,
            max_rejected: self.max_rejected,
            rejected: self.rejected,
            concurrency: self.concurrency.into(),
            summary: self.summary,
        })
    }
}

fn group_name(text: &str) -> Result<String, String> {
    if is_group_name(text) {
        return Ok(text.to_owned());
    }
    Err("a feature group has a name of 1 to 64 letters, digits, hyphens and underscores, beginning and \
         ending with a letter or digit, or an ARN"
        .to_owned())
}
