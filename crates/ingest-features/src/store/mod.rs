//! Feature Store behind a trait, so that tests can run without AWS.

#[cfg(feature = "sagemaker")]
mod aws;
mod destination;
mod error;

use std::sync::Arc;

use crate::feature_group::{FeatureGroup, NewGroup};

#[cfg(feature = "sagemaker")]
pub use aws::FeatureStore;
pub use aws_common::ErrorClass;
pub use destination::{Destination, InvalidTargetStores, TargetStores};
pub use error::StoreError;

/// Maximum number of records in one `BatchWriteRecord` call.
pub const BATCH: usize = 25;

/// The operations of Feature Store that the job needs. Each makes one attempt; the caller retries.
#[expect(async_fn_in_trait, reason = "one thread runs everything, so futures need not be Send")]
pub trait Store {
    /// Calls `DescribeFeatureGroup`. Returns all features.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the service refuses or cannot be reached. The same applies to all methods.
    async fn describe(&self, group: &str) -> Result<FeatureGroup, StoreError>;

    /// Calls `CreateFeatureGroup`.
    async fn create(&self, group: &NewGroup) -> Result<Creation, StoreError>;

    /// Calls `BatchWriteRecord` with at most [`BATCH`] records. No two may have the same identifier and
    /// event time.
    async fn batch_write(
        &self,
        to: &Destination,
        records: &[Record],
    ) -> Result<BatchAnswer, StoreError>;

    /// Calls `PutRecord`.
    async fn put(&self, to: &Destination, record: &Record) -> Result<(), StoreError>;
}

impl<S: Store> Store for &S {
    async fn describe(&self, group: &str) -> Result<FeatureGroup, StoreError> {
        (**self).describe(group).await
    }

    async fn create(&self, group: &NewGroup) -> Result<Creation, StoreError> {
        (**self).create(group).await
    }

    async fn batch_write(
        &self,
        to: &Destination,
        records: &[Record],
    ) -> Result<BatchAnswer, StoreError> {
        (**self).batch_write(to, records).await
    }

    async fn put(&self, to: &Destination, record: &Record) -> Result<(), StoreError> {
        (**self).put(to, record).await
    }
}

/// The answer to a request to create a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// The service creates the group.
    Accepted,
    /// There is a group with this name already.
    Exists,
}

/// A feature's name, and its value as text.
pub type Value = (Arc<str>, String);

/// A feature's name, and its collection of values as text.
pub type Values = (Arc<str>, Vec<String>);

/// One record. It omits features without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The record identifier.
    pub identifier: Value,
    /// The event time.
    pub event_time: Value,
    /// The other features with a single value.
    pub others: Vec<Value>,
    /// The features with a collection of values.
    pub collections: Vec<Values>,
}

impl Record {
    /// Returns all features with a single value.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        [&self.identifier, &self.event_time].into_iter().chain(&self.others)
    }

    /// Returns the size that counts against the service's limit: names and values, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.sizes().map(|(_, size)| size).sum()
    }

    /// Returns the feature with the largest name and value.
    #[must_use]
    pub fn largest(&self) -> &Arc<str> {
        let largest = self.sizes().max_by_key(|(_, size)| *size);
        largest.map_or(&self.identifier.0, |(name, _)| name)
    }

    fn sizes(&self) -> impl Iterator<Item = (&Arc<str>, usize)> {
        let single = self.values().map(|(name, value)| (name, name.len() + value.len()));
        let collections = self.collections.iter().map(|(name, elements)| {
            (name, name.len() + elements.iter().map(String::len).sum::<usize>())
        });
        single.chain(collections)
    }
}

/// The outcome of a batch, by the records' index in it. All other records were written.
#[derive(Debug, Default)]
pub struct BatchAnswer {
    /// Records that were refused, and why.
    pub refused: Vec<(usize, StoreError)>,
    /// Records that were not written, but may be sent again.
    pub unprocessed: Vec<usize>,
}
