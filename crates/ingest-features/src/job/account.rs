//! Accounts for every row, and decides whether the job succeeded.

use std::collections::BTreeMap;
use std::path::Path;

use terminal_text::Failure;

use super::spark_result::MalformedRow;
use crate::rejects::{NotWritten, OutputRows, Status};
use crate::summary::Summary;
use crate::write::{Outcome, Stopped};

/// Maximum number of distinct reasons in a message.
const KINDS: usize = 5;

/// The rows of a job, by outcome.
#[derive(Debug)]
pub(super) struct Account {
    /// The number of rows in the flow's output, and of malformed rows that were left out.
    all: u64,
    /// The number of rows that may be rejected.
    allowed: u64,
    rejected: u64,
    unwritten: u64,
    written: u64,
    calls: u64,
    retries: u64,
    stopped: Option<Stopped>,
    /// How often each reason occurred, and where first.
    kinds: BTreeMap<String, (u64, String)>,
}

impl Account {
    /// Creates an account before any row is written.
    pub(super) fn new(all: u64, allowed: u64) -> Self {
        Self {
            all,
            allowed,
            rejected: 0,
            unwritten: 0,
            written: 0,
            calls: 0,
            retries: 0,
            stopped: None,
            kinds: BTreeMap::new(),
        }
    }

    pub(super) fn rejected(&self) -> u64 {
        self.rejected
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Adds what became of the rows that were sent.
    pub(super) fn add_outcome(&mut self, outcome: &Outcome) {
        self.written += outcome.written;
        self.calls += outcome.calls;
        self.retries += outcome.retries;
        self.stopped = self.stopped.take().or_else(|| outcome.stopped.clone());
    }

    /// Adds the rows that were not written. `name` returns a file's name as the user knows it.
    pub(super) fn add_not_written(
        &mut self,
        rows: &OutputRows<'_>,
        not_written: &[NotWritten],
        name: impl Fn(&Path) -> String,
    ) {
        for row in not_written {
            match row.status {
                Status::Rejected => self.rejected += 1,
                Status::Unwritten => self.unwritten += 1,
            }
            self.add_kind(&row.why.kind, || {
                let located = rows.find(row.row)?;
                let file = rows.file(&located).map(&name).unwrap_or_default();
                Some(format!(" (first: {file}, line {})", located.origin.position))
            });
        }
    }

    /// Adds a row that Spark left out, because it does not match its file's format.
    pub(super) fn add_malformed(&mut self, row: &MalformedRow) {
        self.rejected += 1;
        self.add_kind(&row.reason, || Some(format!(" (first: {})", row.file)));
    }

    /// Adds rows that were not sent, because too many others are rejected.
    pub(super) fn add_unsent(&mut self, rows: u64) {
        self.unwritten += rows;
    }

    fn add_kind(&mut self, kind: &str, first: impl FnOnce() -> Option<String>) {
        if let Some((count, _)) = self.kinds.get_mut(kind) {
            *count += 1;
        } else {
            self.kinds.insert(kind.to_owned(), (1, first().unwrap_or_default()));
        }
    }

    /// Completes the summary.
    pub(super) fn summarize(&self, summary: &mut Summary) {
        summary.rows_written = self.written;
        summary.rows_rejected = self.rejected;
        summary.rows_unwritten = self.unwritten;
        summary.calls = self.calls;
        summary.retries = self.retries;
    }

    /// Returns whether the job succeeded. `location` is where the rows that were not written are stored.
    pub(super) fn ended(&self, location: Option<&str>, signal: Option<u8>) -> Result<(), Failure> {
        let (rejected, unwritten) = (self.rejected, self.unwritten);
        let kept = location.map_or_else(String::new, |location| format!("; see {location}"));
        let numbers = format!(
            "{} of {} rows were written, {rejected} rejected, {unwritten} left unwritten{kept}",
            self.written, self.all
        );
        let again = "run the job again with the same --event-time; it writes the same records";
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
                    self.kinds(),
                );
                let hint =
                    "fix these rows and run the job again, or allow more with --max-rejected";
                Err(Failure::new(message, hint))
            }
            _ if unwritten > 0 => Err(Failure::new(
                format!("not all rows could be written: {numbers}{}", self.kinds()),
                again,
            )),
            _ => Ok(()),
        }
    }

    /// Lists the most frequent reasons, each with its first occurrence.
    fn kinds(&self) -> String {
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        let more = kinds.len().saturating_sub(KINDS);
        let mut text = String::new();
        for (kind, (count, first)) in kinds.into_iter().take(KINDS) {
            let of = if *count == 1 { "row" } else { "rows" };
            text = format!("{text}\n  {count} {of}: {kind}{first}");
        }
        if more > 0 { format!("{text}\n  and {more} other reasons") } else { text }
    }
}
