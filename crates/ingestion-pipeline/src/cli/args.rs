//! The arguments of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::settings::keys;

/// Builds the SageMaker pipeline that ingests a data scientist's features.
#[derive(Debug, Parser)]
#[command(name = "ingestion-pipeline", version, after_long_help = settings_help())]
pub(super) struct Arguments {
    /// The project's settings; without it `pipeline.yaml` in the current folder, if there is one
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,

    /// Write for scripts: data as JSON on one line, errors as JSON too
    #[arg(long, global = true)]
    pub(super) json: bool,

    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Build(Build),
}

/// Print the pipeline's definition as JSON; needs no AWS
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ingestion-pipeline build
      from pipeline.yaml in this folder and the environment
  ingestion-pipeline build --file staging/pipeline.yaml > definition.json
  FEATURE_GROUP_NAME=FG-test ingestion-pipeline build --json
      with another feature group, on one line
  ingestion-pipeline build --flow-file abalone.flow
      with a local copy of a flow that the settings name in S3")]
pub(super) struct Build {
    #[command(flatten)]
    pub(super) flow: FlowArguments,
}

#[derive(Debug, Args)]
pub(super) struct FlowArguments {
    /// A local copy of the flow, if the settings name it in S3
    #[arg(long, value_name = "FLOW")]
    pub(super) flow_file: Option<PathBuf>,
}

/// All settings, for the end of the long help.
fn settings_help() -> String {
    use std::fmt::Write;
    let mut text =
        "Settings: a key of pipeline.yaml, or its environment variable, which goes first:\n"
            .to_owned();
    for key in keys::ALL {
        // Writing to a text cannot fail.
        let _ = write!(text, "\n  {:<20} {:<26} {}", key.name, key.variable, key.meaning);
    }
    text
}
