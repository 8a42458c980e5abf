//! CloudWatch metrics in Embedded Metric Format: one line of JSON for each event, on standard output.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::start::Reason;

/// The namespace of every metric.
pub const NAMESPACE: &str = "SageMakerFeatureIngestion";

/// Writes metrics. Each has the dimension `PipelineName` (in lower case).
#[derive(Debug)]
pub struct Metrics<W> {
    pipeline: String,
    out: Mutex<W>,
}

/// The outcome of an event, which determines its metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Count {
    /// `ExecutionsStarted`.
    Started,
    /// `EventsSkipped`.
    Skipped,
    /// `StartFailures`, in total and by the dimension `Reason`.
    Failed(Reason),
}

impl<W: Write> Metrics<W> {
    /// Writes the metrics of one pipeline to `out`.
    pub fn new(pipeline: &crate::PipelineNameOrArn, out: W) -> Self {
        Self { pipeline: pipeline.canonical_name(), out: Mutex::new(out) }
    }

    /// Counts one event. `latency` is the duration of the call to SageMaker, if any.
    pub(crate) fn record(&self, count: Count, latency: Option<Duration>) {
        let line = format!("{}\n", self.document(count, latency, now()));
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A failed write must not fail the event, and there is no place to report it.
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }

    fn document(&self, count: Count, latency: Option<Duration>, millis: u128) -> Value {
        let mut values = Map::new();
        let mut directives = Vec::new();
        let (name, reason) = match count {
            Count::Started => ("ExecutionsStarted", None),
            Count::Skipped => ("EventsSkipped", None),
            Count::Failed(reason) => ("StartFailures", Some(reason.as_str())),
        };
        let mut dimensions = vec![json!(["PipelineName"])];
        if let Some(reason) = reason {
            dimensions.push(json!(["PipelineName", "Reason"]));
            values.insert("Reason".to_owned(), json!(reason));
        }
        directives.push(directive(&dimensions, name, "Count"));
        values.insert(name.to_owned(), json!(1));
        if let Some(latency) = latency {
            directives.push(directive(&[json!(["PipelineName"])], "StartLatency", "Milliseconds"));
            values.insert("StartLatency".to_owned(), json!(latency.as_secs_f64() * 1e3));
        }
        values.insert("PipelineName".to_owned(), json!(self.pipeline));
        values.insert(
            "_aws".to_owned(),
            json!({ "Timestamp": millis, "CloudWatchMetrics": directives }),
        );
        Value::Object(values)
    }
}

fn directive(dimensions: &[Value], name: &str, unit: &str) -> Value {
    json!({
        "Namespace": NAMESPACE,
        "Dimensions": dimensions,
        "Metrics": [{ "Name": name, "Unit": unit }],
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a metric has the current time; no request contains it"
)]
fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PipelineNameOrArn;

    fn document(count: Count, latency: Option<Duration>) -> String {
        let metrics = Metrics::new(&PipelineNameOrArn::new("Ingest").unwrap(), Vec::new());
        serde_json::to_string_pretty(&metrics.document(count, latency, 1_795_309_323_000)).unwrap()
    }

    #[test]
    fn counts_started_execution_with_latency() {
        insta::assert_snapshot!(document(Count::Started, Some(Duration::from_micros(12_500))));
    }

    #[test]
    fn counts_failure_in_total_and_by_reason() {
        insta::assert_snapshot!(document(Count::Failed(Reason::ExecutionLimit), None));
    }

    #[test]
    fn writes_one_line_for_each_event() {
        let metrics = Metrics::new(&PipelineNameOrArn::new("p").unwrap(), Vec::new());
        metrics.record(Count::Skipped, None);
        metrics.record(Count::Started, Some(Duration::ZERO));
        let out = String::from_utf8(metrics.out.into_inner().unwrap()).unwrap();
        let lines: Vec<Value> =
            out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["EventsSkipped"], 1);
        assert_eq!(lines[1]["ExecutionsStarted"], 1);
    }
}
