//! The options of a job.

use std::path::PathBuf;
use std::str::FromStr;

use flow_engine::EventTime;

use crate::export::Target;
use crate::feature_group::{GroupOptions, TimeToLive};
use crate::location::{InputVersion, Location};
use crate::store::TargetStores;

/// The options of a job. Missing options are taken from the processing job's configuration.
#[derive(Debug, Clone)]
pub struct JobSpec {
    /// The flow.
    pub flow: Option<Location>,
    /// The result of the Spark engine, instead of a flow and data.
    pub spark_result: Option<Location>,
    /// The data: `<dataset>=<data>`, or only `<data>` if the flow has one dataset.
    pub inputs: Vec<String>,
    /// The version of the data.
    pub input_version: InputVersion,
    /// The flow's output, `<node id>.<output>`.
    pub output_node: Option<String>,
    /// The flow's current time.
    pub event_time: Option<EventTime>,
    /// Whether to train the flow's operators again.
    pub refit: bool,
    /// The program of the Spark engine. It runs the flows that the native engine does not support.
    pub spark_engine: Option<PathBuf>,
    /// Name or ARN of the feature group.
    pub feature_group: Option<String>,
    /// The stores to write to; all stores of the group if `None`.
    pub target_stores: Option<TargetStores>,
    /// How long the online store keeps the records; the group's own duration if `None`.
    pub ttl: Option<TimeToLive>,
    /// Whether every feature of the group needs a column.
    pub require_all_features: bool,
    /// What to do with the result.
    pub purpose: Purpose,
    /// The maximum number of rejected rows.
    pub max_rejected: MaxRejected,
    /// Where to store the rows that are not written.
    pub rejected: Option<Location>,
    /// Maximum number of parallel calls to Feature Store, at least 1.
    pub concurrency: usize,
    /// Whether to pay for requests to S3 buckets whose owners let the requester pay.
    pub requester_pays: bool,
    /// A file for the summary instead of standard output.
    pub summary: Option<PathBuf>,
}

/// What to do with the flow's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Write it to the feature group.
    Ingest,
    /// Print the schema and the first rows.
    DryRun,
    /// Write it to a file.
    Export(Target),
    /// Print the request that creates a feature group for it.
    PrintDefinitions,
    /// Create a feature group for it.
    CreateGroup(GroupOptions),
}

/// The maximum number of rejected rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxRejected {
    /// A number of rows.
    Rows(u64),
    /// A percentage of the rows.
    Percent(f64),
}

impl MaxRejected {
    /// Returns the limit for a number of rows.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a share of the rows, which are far fewer than 2^53"
    )]
    pub fn of(self, rows: u64) -> u64 {
        match self {
            Self::Rows(rows) => rows,
            // The factor compensates for rounding: 1.14% of 5,000 rows is 56.99999999999999.
            Self::Percent(percent) => (rows as f64 * percent / 100.0 * (1.0 + 1e-12)) as u64,
        }
    }
}

impl FromStr for MaxRejected {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is neither a number of rows nor a percentage such as 0.5%");
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().map(Self::Rows).map_err(|_| wrong());
        };
        let percent: f64 = percent.trim_end().parse().map_err(|_| wrong())?;
        if (0.0..=100.0).contains(&percent) { Ok(Self::Percent(percent)) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_number_and_percentage() {
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
