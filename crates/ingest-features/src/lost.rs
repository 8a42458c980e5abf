//! Reports values that were lost: because a cast failed, or because text is not in its file's encoding.

use std::fmt;
use std::path::Path;

use flow_engine::{LostValues, Origin, Output};
use serde::Serialize;

/// The values that one node of the flow could not cast in one column. Their rows are written to the
/// feature group, without this feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// The node's id.
    pub node: String,
    /// The column.
    pub column: String,
    /// The target type of the cast, in Spark SQL's terms.
    #[serde(rename = "type")]
    pub kind: String,
    /// The number of rows that lost their value.
    pub rows: u64,
    /// The first of them, at most ten.
    pub first: Vec<Line>,
}

/// A line of the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The file's name, as the user gave it.
    pub file: String,
    /// The line on which the row begins. In Parquet, the row's number.
    pub line: u64,
}

/// The rows of text files with bytes that are not in the file's encoding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Undecoded {
    /// The number of rows.
    pub rows: u64,
    /// The first of them, at most ten.
    pub first: Vec<Line>,
}

/// Returns the rows of a run that could not be decoded.
pub(crate) fn undecoded(output: &Output, name: impl Fn(&Path) -> String) -> Undecoded {
    let first = output.undecoded.first.iter().map(|origin| line(output, *origin, &name));
    Undecoded { rows: output.undecoded.rows, first: first.collect() }
}

/// Returns the values that a run lost. `name` returns a file's name as the user knows it.
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
        write!(f, "{rows} bytes that are not UTF-8 and became U+FFFD")?;
        if let Some(first) = self.first.first() {
            write!(f, " (first: {}, line {})", first.file.escape_debug(), first.line)?;
        }
        f.write_str("; save the file as UTF-8, or set the encoding in the flow's source")
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
