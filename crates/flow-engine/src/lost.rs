//! Values that no cast could read. Spark makes null of them without a word.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::output::Origin;
use super::types::sql_name;

/// Rows that are named for each column.
const NAMED: usize = 10;

/// Values of one column that a node should have cast and could not, so that they became null, as they
/// do in Spark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostValues {
    /// The node.
    pub node_id: String,
    /// The column that now holds nulls.
    pub column: String,
    /// The type that the values should have had, as Spark SQL calls it, such as `double`.
    pub kind: String,
    /// How many rows lost their value.
    pub rows: u64,
    /// The first of them, at most ten, in the order of files and lines.
    pub first: Vec<Origin>,
}

/// Some lines of the data: how many, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// How many.
    pub rows: u64,
    /// The first of them, at most ten, in the order of files and lines.
    pub first: Vec<Origin>,
}

impl Lines {
    pub(super) fn add(&mut self, origin: Origin) {
        self.rows += 1;
        // Threads come in any order; what is named does not depend on it.
        let place = self.first.partition_point(|named| *named < origin);
        if place < NAMED {
            self.first.insert(place, origin);
            self.first.truncate(NAMED);
        }
    }
}

/// What a step loses, told from whichever threads it runs on.
#[derive(Debug, Default)]
pub(super) struct Losses(Mutex<BTreeMap<(String, String), Lines>>);

impl Losses {
    /// Notes the values that are null after a cast and were none before.
    pub(super) fn of_cast(
        &self,
        column: &str,
        to: &DataType,
        (before, after): (&ArrayRef, &ArrayRef),
        origins: &[Origin],
    ) {
        // A cast makes no value of a null.
        if before.null_count() == after.null_count() {
            return;
        }
        let lost = |row: &usize| after.is_null(*row) && !before.is_null(*row);
        let lost = (0..after.len()).filter(lost).filter_map(|row| origins.get(row).copied());
        self.add(column, to, lost);
    }

    /// Notes rows that lost their value.
    pub(super) fn add(&self, column: &str, to: &DataType, rows: impl Iterator<Item = Origin>) {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return;
        }
        let mut losses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let loss = losses.entry((column.to_owned(), sql_name(to))).or_default();
        rows.for_each(|origin| loss.add(origin));
    }

    /// What a node has lost, by column.
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
