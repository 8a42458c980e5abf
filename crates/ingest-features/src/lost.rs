//! Values that became null because the flow could not cast them, as people are told of them.

use std::fmt;
use std::path::Path;

use data_wrangler_flow::engine::{LostValues, Output};
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

/// What a run has lost. `name` gives a file's name as people know it.
pub(crate) fn lost(output: &Output, name: impl Fn(&Path) -> String) -> Vec<Lost> {
    let line = |origin: &data_wrangler_flow::engine::Origin| {
        let file = usize::try_from(origin.file).ok().and_then(|file| output.files.get(file));
        Line { file: file.map(|file| name(file)).unwrap_or_default(), line: origin.position }
    };
    let lost = |lost: &LostValues| Lost {
        node: lost.node_id.clone(),
        column: lost.column.clone(),
        kind: lost.kind.clone(),
        rows: lost.rows,
        first: lost.first.iter().map(line).collect(),
    };
    output.lost.iter().map(lost).collect()
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
