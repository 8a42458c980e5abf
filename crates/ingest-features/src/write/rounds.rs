//! In which order rows are written.

use std::collections::HashMap;

use crate::store::Record;

/// Rows in rounds. No two rows of a round have both record identifier and event time in common, and of
/// rows that do, each is in a later round than the one before it in the data: a round begins when
/// the one before it is over, so the last of such rows is written last, and wins.
#[derive(Debug, Default)]
pub struct Rounds {
    rows: Vec<Vec<usize>>,
    /// How often each key was there.
    seen: HashMap<(String, String), usize>,
    repeated: u64,
}

impl Rounds {
    /// Takes the next row of the data.
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

    /// The rows, round by round.
    pub fn iter(&self) -> impl Iterator<Item = &[usize]> {
        self.rows.iter().map(Vec::as_slice)
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.iter().map(|round| round.len() as u64).sum()
    }

    /// Rows whose identifier and event time an earlier row has too.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated
    }
}
