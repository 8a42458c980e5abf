//! Command-line arguments.

#![allow(rustdoc::invalid_html_tags, reason = "placeholders in the text of --help")]

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use flow_engine::EventTime;
use terminal_text::Failure;

use super::container_arguments::{OutputConfig, ParameterOverride, Refit};
use super::new_group::NewGroupArguments;
use crate::event_time;
use crate::feature_group::{TimeToLive, is_group_name};
use crate::job::{JobSpec, MaxRejected, Purpose};
use crate::location::{InputVersion, Location};
use crate::stage::StageSpec;
use crate::store::TargetStores;

const EXAMPLES: &str = "\
Examples:
  ingest-features --flow abalone.flow --input abalone.csv --dry-run
      prints the schema and the first rows; needs no AWS
  ingest-features --flow abalone.flow --input abalone.csv --create-feature-group \\
      --feature-group FG-abalone --record-identifier record_id --event-time-feature record_time \\
      --offline-store s3://my-bucket/fs --role-arn <role>
      creates a feature group that fits
  ingest-features --flow abalone.flow --input s3://my-bucket/landing/a.csv --feature-group FG-abalone
  ingest-features --flow abalone.flow --input abalone.csv --output features.parquet

In a SageMaker processing job, everything that you omit comes from /opt/ml/config: the flow from the
input `flow`, the data from the input with the dataset's name, the feature group from the output with
the name of the flow's output. To use another folder than /opt/ml, set INGEST_FEATURES_ML_DIR.

Exit codes: 0 for success, 1 for a failure, 2 for invalid arguments, 143 after SIGTERM, 130 after Ctrl-C.
After a signal, the calls in flight finish, and every row is accounted for.";

/// Runs a Data Wrangler flow on data and writes the result to a feature group.
#[derive(Debug, Parser)]
#[command(name = "ingest-features", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a command-line flag")]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,

    /// The flow: a file, a folder with one flow, or s3://<bucket>/<key>
    #[arg(long, value_name = "FLOW")]
    pub(super) flow: Option<Location>,

    /// Instead of a flow and data: the result of the Spark engine, a folder or s3://<bucket>/<prefix>.
    /// Writes its rows without having all of them in memory
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["flow", "inputs", "input_version", "refit", "spark_engine"])]
    pub(super) spark_result: Option<Location>,

    /// The data for the flow's source: a file, a folder, or s3://<bucket>/<key or folder>. With
    /// several sources, repeat the option as <dataset>=<data>. Datasets that you leave out are read
    /// from their addresses in the flow
    #[arg(long = "input", value_name = "DATA")]
    pub(super) inputs: Vec<String>,

    /// The version of the data, if the data is one object in S3: its version ID, or `latest`
    #[arg(long, value_name = "VERSION", default_value = "latest", allow_hyphen_values = true)]
    pub(super) input_version: InputVersion,

    /// The flow's output, <node id>.<output> [default: the only output]
    #[arg(long, value_name = "NAME")]
    pub(super) output_node: Option<String>,

    /// As the Data Wrangler container accepts it
    #[arg(
        long,
        value_name = "JSON",
        help = "As the Data Wrangler container accepts it: {\"<node id>.<output>\": {\"content_type\": \"CSV\"}}"
    )]
    pub(super) output_config: Option<OutputConfig>,

    /// Name or ARN of the feature group
    #[arg(long, value_name = "NAME", value_parser = group_name)]
    pub(super) feature_group: Option<String>,

    /// The flow's current time: ISO 8601 or Unix seconds. With the same time, a second run writes
    /// the same records [default: the job's creation time, else now]
    #[arg(long, value_name = "TIME", value_parser = event_time::parse)]
    pub(super) event_time: Option<EventTime>,

    /// Train the flow's operators again, even if the flow has trained parameters
    #[arg(long)]
    pub(super) refit: bool,

    /// As the Data Wrangler container accepts it
    #[arg(
        long,
        value_name = "JSON",
        conflicts_with = "refit",
        help = "As the Data Wrangler container accepts it: {\"refit\": true} equals --refit"
    )]
    pub(super) refit_trained_params: Option<Refit>,

    /// The program of the Spark engine, such as spark-engine/spark-engine. It runs the flows that
    /// this engine does not support. The log says which engine runs the flow, and why
    #[arg(long, value_name = "PROGRAM")]
    pub(super) spark_engine: Option<PathBuf>,

    /// Always rejected: this engine does not support flow parameters
    #[arg(long, value_name = "JSON")]
    pub(super) parameter_override: Vec<ParameterOverride>,

    /// The stores to write to: online, offline or both [default: all stores of the group]
    #[arg(long, value_name = "STORES", conflicts_with_all = ["output", "print_feature_definitions"])]
    pub(super) target_stores: Option<TargetStores>,

    /// How long the online store keeps a record after its event time: a number and s, m, h, d or w,
    /// such as 30d [default: the group's own]
    #[arg(long, value_name = "DURATION", conflicts_with_all = ["output", "print_feature_definitions"])]
    pub(super) ttl: Option<TimeToLive>,

    /// Fail if the flow's output has no column for a feature of the group. By default, a warning
    /// is logged and the records are written without the feature
    #[arg(long)]
    pub(super) require_all_features: bool,

    /// Maximum number of rejected rows: a number, or a percentage such as 0.5%
    #[arg(long, value_name = "ROWS", default_value = "0")]
    pub(super) max_rejected: MaxRejected,

    /// Where to store the rows that are not written: a file, or s3://<bucket>/<key or prefix/>
    /// [default: rejected.jsonl]
    #[arg(long, value_name = "FILE")]
    pub(super) rejected: Option<Location>,

    /// Maximum number of parallel calls to Feature Store, 1 to 256
    #[arg(long, value_name = "CALLS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) concurrency: u16,

    /// Pay for requests to S3 buckets whose owners let the requester pay
    #[arg(long)]
    pub(super) requester_pays: bool,

    /// Write the summary to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) summary: Option<PathBuf>,

    /// Print the schema and the first rows; write nothing. With a feature group, also check that
    /// the result fits it
    #[arg(long, conflicts_with_all = ["output", "print_feature_definitions"])]
    pub(super) dry_run: bool,

    /// Write the result to a .parquet or .csv file instead of a feature group
    #[arg(long, value_name = "FILE", conflicts_with = "print_feature_definitions", value_parser = crate::export::Target::from_str)]
    pub(super) output: Option<crate::export::Target>,

    /// Print the input for `aws sagemaker create-feature-group --cli-input-json`
    #[arg(long)]
    pub(super) print_feature_definitions: bool,

    #[command(flatten)]
    pub(super) new_group: NewGroupArguments,
}

