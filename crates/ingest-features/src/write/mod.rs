//! Writes rows to a feature group: a bounded number of calls in flight, each tried again as long as
//! that may help. Every row ends as written, rejected or unwritten.

mod call;
mod rounds;

use std::cell::{Cell, RefCell};

use aws_common::RetryPolicy;
use futures_util::stream::{FuturesUnordered, StreamExt};

pub use rounds::Rounds;

use crate::stop::Stop;
use crate::store::{BATCH, Record, Store, StoreError};

/// Where the records come from, by row.
pub trait Records {
    /// The record of a row of [`Rounds`], or why it is none.
    ///
    /// # Errors
    ///
    /// [`RejectReason`]. The row is then rejected.
    fn record(&self, row: usize) -> Result<Record, RejectReason>;
}

/// How rows are written.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most calls in flight, at least 1.
    pub concurrency: usize,
    /// How a call that fails is tried again.
    pub retries: RetryPolicy,
    /// Most rows that the service may refuse before no more calls are started.
    pub max_rejected: u64,
}

/// Why a row was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectReason {
    /// In words that quote no data, and may be logged.
    pub kind: String,
    /// In full.
    pub detail: String,
}

/// What became of the rows.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many were written.
    pub written: u64,
    /// Which ones cannot be written however often it is tried, and why.
    pub rejected: Vec<(usize, RejectReason)>,
    /// Which ones were not written for another reason; the job can be run again. One of which it is
    /// not known whether the service wrote it counts as unwritten.
    pub unwritten: Vec<(usize, RejectReason)>,
    /// Calls that were made, retries included.
    pub calls: u64,
    /// Calls that were made again, for all or some of their records.
    pub retries: u64,
    /// Why not all rows were tried.
    pub stopped: Option<Stopped>,
}

/// Why no more calls were started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// The job was told to.
    Asked,
    /// The service refused more rows than it may.
    TooManyRejected,
    /// The service did nothing but fail in all attempts.
    Failing(StoreError),
    /// The service will not take any record.
    Fatal(StoreError),
}

/// Is told how many more rows are done.
pub trait Watch {
    /// So many rows more were written.
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
        let left =
            batches.flatten().map(|row| (*row, RejectReason::from("the job ended before it")));
        writer.outcome.borrow_mut().unwritten.extend(left);
    }
    writer.outcome.into_inner()
}

/// What the calls share; one thread runs them all.
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
            self.stop_with(Stopped::Asked);
        }
        self.outcome.borrow().stopped.is_some()
    }

    /// The first reason counts.
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
    /// Words that quote no data.
    fn from(words: &str) -> Self {
        Self { kind: words.to_owned(), detail: words.to_owned() }
    }
}

impl From<&StoreError> for RejectReason {
    fn from(error: &StoreError) -> Self {
        let kind = format!("Feature Store answered {}", error.code());
        Self { kind, detail: error.to_string() }
    }
}
