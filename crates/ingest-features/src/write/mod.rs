//! Writes rows to a feature group, with a limited number of calls in flight and retries. Every row ends
//! as written, rejected or unwritten.

mod call;
mod rounds;

use std::cell::{Cell, RefCell};

use aws_common::RetryPolicy;
use futures_util::stream::{FuturesUnordered, StreamExt};

pub use rounds::Rounds;

use crate::stop::Stop;
use crate::store::{BATCH, Record, Store, StoreError};

/// The source of the records.
pub trait Records {
    /// Returns the record of a row of [`Rounds`].
    ///
    /// # Errors
    ///
    /// [`RejectReason`] if the row cannot be a record. The row is then rejected.
    fn record(&self, row: usize) -> Result<Record, RejectReason>;
}

/// How rows are written.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Maximum number of calls in flight, at least 1.
    pub concurrency: usize,
    /// How failed calls are retried.
    pub retries: RetryPolicy,
    /// Maximum number of rows that the service may refuse. Beyond it, no more calls are started.
    pub max_rejected: u64,
}

/// Why a row was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectReason {
    /// The reason without data, which may be logged.
    pub kind: String,
    /// The full reason.
    pub detail: String,
}

/// The outcome of the writing.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The number of rows that were written.
    pub written: u64,
    /// Rows that cannot be written, however often they are sent, and why.
    pub rejected: Vec<(usize, RejectReason)>,
    /// Rows that were not written for another reason. The job can be run again. If it is unknown
    /// whether the service wrote a row, the row counts as unwritten.
    pub unwritten: Vec<(usize, RejectReason)>,
    /// The number of calls, including retries.
    pub calls: u64,
    /// The number of retries, for all or some records of a call.
    pub retries: u64,
    /// Why the writing ended early.
    pub stopped: Option<Stopped>,
}

/// Why no more calls were started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// The job was stopped.
    Requested,
    /// The service refused too many rows.
    TooManyRejected,
    /// All attempts of a call failed.
    Failing(StoreError),
    /// The service does not accept any record.
    Fatal(StoreError),
}

/// Watches the progress.
pub trait Watch {
    /// Reports that `rows` more rows were written.
    fn written(&self, rows: u64);
}

/// Writes the rows of all rounds, one round after the other.
pub async fn write(
    store: &impl Store,
    group: &str,
    records: &impl Records,
    rounds: &Rounds,
    limits: &Limits,
    stop: &Stop,
    watch: &impl Watch,
) -> Outcome {
    let writer = Writer {
        store,
        group,
        records,
        limits,
        stop,
        watch,
        one_by_one: Cell::new(false),
        outcome: RefCell::default(),
    };
    for round in rounds.iter() {
        let mut batches = round.chunks(BATCH);
        let mut calls = FuturesUnordered::new();
        loop {
            while calls.len() < limits.concurrency.max(1) && !writer.is_stopped() {
                let Some(batch) = batches.next() else { break };
                calls.push(writer.write(batch));
            }
            if calls.next().await.is_none() {
                break;
            }
        }
        let left = batches
            .flatten()
            .map(|row| (*row, RejectReason::from("the job ended before this row")));
        writer.outcome.borrow_mut().unwritten.extend(left);
    }
    writer.outcome.into_inner()
}

/// The state that the calls share. One thread runs them all.
struct Writer<'a, S, R, W> {
    store: &'a S,
    group: &'a str,
    records: &'a R,
    limits: &'a Limits,
    stop: &'a Stop,
    watch: &'a W,
    /// Whether `BatchWriteRecord` is not permitted.
    one_by_one: Cell<bool>,
    outcome: RefCell<Outcome>,
}

impl<S, R, W: Watch> Writer<'_, S, R, W> {
    fn is_stopped(&self) -> bool {
        if self.stop.signal().is_some() {
            self.stop_with(Stopped::Requested);
        }
        self.outcome.borrow().stopped.is_some()
    }

    /// Records why the writing stops. The first reason counts.
    fn stop_with(&self, why: Stopped) {
        self.outcome.borrow_mut().stopped.get_or_insert(why);
    }

    fn add_written(&self, rows: usize) {
        self.outcome.borrow_mut().written += rows as u64;
        self.watch.written(rows as u64);
    }

    fn add_rejected(&self, row: usize, why: RejectReason) {
        let mut outcome = self.outcome.borrow_mut();
        outcome.rejected.push((row, why));
        if outcome.rejected.len() as u64 > self.limits.max_rejected {
            outcome.stopped.get_or_insert(Stopped::TooManyRejected);
        }
    }

    fn add_unwritten(&self, rows: &[usize], why: &RejectReason) {
        let rows = rows.iter().map(|row| (*row, why.clone()));
        self.outcome.borrow_mut().unwritten.extend(rows);
    }
}

impl From<&str> for RejectReason {
    /// Creates a reason from words that quote no data.
    fn from(words: &str) -> Self {
        Self { kind: words.to_owned(), detail: words.to_owned() }
    }
}

impl From<&StoreError> for RejectReason {
    fn from(error: &StoreError) -> Self {
        let kind = format!("Feature Store error: {}", error.code());
        Self { kind, detail: error.to_string() }
    }
}
