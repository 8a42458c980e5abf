//! Feature Store, behind one trait, so that everything above it can be tried without.

#[cfg(feature = "sagemaker")]
mod aws;
mod error;

use std::sync::Arc;

use crate::feature_group::FeatureGroup;

#[cfg(feature = "sagemaker")]
pub use aws::FeatureStore;
pub use aws_common::ErrorClass;
pub use error::StoreError;

/// Most records of one `BatchWriteRecord`.
pub const BATCH: usize = 25;

/// The operations of Feature Store that the job needs. Each is one attempt: who calls tries again.
#[expect(async_fn_in_trait, reason = "one thread runs everything, so no future has to be Send")]
pub trait Store {
    /// `DescribeFeatureGroup`, with all features.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the service refuses or cannot be reached, here as everywhere below.
    async fn describe(&self, group: &str) -> Result<FeatureGroup, StoreError>;

    /// `BatchWriteRecord` of at most [`BATCH`] records, no two of which have both identifier and
    /// event time in common.
    async fn batch_write(&self, group: &str, records: &[Record])
    -> Result<BatchAnswer, StoreError>;

    /// `PutRecord`.
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

/// One record. A feature without a value is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What identifies it.
    pub identifier: Value,
    /// Its time.
    pub event_time: Value,
    /// The other features.
    pub others: Vec<Value>,
}

impl Record {
    /// All features.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        [&self.identifier, &self.event_time].into_iter().chain(&self.others)
    }

    /// The size that counts for the service's limit: names and values, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.values().map(|(name, value)| name.len() + value.len()).sum()
    }
}

/// What became of the records of a batch, by their place in it. What is not named was written.
#[derive(Debug, Default)]
pub struct BatchAnswer {
    /// Not written, and why.
    pub refused: Vec<(usize, StoreError)>,
    /// Not written; may be sent again.
    pub unprocessed: Vec<usize>,
}
