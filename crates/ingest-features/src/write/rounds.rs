//! The order in which rows are written.

use std::collections::HashMap;

use crate::store::Record;

/// Rows, grouped into rounds. Rows with the same record identifier and event time are in different
/// rounds, in the order of the data. Each round begins after the previous one ends, so the last such
/// row is written last and wins.
#[derive(Debug, Default)]
pub struct Rounds {
    rows: Vec<Vec<usize>>,
    /// How often each key occurred.
    seen: HashMap<(String, String), usize>,
    repeated: u64,
}

impl Rounds {
    /// Adds the next row of the data.
    pub fn push(&mut self, row: usize, record: Record) {
        let times = self.seen.entry((record.identifier.1, record.event_time.1)).or_default();
        if *times == self.rows.len() {
            self.rows.push(Vec::new());
        }
        if let Some(round) = self.rows.get_mut(*times) {
            round.push(row);
        }
        self.repeated += u64::from(*times > 0);
        *times += 1;
    }

    /// Returns the rows, round by round.
    pub fn iter(&self) -> impl Iterator<Item = &[usize]> {
        self.rows.iter().map(Vec::as_slice)
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.iter().map(|round| round.len() as u64).sum()
    }

    /// Returns the number of rows with the identifier and event time of an earlier row.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated
    }
}
