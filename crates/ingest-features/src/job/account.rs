//! Accounts for every row, and decides whether the job succeeded.

use std::collections::BTreeMap;
use std::path::Path;

use terminal_text::Failure;

use crate::rejects::{NotWritten, OutputRows, Status};
use crate::summary::Summary;
use crate::write::{Outcome, Stopped};

/// Maximum number of distinct reasons in a message.
const KINDS: usize = 5;

/// The rows of a job, by outcome.
#[derive(Debug)]
pub(super) struct Account {
    /// The number of rows in the flow's output.
    all: u64,
    /// The number of rows that may be rejected.
    allowed: u64,
    pub(super) not_written: Vec<NotWritten>,
    written: u64,
    stopped: Option<Stopped>,
}

impl Account {
    /// Creates an account before any row is written.
    pub(super) fn new(all: u64, allowed: u64, not_written: Vec<NotWritten>) -> Self {
        Self { all, allowed, not_written, written: 0, stopped: None }
    }

    pub(super) fn rejected(&self) -> u64 {
        self.count(Status::Rejected)
    }

    fn count(&self, status: Status) -> u64 {
        self.not_written.iter().filter(|row| row.status == status).count() as u64
    }

    /// Adds the outcome of the writing.
    pub(super) fn add(&mut self, outcome: Outcome, summary: &mut Summary) {
        let of = |status| move |(row, why)| NotWritten { row, status, why };
        self.not_written.extend(outcome.rejected.into_iter().map(of(Status::Rejected)));
        self.not_written.extend(outcome.unwritten.into_iter().map(of(Status::Unwritten)));
        self.written = outcome.written;
        self.stopped = outcome.stopped;
        summary.rows_written = outcome.written;
        summary.rows_unwritten = self.count(Status::Unwritten);
        summary.calls = outcome.calls;
        summary.retries = outcome.retries;
    }

    /// Returns whether the job succeeded. `location` is where the rows that were not written are stored.
    pub(super) fn ended(
        &self,
        rows: &OutputRows<'_>,
        name: impl Fn(&Path) -> String,
        location: Option<&str>,
        signal: Option<u8>,
    ) -> Result<(), Failure> {
        let (rejected, unwritten) = (self.rejected(), self.count(Status::Unwritten));
        let kept = location.map_or_else(String::new, |location| format!("; see {location}"));
        let numbers = format!(
            "{} of {} rows were written, {rejected} rejected, {unwritten} left unwritten{kept}",
            self.written, self.all
        );
        let again = "run the job again with the same --event-time; it writes the same records";
        let kinds = || self.kinds(rows, &name);
        match &self.stopped {
            Some(Stopped::Requested) => {
                let message = format!("the job was stopped: {numbers}");
                Err(Failure::stopped(signal.unwrap_or(15), message, again))
            }
            Some(Stopped::Failing(error)) => {
                let message = format!("Feature Store failed repeatedly: {error}\n{numbers}");
                Err(Failure::new(message, error.hint()))
            }
            Some(Stopped::Fatal(error)) => {
                let message = format!("Feature Store accepts no records: {error}\n{numbers}");
                Err(Failure::new(message, error.hint()))
            }
            Some(Stopped::TooManyRejected) | None if rejected > self.allowed => {
                let nothing = if self.written == 0 { ", so nothing was written" } else { "" };
                let message = format!(
                    "{rejected} of {} rows were rejected, but --max-rejected allows {}{nothing}{}{}",
                    self.all,
                    self.allowed,
                    if self.written > 0 { format!("\n{numbers}") } else { kept },
                    kinds(),
                );
                let hint =
                    "fix these rows and run the job again, or allow more with --max-rejected";
                Err(Failure::new(message, hint))
            }
            _ if unwritten > 0 => Err(Failure::new(
                format!("not all rows could be written: {numbers}{}", kinds()),
                again,
            )),
            _ => Ok(()),
        }
    }

    /// Lists the most frequent reasons, each with its first occurrence.
    fn kinds(&self, rows: &OutputRows<'_>, name: &impl Fn(&Path) -> String) -> String {
        let mut kinds: BTreeMap<&str, (usize, &NotWritten)> = BTreeMap::new();
        for row in &self.not_written {
            kinds.entry(&row.why.kind).or_insert((0, row)).0 += 1;
        }
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        let more = kinds.len().saturating_sub(KINDS);
        let mut text = String::new();
        for (kind, (count, first)) in kinds.into_iter().take(KINDS) {
            let occurrence = rows.find(first.row).map(|located| {
                let file = rows.file(&located).map(name).unwrap_or_default();
                format!(" (first: {file}, line {})", located.origin.position)
            });
            let of = if count == 1 { "row" } else { "rows" };
            text = format!("{text}\n  {count} {of}: {kind}{}", occurrence.unwrap_or_default());
        }
        if more > 0 { format!("{text}\n  and {more} other reasons") } else { text }
    }
}