/// What to do instead of running a flow.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// In a processing job: copy its input, for the Data Wrangler container in the pipeline's next step
    StageInput(StageInput),
}

#[derive(Debug, Args)]
pub(super) struct StageInput {
    /// The version of the input, if it is one object: its version ID, or `latest`
    #[arg(long, value_name = "VERSION", default_value = "latest", allow_hyphen_values = true)]
    pub(super) input_version: InputVersion,

    /// Also write a flow in which this source node reads the copy
    #[arg(long, value_name = "NODE_ID", allow_hyphen_values = true)]
    pub(super) source_node: Option<String>,

    /// Pay for requests to S3 buckets whose owners let the requester pay
    #[arg(long)]
    pub(super) requester_pays: bool,
}

impl StageInput {
    pub(super) fn into_spec(self) -> StageSpec {
        StageSpec {
            version: self.input_version,
            source_node: self.source_node,
            requester_pays: self.requester_pays,
        }
    }
}

impl Arguments {
    /// Converts the arguments into a job.
    ///
    /// # Errors
    ///
    /// [`Failure`] if two arguments contradict each other.
    pub(super) fn into_spec(self) -> Result<JobSpec, Failure> {
        let configured = self.output_config.map(|config| config.output);
        let output_node = match (self.output_node, configured) {
            (Some(node), Some(configured)) if node != configured => {
                let problem = format!(
                    "--output-node names `{node}`, but --output-config names `{configured}`"
                );
                return Err(Failure::usage(problem, "use only one of them"));
            }
            (node, configured) => node.or(configured),
        };
        if self.ttl.is_some() && self.target_stores == Some(TargetStores::Offline) {
            return Err(Failure::usage(
                "--ttl applies to the online store only, and --target-stores names the offline store",
                "remove one of them",
            ));
        }
        let new_group = self.new_group.into_options(self.feature_group.as_deref(), self.ttl)?;
        let purpose = match (self.output, new_group) {
            (Some(target), _) => Purpose::Export(target),
            (None, Some(options)) => Purpose::CreateGroup(options),
            (None, None) if self.print_feature_definitions => Purpose::PrintDefinitions,
            (None, None) if self.dry_run => Purpose::DryRun,
            (None, None) => Purpose::Ingest,
        };
        Ok(JobSpec {
            flow: self.flow,
            spark_result: self.spark_result,
            inputs: self.inputs,
            input_version: self.input_version,
            output_node,
            event_time: self.event_time,
            refit: self.refit || self.refit_trained_params == Some(Refit(true)),
            spark_engine: self.spark_engine,
            feature_group: self.feature_group,
            target_stores: self.target_stores,
            ttl: self.ttl,
            require_all_features: self.require_all_features,
            purpose,
            max_rejected: self.max_rejected,
            rejected: self.rejected,
            concurrency: self.concurrency.into(),
            requester_pays: self.requester_pays,
            summary: self.summary,
        })
    }
}

fn group_name(text: &str) -> Result<String, String> {
    if is_group_name(text) {
        return Ok(text.to_owned());
    }
    Err("use an ARN, or a name of 1 to 64 letters, digits, hyphens and underscores that begins and \
         ends with a letter or digit"
        .to_owned())
}
