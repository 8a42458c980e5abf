//! What a job did, in numbers.

use serde::Serialize;

use crate::lost::{Lost, Undecoded};

/// The summary that every job ends with. `rows_read` is always `rows_written` + `rows_rejected` +
/// `rows_unwritten` + `rows_dropped`, unless the flow itself makes rows, or gives none at all.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// `Succeeded`, `Failed` or `Stopped`.
    pub status: &'static str,
    /// The flow's output, `<node id>.<output>`.
    pub flow_output: String,
    /// The feature group, if one was written to.
    pub feature_group: Option<String>,
    /// What `unix_timestamp()` meant in the flow, as ISO 8601. Given as `--event-time`, the same
    /// records are written again.
    pub event_time: String,
    /// Rows in the data files, headers and blank lines aside.
    pub rows_read: u64,
    /// Rows that the flow itself dropped.
    pub rows_dropped: u64,
    /// Rows that are in the feature group, or in the file.
    pub rows_written: u64,
    /// Rows that cannot be written however often it is tried.
    pub rows_rejected: u64,
    /// Rows that another run of the job may write.
    pub rows_unwritten: u64,
    /// Rows whose record identifier and event time an earlier row has too; of such, the last wins.
    pub rows_repeated: u64,
    /// Rows that do not have the form of their file. They are rejected, unless the result goes to a
    /// file.
    pub rows_malformed: u64,
    /// Rows with bytes that are not in the file's encoding. Each such place became U+FFFD.
    pub rows_undecoded: Undecoded,
    /// Values that became null because the flow could not cast them, by node and column. Their rows
    /// are not rejected: Spark does the same.
    pub values_lost: Vec<Lost>,
    /// Features of the group that the flow's output has no column for. The records have no value for
    /// them.
    pub features_absent: Vec<String>,
    /// Where the rejected and unwritten rows are.
    pub rejected_to: Option<String>,
    /// Calls of Feature Store that write, retries included.
    pub calls: u64,
    /// How many of them were made again.
    pub retries: u64,
    /// From start to end.
    pub seconds: f64,
    /// Rows written in each second of the whole.
    pub rows_per_second: f64,
}

impl Summary {
    /// Completes the summary; `exit_code` is that of a job that failed.
    pub(crate) fn end(&mut self, took: std::time::Duration, exit_code: Option<u8>) {
        self.status = match exit_code {
            None => "Succeeded",
            Some(128..) => "Stopped",
            Some(_) => "Failed",
        };
        self.seconds = (took.as_secs_f64() * 1000.0).round() / 1000.0;
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = self.rows_written as f64 / took.as_secs_f64().max(f64::EPSILON);
        self.rows_per_second = rate.round();
    }
}
