//! Failed casts. Spark turns such values into null without a warning.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::output::Origin;
use super::types::sql_name;

/// The maximum number of rows to list for each column.
const NAMED: usize = 10;

/// The failed casts of one node in one column. As in Spark, the values became null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostValues {
    /// The node.
    pub node_id: String,
    /// The column that now holds nulls.
    pub column: String,
    /// The target type in Spark SQL, such as `double`.
    pub kind: String,
    /// The number of rows with a failed cast.
    pub rows: u64,
    /// The first of these rows, at most ten, ordered by file and line.
    pub first: Vec<Origin>,
}

/// A number of lines, and the first few of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// The number of lines.
    pub rows: u64,
    /// The first of these rows, at most ten, ordered by file and line.
    pub first: Vec<Origin>,
}

impl Lines {
    pub(super) fn add(&mut self, origin: Origin) {
        self.rows += 1;
        // Threads report in any order, but the listed rows must not depend on it.
        let index = self.first.partition_point(|named| *named < origin);
        if index < NAMED {
            self.first.insert(index, origin);
            self.first.truncate(NAMED);
        }
    }
}

/// Collects the failed casts of a step from all threads.
#[derive(Debug, Default)]
pub(super) struct Losses(Mutex<BTreeMap<(String, String), Lines>>);

impl Losses {
    /// Records the values that became null in a cast.
    pub(super) fn of_cast(
        &self,
        column: &str,
        to: &DataType,
        (before, after): (&ArrayRef, &ArrayRef),
        origins: &[Origin],
    ) {
        // A cast never turns a null into a value.
        if before.null_count() == after.null_count() {
            return;
        }
        let lost = |row: &usize| after.is_null(*row) && !before.is_null(*row);
        let lost = (0..after.len()).filter(lost).filter_map(|row| origins.get(row).copied());
        self.add(column, to, lost);
    }

    /// Records rows with a failed cast.
    pub(super) fn add(&self, column: &str, to: &DataType, rows: impl Iterator<Item = Origin>) {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return;
        }
        let mut losses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let loss = losses.entry((column.to_owned(), sql_name(to))).or_default();
        rows.for_each(|origin| loss.add(origin));
    }

    /// Takes the failed casts of a node, by column.
    pub(super) fn take(&self, node_id: &str) -> Vec<LostValues> {
        let losses = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let of_node = |((column, kind), loss): (_, Lines)| LostValues {
            node_id: node_id.to_owned(),
            column,
            kind,
            rows: loss.rows,
            first: loss.first,
        };
        losses.into_iter().map(of_node).collect()
    }
}
