//! Stores the rows that were not written, each with its origin and the reason.

use std::path::Path;

use arrow_array::Array;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use flow_engine::{Origin, Output};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::write::RejectReason;

/// A row that was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotWritten {
    /// Its index among the rows of the flow's output.
    pub row: usize,
    /// Whether it was rejected or left unwritten.
    pub status: Status,
    /// The reason.
    pub why: RejectReason,
}

/// Whether another attempt may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The row cannot be written.
    Rejected,
    /// The row was not written, but another run may write it.
    Unwritten,
}

/// One JSON line.
#[derive(Serialize)]
struct Line<'a> {
    /// The file's name, as the user gave it.
    file: String,
    /// The line on which the row begins. In Parquet, the row's number.
    #[serde(rename = "line")]
    position: u64,
    status: Status,
    reason: &'a str,
    /// The columns of the flow's output, as text.
    record: Map<String, Value>,
}

/// The location of a row of the flow's output.
pub(crate) struct Located<'a> {
    pub(crate) records: &'a arrow_array::RecordBatch,
    pub(crate) index: usize,
    pub(crate) origin: Origin,
}

/// The rows of a flow's output, found by their index.
pub(crate) struct OutputRows<'a> {
    output: &'a Output,
    /// The index of each chunk's first row.
    starts: Vec<usize>,
}

impl<'a> OutputRows<'a> {
    pub(crate) fn new(output: &'a Output) -> Self {
        let mut next = 0;
        let start = |chunk: &flow_engine::Chunk| {
            let start = next;
            next += chunk.records.num_rows();
            start
        };
        Self { output, starts: output.chunks.iter().map(start).collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.output.chunks.iter().map(|chunk| chunk.records.num_rows()).sum()
    }

    pub(crate) fn file(&self, row: &Located<'_>) -> Option<&'a Path> {
        let index = usize::try_from(row.origin.file).ok()?;
        self.output.files.get(index).map(std::path::PathBuf::as_path)
    }

    pub(crate) fn find(&self, row: usize) -> Option<Located<'a>> {
        let chunk = self.starts.partition_point(|start| *start <= row).checked_sub(1)?;
        let index = row - self.starts[chunk];
        let chunk = self.output.chunks.get(chunk)?;
        let origin = *chunk.origins.get(index)?;
        Some(Located { records: &chunk.records, index, origin })
    }
}

/// Renders the rows as JSON lines. `name` returns a file's name as the user knows it.
pub(crate) fn lines(
    rows: &OutputRows<'_>,
    not_written: &[NotWritten],
    name: impl Fn(&Path) -> String,
) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::new();
    for row in not_written {
        let Some(located) = rows.find(row.row) else { continue };
        let line = Line {
            file: rows.file(&located).map(&name).unwrap_or_default(),
            position: located.origin.position,
            status: row.status,
            reason: &row.why.detail,
            record: values(&located),
        };
        serde_json::to_writer(&mut text, &line)?;
        text.push(b'\n');
    }
    Ok(text)
}

fn values(located: &Located<'_>) -> Map<String, Value> {
    let options = FormatOptions::new();
    let schema = located.records.schema();
    let columns = schema.fields().iter().zip(located.records.columns());
    let value = |(field, array): (&std::sync::Arc<arrow_schema::Field>, &arrow_array::ArrayRef)| {
        let text = ArrayFormatter::try_new(array.as_ref(), &options);
        let text = text.and_then(|text| text.value(located.index).try_to_string());
        let value = match text {
            _ if array.is_null(located.index) => Value::Null,
            Ok(text) => Value::String(text),
            // The type cannot be rendered as text. The row is stored without the value.
            Err(_) => Value::String(format!("a value of type {}", array.data_type())),
        };
        (field.name().clone(), value)
    };
    columns.map(value).collect()
}
