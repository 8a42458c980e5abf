//! The arguments of the command line.

#![allow(rustdoc::invalid_html_tags, reason = "placeholders in the text of --help")]

use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;
use flow_engine::EventTime;

use super::container_arguments::{OutputConfig, ParameterOverride, Refit};
use crate::event_time;
use crate::feature_group::is_group_name;
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
pub struct Arguments {
    /// The flow: a file, a folder that holds one, or s3://<bucket>/<key>
    #[arg(long, value_name = "FLOW")]
    pub flow: Option<Location>,

    /// The data of the flow's source: a file, a folder or s3://<bucket>/<key or prefix>; with
    /// several sources, one for each: <dataset>=<data>
    #[arg(long = "input", value_name = "DATA")]
    pub inputs: Vec<String>,

    /// The flow's output, <node id>.<output>; without it the only one
    #[arg(long, value_name = "NAME")]
    pub output_node: Option<String>,

    /// As the Data Wrangler container takes it
    #[arg(
        long,
        value_name = "JSON",
        help = "As the Data Wrangler container takes it: {\"<node id>.<output>\": {\"content_type\": \"CSV\"}}"
    )]
    pub output_config: Option<OutputConfig>,

    /// The feature group's name or ARN
    #[arg(long, value_name = "NAME", value_parser = group_name)]
    pub feature_group: Option<String>,

    /// The time that the flow takes for now: ISO 8601 or Unix seconds; without it the job's
    /// creation, or else now. Given again, the same records are written again
    #[arg(long, value_name = "TIME", value_parser = event_time::parse)]
    pub event_time: Option<EventTime>,

    /// Train the flow's operators again although the flow has trained parameters
    #[arg(long)]
    pub refit: bool,

    /// As the Data Wrangler container takes it
    #[arg(
        long,
        value_name = "JSON",
        conflicts_with = "refit",
        help = "As the Data Wrangler container takes it: {\"refit\": true}, the same as --refit"
    )]
    pub refit_trained_params: Option<Refit>,

    /// As the Data Wrangler container takes it; refused, as this engine has no parameters of flows
    #[arg(long, value_name = "JSON")]
    pub parameter_override: Vec<ParameterOverride>,

    /// Fail if a feature of the group has no column in the flow's output; without it records are
    /// written without that feature, with a warning
    #[arg(long)]
    pub require_all_features: bool,

    /// Rows that may be rejected: a number, or a part such as 0.5%
    #[arg(long, value_name = "ROWS", default_value = "0")]
    pub max_rejected: MaxRejected,

    /// Where rows go that are not written: a file, or s3://<bucket>/<key or prefix/>; without it
    /// rejected.jsonl
    #[arg(long, value_name = "FILE")]
    pub rejected: Option<Location>,

    /// Most calls of Feature Store at once
    #[arg(long, value_name = "CALLS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,

    /// Write the summary to a file, not to standard output
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,

    /// Print the schema and the first rows, and write nothing; with a feature group, check that it
    /// fits
    #[arg(long, conflicts_with_all = ["output", "print_feature_definitions"])]
    pub dry_run: bool,

    /// Write the result to a file instead: .parquet or .csv
    #[arg(long, value_name = "FILE", conflicts_with = "print_feature_definitions", value_parser = crate::export::Target::from_str)]
    pub output: Option<crate::export::Target>,

    /// Print what the making of a feature group needs to know of the result, as its --cli-input-json
    #[arg(long)]
    pub print_feature_definitions: bool,
}

impl Arguments {
    /// Whether the flow's operators are trained again.
    pub(crate) fn refits(&self) -> bool {
        self.refit || matches!(self.refit_trained_params, Some(Refit(true)))
    }
}

/// How many rows may be rejected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxRejected {
    /// So many.
    Rows(u64),
    /// So many of a hundred.
    Percent(f64),
}

impl MaxRejected {
    /// The most of so many rows.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a part of the rows, which are far fewer than 2^53"
    )]
    pub fn of(self, rows: u64) -> u64 {
        match self {
            Self::Rows(rows) => rows,
            // 1.14% of 5,000 rows are 57, and 56.99999999999999 to a computer.
            Self::Percent(percent) => (rows as f64 * percent / 100.0 * (1.0 + 1e-12)) as u64,
        }
    }
}

impl FromStr for MaxRejected {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither a number of rows nor a part such as 0.5%");
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().map(Self::Rows).map_err(|_| wrong());
        };
        let percent: f64 = percent.trim_end().parse().map_err(|_| wrong())?;
        if (0.0..=100.0).contains(&percent) { Ok(Self::Percent(percent)) } else { Err(wrong()) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_rows_are_counted_or_a_part() {
        assert_eq!("7".parse(), Ok(MaxRejected::Rows(7)));
        assert_eq!("0.5%".parse::<MaxRejected>().map(|max| max.of(1000)), Ok(5));
        assert_eq!("1.14%".parse::<MaxRejected>().map(|max| max.of(5000)), Ok(57));
        assert_eq!("1.14%".parse::<MaxRejected>().map(|max| max.of(4999)), Ok(56));
        assert_eq!("100%".parse::<MaxRejected>().map(|max| max.of(7)), Ok(7));
        for bad in ["", "-1", "1.5", "%", "101%", "-1%", "NaN%", "x"] {
            assert!(bad.parse::<MaxRejected>().is_err(), "{bad}");
        }
    }
}
