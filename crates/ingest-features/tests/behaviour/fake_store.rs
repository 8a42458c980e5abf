//! An in-memory Feature Store with simulated faults.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use ingest_features::feature_group::{
    Feature, FeatureGroup, FeatureType, NewGroup, OfflineStore, OnlineStore, Stores,
};
use ingest_features::store::{
    BATCH, BatchAnswer, Creation, Destination, ErrorClass, Record, Store, StoreError,
};

/// The simulated fault of a call.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The call fails, and nothing is written.
    Call(StoreError),
    /// Every second entry is left unprocessed.
    Half,
    /// Every second entry fails with this error.
    Entries(StoreError),
    /// Everything is written, but the response is lost.
    AnswerLost,
}

/// One call: the identifiers, and whether it was a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) batch: bool,
    pub(crate) identifiers: Vec<String>,
}

/// Counts the attempts of each call. A script that fails some of them must not depend on the order of
/// the calls, which random pauses determine.
#[derive(Default)]
pub(crate) struct Attempts(RefCell<BTreeMap<Vec<String>, usize>>);

impl Attempts {
    /// Returns the number of this attempt, from 1.
    pub(crate) fn count(&self, call: &Call) -> usize {
        let mut attempts = self.0.borrow_mut();
        let attempt = attempts.entry(call.identifiers.clone()).or_default();
        *attempt += 1;
        *attempt
    }
}

type Script<'a> = dyn Fn(usize, &Call) -> Option<Fault> + 'a;

/// A group and its records. A script decides by number and content which calls fail.
pub(crate) struct FakeStore<'a> {
    pub(crate) group: FeatureGroup,
    script: Box<Script<'a>>,
    /// The last record of each identifier.
    pub(crate) records: RefCell<BTreeMap<String, Record>>,
    pub(crate) calls: RefCell<Vec<Call>>,
    /// Where the last call wrote to.
    pub(crate) written_to: RefCell<Option<Destination>>,
    in_flight: RefCell<Vec<String>>,
    pub(crate) most_calls: Cell<usize>,
    calls_now: Cell<usize>,
}

impl<'a> FakeStore<'a> {
    pub(crate) fn new(script: impl Fn(usize, &Call) -> Option<Fault> + 'a) -> Self {
        Self {
            group: group(&[
                ("id", FeatureType::Integral),
                ("time", FeatureType::Fractional),
                ("x", FeatureType::Fractional),
            ]),
            script: Box::new(script),
            records: RefCell::default(),
            calls: RefCell::default(),
            written_to: RefCell::default(),
            in_flight: RefCell::default(),
            most_calls: Cell::new(0),
            calls_now: Cell::new(0),
        }
    }

    fn write(&self, record: &Record) {
        self.records.borrow_mut().insert(record.identifier.1.clone(), record.clone());
    }

    /// Records a call, yields to other calls, and returns the call's fault.
    async fn call(&self, records: &[Record], batch: bool) -> Option<Fault> {
        assert!((1..=BATCH).contains(&records.len()));
        let identifiers: Vec<_> = records.iter().map(|r| r.identifier.1.clone()).collect();
        for identifier in &identifiers {
            let mut in_flight = self.in_flight.borrow_mut();
            assert!(!in_flight.contains(identifier), "{identifier} is in flight twice");
            in_flight.push(identifier.clone());
        }
        let call = Call { batch, identifiers };
        let number = self.calls.borrow().len();
        self.calls.borrow_mut().push(call.clone());
        self.calls_now.set(self.calls_now.get() + 1);
        self.most_calls.set(self.most_calls.get().max(self.calls_now.get()));
        for _ in 0..=number % 3 {
            tokio::task::yield_now().await;
        }
        self.calls_now.set(self.calls_now.get() - 1);
        self.in_flight.borrow_mut().retain(|id| !call.identifiers.contains(id));
        (self.script)(number, &call)
    }
}

