//! Writing rows: every row is accounted for, whatever the store does.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use aws_common::RetryPolicy;
use ingest_features::stop::Stop;
use ingest_features::store::{BATCH, Record};
use ingest_features::write::{
    Limits, Outcome, Records, RejectReason, Rounds, Stopped, Watch, write,
};
use proptest::prelude::*;

use crate::fake_store::{
    Attempts, FakeStore, Fault, denied, internal, not_found, record, refused, throttled,
    unreachable,
};

/// Rows with the given identifiers. Each row's `x` is its index.
struct Rows(Vec<usize>);

impl Records for Rows {
    fn record(&self, row: usize) -> Result<Record, RejectReason> {
        Ok(record(self.0[row], row))
    }
}

#[derive(Default)]
struct Counted(Cell<u64>);

impl Watch for Counted {
    fn written(&self, rows: u64) {
        self.0.set(self.0.get() + rows);
    }
}

fn limits() -> Limits {
    let pause = Duration::from_micros(10);
    Limits {
        concurrency: 4,
        retries: RetryPolicy { attempts: 4, first: pause, longest: pause },
        max_rejected: u64::MAX,
    }
}

fn run_with(store: &FakeStore<'_>, identifiers: &[usize], limits: &Limits, stop: &Stop) -> Outcome {
    let rows = Rows(identifiers.to_vec());
    let mut rounds = Rounds::default();
    (0..identifiers.len()).for_each(|row| rounds.push(row, rows.record(row).unwrap()));
    let watch = Counted::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let outcome = runtime.block_on(write(store, "FG-test", &rows, &rounds, limits, stop, &watch));
    assert_eq!(watch.0.get(), outcome.written);
    let not_written = outcome.rejected.iter().chain(&outcome.unwritten).map(|(row, _)| *row);
    let distinct: BTreeSet<_> = not_written.clone().collect();
    assert_eq!(distinct.len(), not_written.count(), "a row is accounted for twice");
    assert_eq!(outcome.written + distinct.len() as u64, identifiers.len() as u64);
    assert_eq!(outcome.calls, store.calls.borrow().len() as u64);
    outcome
}

fn run(store: &FakeStore<'_>, rows: usize) -> Outcome {
    run_with(store, &(0..rows).collect::<Vec<_>>(), &limits(), &Stop::default())
}

#[test]
fn writes_batches_with_a_limited_number_of_calls() {
    let store = FakeStore::new(|_, _| None);
    let outcome = run(&store, 1003);
    assert_eq!((outcome.written, outcome.calls, outcome.retries), (1003, 41, 0));
    assert_eq!(store.records.borrow().len(), 1003);
    assert_eq!(store.most_calls.get(), 4);
    assert_eq!(outcome.stopped, None);
}

#[test]
fn makes_no_calls_without_rows() {
    let store = FakeStore::new(|_, _| None);
    let outcome = run(&store, 0);
    assert_eq!((outcome.written, outcome.calls), (0, 0));
}

#[test]
fn resends_only_unprocessed_entries() {
    let store = FakeStore::new(|number, _| (number == 0).then_some(Fault::Half));
    let outcome = run(&store, BATCH);
    assert_eq!((outcome.written, outcome.calls, outcome.retries), (25, 2, 1));
    let calls = store.calls.borrow();
    let again: Vec<_> = (0..BATCH).step_by(2).map(|id| id.to_string()).collect();
    assert_eq!(calls[1].identifiers, again);
}

#[test]
fn retries_transient_failures() {
    for error in [throttled(), internal(), unreachable()] {
        let store = FakeStore::new(|number, _| (number < 3).then(|| Fault::Call(error.clone())));
        let outcome = run(&store, BATCH);
        assert_eq!((outcome.written, outcome.retries), (25, 3), "{error}");
        let store = FakeStore::new(|number, _| (number < 3).then(|| Fault::Entries(error.clone())));
        let outcome = run(&store, BATCH);
        assert_eq!(outcome.written, 25, "{error}");
        assert!(outcome.rejected.is_empty());
    }
}

