//! What a run gives.

use std::path::PathBuf;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::{Lines, LostValues};

/// All rows of the wanted output.
#[derive(Debug, Clone)]
pub struct Output {
    /// The columns: `Utf8`, `Int64`, `Float64`, `Boolean`, `Date32` and `Timestamp` (microseconds,
    /// UTC), and what Parquet files have besides. Every column may hold nulls.
    pub schema: SchemaRef,
    /// The rows, in order.
    pub chunks: Vec<Chunk>,
    /// The files that were read; an [`Origin`] points here.
    pub files: Vec<PathBuf>,
    /// Rows in the files, headers and blank lines aside.
    pub rows_read: u64,
    /// Rows that do not have the form of their file. They are among the chunks too, as far as they
    /// could be read.
    pub malformed: Vec<MalformedRow>,
    /// Lines with bytes that are no UTF-8. Each such place became U+FFFD, as in Java.
    pub undecoded: Lines,
    /// Values that became null because a cast could not read them, by node and column. They count
    /// where they were lost, also if a later node drops the row or fills in something else.
    pub lost: Vec<LostValues>,
}

/// Some rows, and where each of them came from.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The rows.
    pub records: RecordBatch,
    /// One for each row.
    pub origins: Vec<Origin>,
}

/// Where a row came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// Index in [`Output::files`].
    pub file: u32,
    /// From 1: the line on which the row begins, in CSV and JSON lines; the row's number in
    /// Parquet.
    pub position: u64,
}

/// A row that does not have the form of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedRow {
    /// The row.
    pub origin: Origin,
    /// What is wrong with it, such as `2 fields, and the header has 3`.
    pub reason: String,
}
