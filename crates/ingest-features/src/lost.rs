//! Values that were lost on the way, as people are told of them: by casts, or because text is not in its
//! file's encoding.

use std::fmt;
use std::path::Path;

use flow_engine::{LostValues, Origin, Output};
use serde::Serialize;

/// What one node of the flow could not cast in one column. The rows are there, and in the feature
/// group; they lack this feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// The node's id.
    pub node: String,
    /// The column.
    pub column: String,
    /// The type that its values should have had, as Spark SQL calls it.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many rows lost their value.
    pub rows: u64,
    /// The first of them, at most ten.
    pub first: Vec<Line>,
}

/// A place in the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The file's name as it was given.
    pub file: String,
    /// The line on which the row begins; in Parquet, its number.
    pub line: u64,
}

/// Lines of text files that have bytes which are not in the file's encoding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Undecoded {
    /// How many rows.
    pub rows: u64,
    /// The first of them, at most ten.
    pub first: Vec<Line>,
}

/// The lines of a run that could not be decoded.
pub(crate) fn undecoded(output: &Output, name: impl Fn(&Path) -> String) -> Undecoded {
    let first = output.undecoded.first.iter().map(|origin| line(output, *origin, &name));
    Undecoded { rows: output.undecoded.rows, first: first.collect() }
}

/// What a run has lost. `name` gives a file's name as people know it.
pub(crate) fn lost(output: &Output, name: impl Fn(&Path) -> String) -> Vec<Lost> {
    let lost = |lost: &LostValues| Lost {
        node: lost.node_id.clone(),
        column: lost.column.clone(),
        kind: lost.kind.clone(),
        rows: lost.rows,
        first: lost.first.iter().map(|origin| line(output, *origin, &name)).collect(),
    };
    output.lost.iter().map(lost).collect()
}

fn line(output: &Output, origin: Origin, name: impl Fn(&Path) -> String) -> Line {
    let file = usize::try_from(origin.file).ok().and_then(|file| output.files.get(file));
    Line { file: file.map(|file| name(file)).unwrap_or_default(), line: origin.position }
}

impl fmt::Display for Undecoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = if self.rows == 1 { "1 row has" } else { &format!("{} rows have", self.rows) };
        write!(f, "{rows} bytes that are not UTF-8, each of which became U+FFFD")?;
        if let Some(first) = self.first.first() {
            write!(f, " (first: {}, line {})", first.file.escape_debug(), first.line)?;
        }
        f.write_str("; write the file in UTF-8, or set the encoding in the flow's source")
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = if self.rows == 1 { "1 value" } else { &format!("{} values", self.rows) };
        let (column, kind) = (self.column.escape_debug(), &self.kind);
        write!(f, "{values} of the column `{column}` could not be read as {kind} and became null")?;
        write!(f, " (node {}", self.node.escape_debug())?;
        if let Some(first) = self.first.first() {
            write!(f, "; first: {}, line {}", first.file.escape_debug(), first.line)?;
        }
        f.write_str(")")
    }
}
