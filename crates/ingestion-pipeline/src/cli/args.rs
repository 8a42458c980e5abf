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
    /// The project's settings; without it `pipeline.yaml` in the current folder, if there is one
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,

    /// Write for scripts: data as JSON on one line, errors as JSON too, and nothing else
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

/// Print the pipeline's definition as JSON; needs no AWS
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline build
      from pipeline.yaml in this folder and the environment
  ingestion-pipeline build --file staging/pipeline.yaml > definition.json
  FEATURE_GROUP_NAME=FG-test ingestion-pipeline build --json
      with a feature group that pipeline.yaml does not name, on one line
  ingestion-pipeline build --flow-file abalone.flow
      with a local copy of a flow that the settings name in S3")]
pub(super) struct Build {
    /// A local copy of the flow, if the settings name it in S3
    #[arg(long, value_name = "FLOW")]
    pub(super) flow_file: Option<PathBuf>,
}

/// Create the pipeline, or update what differs; print its ARN
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline upsert --dry-run
      what would change; changes nothing
  ingestion-pipeline upsert
  ingestion-pipeline upsert --json | jq -r .arn")]
pub(super) struct Upsert {
    /// Print what differs between the deployed and the new pipeline, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    /// A local copy of the flow, if the settings name it in S3
    #[arg(long, value_name = "FLOW")]
    pub(super) flow_file: Option<PathBuf>,
}

/// Which pipeline a command is about.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The pipeline's name; without it the one of the settings
    #[arg(short, long, value_name = "NAME")]
    pub(super) pipeline: Option<String>,
}

/// Start an execution; print its ARN
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline start
      on the data that pipeline.yaml names
  ingestion-pipeline start InputDataUrl=s3://my-bucket/landing-zone/new.csv --wait
  ingestion-pipeline start --pipeline ingest-p-123 ProcessingInstanceType=ml.m5.xlarge")]
pub(super) struct Start {
    /// Parameters that differ from their defaults
    #[arg(value_name = "NAME=VALUE", value_parser = parameter)]
    pub(super) parameters: Vec<(String, String)>,

    #[command(flatten)]
    pub(super) which: Which,

    /// Follow the execution to its end, as `wait` does
    #[arg(long)]
    pub(super) wait: bool,
}

/// Follow an execution to its end; succeed only if it does
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline wait
      the newest execution of the project's pipeline
  ingestion-pipeline wait arn:aws:sagemaker:eu-west-1:123456789012:pipeline/ingest-p-123/execution/abcdefghijkl

Exit code: 0 for Succeeded, 1 for every other end, 130 after Ctrl-C, which leaves the execution running.")]
pub(super) struct Wait {
    /// The execution's ARN; without it the newest one
    #[arg(value_name = "EXECUTION")]
    pub(super) execution: Option<String>,

    #[command(flatten)]
    pub(super) which: Which,
}

/// List executions, the newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline list
  ingestion-pipeline list --limit 50 --json | jq -r '.[] | select(.status == \"Failed\") | .input'")]
pub(super) struct List {
    #[command(flatten)]
    pub(super) which: Which,

    /// Most executions that are listed
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000), value_name = "N")]
    pub(super) limit: u16,
}

/// Delete the pipeline, after naming what is deleted
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline delete
      asks before it deletes
  ingestion-pipeline delete --pipeline ingest-p-123 --yes")]
pub(super) struct Delete {
    #[command(flatten)]
    pub(super) which: Which,

    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a parameter is NAME=VALUE".to_owned()),
    }
}

/// All settings, for the end of the long help.
fn settings_help() -> String {
    use std::fmt::Write;
    let mut text = format!(
        "{EXAMPLES}\n\nSettings: a key of pipeline.yaml, or, where that says nothing, an \
         environment variable:\n"
    );
    for key in keys::ALL {
        // Writing to a text cannot fail.
        let _ = write!(text, "\n  {:<20} {:<26} {}", key.name, key.variable, key.meaning);
    }
    text.push('\n');
    text
}
