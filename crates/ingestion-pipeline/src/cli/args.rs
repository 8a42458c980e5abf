//! The arguments of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::settings::keys;

const EXAMPLES: &str = "\
Examples:
  ingestion-pipeline build > definition.json
  ingestion-pipeline upsert --dry-run
  ingestion-pipeline upsert
  ingestion-pipeline start InputDataUrl=s3://my-bucket/landing-zone/new.csv --wait
  ingestion-pipeline list --json | jq -r '.[0].status'";

/// Builds, deploys, starts and watches the SageMaker pipeline that ingests features.
#[derive(Debug, Parser)]
#[command(name = "ingestion-pipeline", version, after_help = EXAMPLES, after_long_help = settings_help())]
pub(super) struct Arguments {
    /// Settings file; defaults to `pipeline.yaml` in the current folder, if it exists
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,

    /// Print data, warnings and errors as JSON, one line each, without notes or progress
    #[arg(long, global = true)]
    pub(super) json: bool,

    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Build(Build),
    Upsert(Upsert),
    Start(Start),
    Wait(Wait),
    List(List),
    Delete(Delete),
}

/// Print the pipeline's definition as JSON; needs no AWS access
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline build
      uses pipeline.yaml in the current folder and the environment
  ingestion-pipeline build --file staging/pipeline.yaml > definition.json
  FEATURE_GROUP_NAME=FG-test ingestion-pipeline build --json
      prints one line, with the feature group from the environment if pipeline.yaml sets none
  ingestion-pipeline build --flow-file abalone.flow
      reads a local copy of a flow that is in S3")]
pub(super) struct Build {
    /// Local copy of the flow, to read instead of the one in the settings
    #[arg(long, value_name = "FLOW")]
    pub(super) flow_file: Option<PathBuf>,
}

/// Create or update the pipeline; print its ARN
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline upsert --dry-run
      shows what would change
  ingestion-pipeline upsert
  ingestion-pipeline upsert --json | jq -r .arn")]
pub(super) struct Upsert {
    /// Print the differences from the deployed pipeline without changing anything
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Local copy of the flow, to read instead of the one in the settings
    #[arg(long, value_name = "FLOW")]
    pub(super) flow_file: Option<PathBuf>,
}

/// The pipeline that a command acts on.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Name of the pipeline; defaults to the name from the settings
    #[arg(short, long, value_name = "NAME")]
    pub(super) pipeline: Option<String>,
}

/// Start an execution; print its ARN
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline start
      ingests the data that pipeline.yaml names
  ingestion-pipeline start InputDataUrl=s3://my-bucket/landing-zone/new.csv --wait
  ingestion-pipeline start --pipeline ingest-p-123 ProcessingInstanceType=ml.m5.xlarge")]
pub(super) struct Start {
    /// Pipeline parameters to override
    #[arg(value_name = "NAME=VALUE", value_parser = parameter)]
    pub(super) parameters: Vec<(String, String)>,

    #[command(flatten)]
    pub(super) which: Which,

    /// Wait for the execution to finish, as `wait` does
    #[arg(long)]
    pub(super) wait: bool,
}

/// Wait for an execution to finish; fail unless it succeeds
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline wait
      waits for the newest execution of the project's pipeline
  ingestion-pipeline wait arn:aws:sagemaker:eu-west-1:123456789012:pipeline/ingest-p-123/execution/abcdefghijkl

Exit code: 0 if the execution succeeded, 1 if not, 130 after Ctrl-C. Ctrl-C does not stop the execution.")]
pub(super) struct Wait {
    /// ARN of the execution; defaults to the newest one
    #[arg(value_name = "EXECUTION")]
    pub(super) execution: Option<String>,

    #[command(flatten)]
    pub(super) which: Which,
}

/// List executions, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline list
  ingestion-pipeline list --limit 50 --json | jq -r '.[] | select(.status == \"Failed\") | .input'")]
pub(super) struct List {
    #[command(flatten)]
    pub(super) which: Which,

    /// Maximum number of executions to list
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000), value_name = "N")]
    pub(super) limit: u16,
}

/// Delete the pipeline, after confirmation
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline delete
      asks for confirmation
  ingestion-pipeline delete --pipeline ingest-p-123 --yes")]
pub(super) struct Delete {
    #[command(flatten)]
    pub(super) which: Which,

    /// Delete without asking for confirmation
    #[arg(long)]
    pub(super) yes: bool,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// Returns the list of all settings, for the end of the long help.
fn settings_help() -> String {
    use std::fmt::Write;
    let mut text = format!(
        "{EXAMPLES}\n\nSettings: keys of pipeline.yaml and their environment variables. The file \
         takes precedence.\n"
    );
    let width = |column: fn(&keys::Key) -> &str| {
        keys::ALL.iter().map(|key| column(key).len()).max().unwrap_or_default()
    };
    let (names, variables) = (width(|key| key.name), width(|key| key.variable));
    for key in keys::ALL {
        let (name, variable) = (key.name, key.variable);
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {name:<names$}  {variable:<variables$}  {}", key.meaning);
    }
    text.push('\n');
    text
}