impl Store for FakeStore<'_> {
    async fn describe(&self, group: &str) -> Result<FeatureGroup, StoreError> {
        if group == self.group.name {
            return Ok(self.group.clone());
        }
        Err(StoreError::reported("ResourceNotFound", "there is no such group", Some(404)))
    }

    async fn create(&self, group: &NewGroup) -> Result<Creation, StoreError> {
        panic!("{} is not to be created", group.name);
    }

    async fn batch_write(
        &self,
        to: &Destination,
        records: &[Record],
    ) -> Result<BatchAnswer, StoreError> {
        assert_eq!(to.group, self.group.name);
        self.written_to.replace(Some(to.clone()));
        let fault = self.call(records, true).await;
        let mut answer = BatchAnswer::default();
        for (place, record) in records.iter().enumerate() {
            match &fault {
                Some(Fault::Call(error)) => return Err(error.clone()),
                Some(Fault::Half) if place % 2 == 0 => answer.unprocessed.push(place),
                Some(Fault::Entries(error)) if place % 2 == 0 => {
                    answer.refused.push((place, error.clone()));
                }
                _ => self.write(record),
            }
        }
        if matches!(fault, Some(Fault::AnswerLost)) { Err(unreachable()) } else { Ok(answer) }
    }

    async fn put(&self, to: &Destination, record: &Record) -> Result<(), StoreError> {
        assert_eq!(to.group, self.group.name);
        self.written_to.replace(Some(to.clone()));
        match self.call(std::slice::from_ref(record), false).await {
            Some(Fault::Call(error) | Fault::Entries(error)) => Err(error),
            Some(Fault::Half) => Err(throttled()),
            Some(Fault::AnswerLost) => {
                self.write(record);
                Err(unreachable())
            }
            None => {
                self.write(record);
                Ok(())
            }
        }
    }
}

pub(crate) fn throttled() -> StoreError {
    StoreError::reported("ThrottlingException", "Rate exceeded", Some(400))
}

pub(crate) fn internal() -> StoreError {
    StoreError::reported("InternalFailure", "", Some(500))
}

pub(crate) fn refused() -> StoreError {
    StoreError::reported("ValidationError", "the value `secret` is not legal", Some(400))
}

/// Errors that Feature Store sometimes returns for a group that exists.
pub(crate) fn not_found() -> [StoreError; 3] {
    let message =
        "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name FG-test";
    [
        StoreError::reported("ResourceNotFound", message, Some(404)),
        StoreError::reported("ValidationError", message, Some(400)),
        StoreError::reported("ValidationException", "Feature Group does not exist", None),
    ]
}

pub(crate) fn denied() -> StoreError {
    StoreError::reported("AccessForbidden", "not authorized", Some(403))
}

pub(crate) fn unreachable() -> StoreError {
    StoreError::new(ErrorClass::Unreachable, "no response", "connection reset")
}

/// Returns a destination in all stores of the group.
pub(crate) fn all_stores(group: &str) -> Destination {
    Destination { group: group.to_owned(), stores: None, ttl: None }
}

/// Creates a group. The first feature is the record identifier, the second the event time.
pub(crate) fn group(features: &[(&str, FeatureType)]) -> FeatureGroup {
    let feature = |(name, kind): &(&str, FeatureType)| Feature {
        name: (*name).to_owned(),
        kind: kind.clone(),
    };
    FeatureGroup {
        name: "FG-test".to_owned(),
        status: "Created".to_owned(),
        offline_status: Some("Active".to_owned()),
        offline_blocked: None,
        failure: None,
        record_identifier: features[0].0.to_owned(),
        event_time: features[1].0.to_owned(),
        features: features.iter().map(feature).collect(),
        stores: Stores {
            online: Some(OnlineStore::default()),
            offline: Some(OfflineStore::default()),
            role: None,
        },
    }
}

/// A record with an identifier and one value.
pub(crate) fn record(identifier: usize, x: usize) -> Record {
    let value = |name: &str, value: String| (Arc::from(name), value);
    Record {
        identifier: value("id", identifier.to_string()),
        event_time: value("time", "1700000000.0".to_owned()),
        others: vec![value("x", x.to_string())],
        collections: Vec::new(),
    }
}
