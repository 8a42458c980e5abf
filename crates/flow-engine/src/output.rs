//! The result of a run.

use std::path::PathBuf;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::{Lines, LostValues};

/// All rows of the requested output.
#[derive(Debug, Clone)]
pub struct Output {
    /// The columns: `Utf8`, `Int64`, `Float64`, `Boolean`, `Date32` and `Timestamp` (microseconds,
    /// UTC), plus other types from Parquet files. Every column is nullable.
    pub schema: SchemaRef,
    /// The rows, in order.
    pub chunks: Vec<Chunk>,
    /// The input files. [`Origin::file`] is an index into this list.
    pub files: Vec<PathBuf>,
    /// The number of rows in the files, without headers and blank lines.
    pub rows_read: u64,
    /// Malformed rows. The chunks contain them too, as far as they could be read.
    pub malformed: Vec<MalformedRow>,
    /// Lines with invalid UTF-8. As in Java, U+FFFD replaces each invalid sequence.
    pub undecoded: Lines,
    /// Failed casts by node and column. They count even if a later node drops the row or fills in a
    /// value.
    pub lost: Vec<LostValues>,
}

/// Rows with their origins.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The rows.
    pub records: RecordBatch,
    /// The origin of each row.
    pub origins: Vec<Origin>,
}

/// The origin of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The index of the file in [`Output::files`].
    pub file: u32,
    /// The position in the file, from 1: the first line of the row in CSV and JSON Lines, or the
    /// row number in Parquet.
    pub position: u64,
}

/// A malformed row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedRow {
    /// The row's origin.
    pub origin: Origin,
    /// The problem, such as `2 fields, and the header has 3`.
    pub reason: String,
}