#[test]
fn loses_no_row_if_the_group_is_briefly_not_found() {
    for error in not_found() {
        for entries in [false, true] {
            let fault = if entries { Fault::Entries } else { Fault::Call };
            let store = FakeStore::new(|number, _| (number < 3).then(|| fault(error.clone())));
            let outcome = run(&store, BATCH);
            assert_eq!((outcome.written, outcome.rejected), (25, vec![]), "{error}");
            assert!(outcome.retries > 0);
        }
    }
}

#[test]
fn leaves_rows_unwritten_if_the_group_stays_not_found() {
    for error in not_found() {
        let store = FakeStore::new(|_, _| Some(Fault::Call(error.clone())));
        let outcome = run(&store, 60);
        assert_eq!((outcome.written, outcome.rejected, outcome.unwritten.len()), (0, vec![], 60));
        let Some(Stopped::Failing(why)) = outcome.stopped else { panic!("{:?}", outcome.stopped) };
        assert!(why.to_string().contains("which SageMaker describes as Created"), "{why}");
    }
}

#[test]
fn writes_the_same_records_after_a_lost_response() {
    let store = FakeStore::new(|number, _| (number == 0).then_some(Fault::AnswerLost));
    let outcome = run(&store, 30);
    assert_eq!((outcome.written, outcome.retries), (30, 1));
    assert_eq!(store.records.borrow().len(), 30);
}

#[test]
fn sends_single_records_if_batches_are_not_permitted() {
    let store = FakeStore::new(|_, call| call.batch.then(|| Fault::Call(denied())));
    let outcome = run(&store, 200);
    assert_eq!((outcome.written, outcome.stopped), (200, None));
    let batches = store.calls.borrow().iter().filter(|call| call.batch).count();
    assert!(batches <= 4, "only calls already in flight: {batches}");
}

#[test]
fn sends_entries_one_by_one_if_a_batch_denies_them() {
    let store = FakeStore::new(|_, call| call.batch.then(|| Fault::Entries(denied())));
    let outcome = run(&store, 100);
    assert_eq!((outcome.written, outcome.stopped), (100, None));
}

#[test]
fn ends_at_once_without_permissions() {
    let store = FakeStore::new(|_, _| Some(Fault::Call(denied())));
    let outcome = run(&store, 1000);
    assert_eq!((outcome.written, outcome.unwritten.len()), (0, 1000));
    assert_eq!(outcome.stopped, Some(Stopped::Fatal(denied())));
    assert!(outcome.calls <= 8);
}

#[test]
fn rejects_a_refused_entry_with_the_services_message() {
    let store = FakeStore::new(|number, _| (number == 0).then(|| Fault::Entries(refused())));
    let outcome = run(&store, 50);
    assert_eq!((outcome.written, outcome.rejected.len()), (37, 13));
    let (row, why) = &outcome.rejected[0];
    assert_eq!(*row, 0);
    assert_eq!(why.detail, "ValidationError: the value `secret` is not legal");
    assert_eq!(why.kind, "Feature Store error: ValidationError");
}

#[test]
fn rejects_only_the_invalid_row_of_a_refused_batch() {
    let store = FakeStore::new(|_, call| {
        call.identifiers.contains(&"7".to_owned()).then(|| Fault::Call(refused()))
    });
    let outcome = run(&store, 60);
    assert_eq!(outcome.written, 59);
    assert_eq!(outcome.rejected[0].0, 7);
    let single = store.calls.borrow().iter().filter(|call| !call.batch).count();
    assert_eq!(single, BATCH, "the other batches continue");
}

#[test]
fn starts_no_calls_after_too_many_rejected_rows() {
    let store = FakeStore::new(|_, _| Some(Fault::Entries(refused())));
    let limits = Limits { max_rejected: 0, ..limits() };
    let rows: Vec<_> = (0..1000).collect();
    let outcome = run_with(&store, &rows, &limits, &Stop::default());
    assert_eq!(outcome.stopped, Some(Stopped::TooManyRejected));
    assert!(outcome.calls <= 4, "those that were in flight");
    assert!(outcome.unwritten.len() >= 900);
}

