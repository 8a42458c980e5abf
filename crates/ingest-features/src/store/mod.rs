//! Feature Store behind a trait, so that tests can run without AWS.

#[cfg(feature = "sagemaker")]
mod aws;
mod error;

use std::sync::Arc;

use crate::feature_group::FeatureGroup;

#[cfg(feature = "sagemaker")]
pub use aws::FeatureStore;
pub use aws_common::ErrorClass;
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

    /// Calls `BatchWriteRecord` with at most [`BATCH`] records. No two may have the same identifier and
    /// event time.
    async fn batch_write(&self, group: &str, records: &[Record])
    -> Result<BatchAnswer, StoreError>;

    /// Calls `PutRecord`.
    async fn put(&self, group: &str, record: &Record) -> Result<(), StoreError>;
}

impl<S: Store> Store for &S {
    async fn describe(&self, group: &str) -> Result<FeatureGroup, StoreError> {
        (**self).describe(group).await
    }

    async fn batch_write(
        &self,
        group: &str,
        records: &[Record],
    ) -> Result<BatchAnswer, StoreError> {
        (**self).batch_write(group, records).await
    }

    async fn put(&self, group: &str, record: &Record) -> Result<(), StoreError> {
        (**self).put(group, record).await
    }
}

/// A feature's name, and its value as text.
pub type Value = (Arc<str>, String);

/// One record. It omits features without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The record identifier.
    pub identifier: Value,
    /// The event time.
    pub event_time: Value,
    /// The other features.
    pub others: Vec<Value>,
}

impl Record {
    /// Returns all features.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        [&self.identifier, &self.event_time].into_iter().chain(&self.others)
    }

    /// Returns the size that counts against the service's limit: names and values, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.values().map(|(name, value)| name.len() + value.len()).sum()
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
