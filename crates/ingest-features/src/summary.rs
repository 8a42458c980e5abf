//! The summary of a job.

use serde::Serialize;

use crate::lost::{Lost, Undecoded};

/// The summary that every job ends with. `rows_read` equals `rows_written` + `rows_rejected` +
/// `rows_unwritten` + `rows_dropped`, unless the flow itself adds rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// `Succeeded`, `Failed` or `Stopped`.
    pub status: &'static str,
    /// The flow's output, `<node id>.<output>`.
    pub flow_output: String,
    /// The feature group, if the job has one.
    pub feature_group: Option<String>,
    /// The value of `unix_timestamp()` in the flow, as ISO 8601. To write the same records again, pass
    /// it as `--event-time`.
    pub event_time: String,
    /// Rows in the data files, without headers and blank lines.
    pub rows_read: u64,
    /// Rows that the flow dropped.
    pub rows_dropped: u64,
    /// Rows written to the feature group or the file.
    pub rows_written: u64,
    /// Rows that cannot be written, however often the job runs.
    pub rows_rejected: u64,
    /// Rows that another run of the job may write.
    pub rows_unwritten: u64,
    /// Rows with the record identifier and event time of an earlier row. The last such row wins.
    pub rows_repeated: u64,
    /// Rows that do not match their file's format. They are rejected, unless the result is written to
    /// a file.
    pub rows_malformed: u64,
    /// Rows with bytes that are not in the file's encoding. Those bytes became U+FFFD.
    pub rows_undecoded: Undecoded,
    /// Values that became null because the flow could not cast them, by node and column. Their rows
    /// are not rejected: Spark does the same.
    pub values_lost: Vec<Lost>,
    /// Features of the group without a column in the flow's output. The records have no value for
    /// them.
    pub features_absent: Vec<String>,
    /// Where the rejected and unwritten rows are stored.
    pub rejected_to: Option<String>,
    /// Calls that write to Feature Store, including retries.
    pub calls: u64,
    /// Calls that were retries.
    pub retries: u64,
    /// Duration of the job.
    pub seconds: f64,
    /// Rows written per second, over the whole duration.
    pub rows_per_second: f64,
}

impl Summary {
    /// Completes the summary. `exit_code` is `None` for a job that succeeded.
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
