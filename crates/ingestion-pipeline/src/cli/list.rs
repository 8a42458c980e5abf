//! `list`: lists executions with their status and input.

use std::time::SystemTime;

use serde_json::{Value, json};
use terminal_text::Failure;

use super::args::List;
use super::{Context, data, format, note, project};
use crate::engine::INPUT_DATA_URL;
use crate::service::{Service, Summary, is_over};

/// One execution in the list.
struct Row {
    summary: Summary,
    ended: Option<SystemTime>,
    input: Option<String>,
}

pub(super) async fn run(list: &List, context: &Context<'_>) -> Result<(), Failure> {
    let identity = project::identity(context, &list.which)?;
    let aws = project::aws(context, &identity.region).await;
    let name = identity.pipeline_name.as_str();
    let mut rows = Vec::new();
    for summary in aws.executions(name, usize::from(list.limit)).await? {
        // The list has neither the end nor the input of an execution.
        let execution = aws.execution(&summary.arn).await?;
        let input = aws.parameters(&summary.arn).await?.remove(INPUT_DATA_URL);
        let ended = execution.changed.filter(|_| is_over(&execution.status));
        rows.push(Row { summary, ended, input });
    }
    if context.json() {
        let rows: Vec<_> = rows.iter().map(Row::json).collect();
        return data(&Value::from(rows).to_string());
    }
    if rows.is_empty() {
        note(context, &format!("the pipeline {name} has no executions"));
        return Ok(());
    }
    data(&table(&rows))
}

impl Row {
    fn seconds(&self) -> Option<std::time::Duration> {
        let end = self.ended.or_else(|| (!is_over(&self.summary.status)).then(format::now));
        end?.duration_since(self.summary.started?).ok()
    }

    fn json(&self) -> Value {
        json!({
            "arn": self.summary.arn,
            "name": self.summary.name,
            "status": self.summary.status,
            "started": format::time(self.summary.started),
            "seconds": self.seconds().map(|seconds| seconds.as_secs()),
            "input": self.input,
        })
    }

    fn cells(&self) -> [String; 5] {
        let none = || "-".to_owned();
        [
            self.summary.name.clone().unwrap_or_else(none),
            self.summary.status.clone(),
            format::time(self.summary.started).unwrap_or_else(none),
            self.seconds().map_or_else(none, format::duration),
            self.input.clone().unwrap_or_else(none),
        ]
        .map(|cell| format::line(&cell))
    }
}

/// Formats a table with aligned columns.
fn table(rows: &[Row]) -> String {
    let head = ["NAME", "STATUS", "STARTED", "DURATION", "INPUT"].map(str::to_owned);
    let lines: Vec<_> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<_> = (0..5).map(|column| width(column).unwrap_or_default()).collect();
    let lines = lines.iter().map(|line| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