#[test]
fn ends_after_the_last_attempt_if_the_store_always_fails() {
    let store = FakeStore::new(|_, _| Some(Fault::Call(internal())));
    let outcome = run(&store, 10_000);
    assert_eq!((outcome.written, outcome.unwritten.len()), (0, 10_000));
    assert_eq!(outcome.stopped, Some(Stopped::Failing(internal())));
    assert!(outcome.calls <= 4 * 4, "{}", outcome.calls);
}

#[test]
fn a_failing_record_does_not_block_others() {
    let store = FakeStore::new(|_, call| {
        call.identifiers.contains(&"0".to_owned()).then(|| Fault::Call(internal()))
    });
    let outcome = run(&store, 1000);
    assert_eq!((outcome.written, outcome.unwritten.len()), (975, 25));
    assert_eq!(outcome.stopped, None);
}

#[test]
fn a_stop_finishes_calls_in_flight_and_starts_no_more() {
    let stop = Stop::default();
    let store = FakeStore::new(|number, _| {
        if number == 9 {
            stop.set(15);
        }
        None
    });
    let outcome = run_with(&store, &(0..10_000).collect::<Vec<_>>(), &limits(), &stop);
    assert_eq!(outcome.stopped, Some(Stopped::Requested));
    assert!((10 * 25..=14 * 25).contains(&outcome.written), "{}", outcome.written);
    assert_eq!(outcome.written, store.records.borrow().len() as u64);
}

#[test]
fn a_stop_ends_the_pauses_between_attempts() {
    let stop = Stop::default();
    let store = FakeStore::new(|_, _| {
        stop.set(15);
        Some(Fault::Call(throttled()))
    });
    let hour = Duration::from_hours(1);
    let retries = RetryPolicy { attempts: 10, first: hour, longest: hour };
    let outcome = run_with(&store, &[1, 2, 3], &Limits { retries, ..limits() }, &stop);
    assert_eq!((outcome.calls, outcome.unwritten.len()), (1, 3));
}

#[test]
fn last_row_wins_for_the_same_identifier_and_time() {
    let identifiers: Vec<_> = (0..400).map(|row| row % 90).collect();
    let attempts = Attempts::default();
    let store = FakeStore::new(|_, call| {
        let of_every_other = call.identifiers[0].len() == 1;
        (of_every_other && attempts.count(call) == 1).then(|| Fault::Call(throttled()))
    });
    let outcome = run_with(&store, &identifiers, &limits(), &Stop::default());
    assert_eq!(outcome.written, 400);
    for (identifier, record) in store.records.borrow().iter() {
        let last = identifiers.iter().rposition(|id| id.to_string() == *identifier).unwrap();
        assert_eq!(record.others[0].1, last.to_string());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// `run_with` checks that each row is accounted for once. This checks that rows reported as written
    /// were written.
    #[test]
    fn accounts_for_every_row_whatever_the_store_does(
        seed in any::<u64>(),
        rows in 0usize..300,
        identifiers in 1usize..400,
        trouble in 0u8..100,
        max_rejected in prop_oneof![Just(0), Just(u64::MAX), 1u64..20],
    ) {
        let random = std::cell::RefCell::new(fastrand::Rng::with_seed(seed));
        let store = FakeStore::new(|_, _| {
            let mut random = random.borrow_mut();
            (random.u8(0..100) < trouble).then(|| match random.u8(0..8) {
                0 => Fault::Call(throttled()),
                1 => Fault::Call(internal()),
                2 => Fault::Call(unreachable()),
                3 => Fault::Call(refused()),
                4 => Fault::Half,
                5 => Fault::Entries(refused()),
                6 => Fault::Entries(internal()),
                _ => Fault::AnswerLost,
            })
        });
        let identifiers: Vec<_> = (0..rows).map(|row| row % identifiers).collect();
        let limits = Limits { max_rejected, ..limits() };
        let outcome = run_with(&store, &identifiers, &limits, &Stop::default());
        let lost: BTreeSet<_> =
            outcome.rejected.iter().chain(&outcome.unwritten).map(|(row, _)| *row).collect();
        for row in (0..rows).filter(|row| !lost.contains(row)) {
            prop_assert!(store.records.borrow().contains_key(&identifiers[row].to_string()));
        }
    }
}
