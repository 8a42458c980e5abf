//! What is asked of S3.

use std::path::Path;

pub use aws_common::Listed;
use aws_common::ObjectUrl;

use crate::failure::Failure;

/// The operations of S3 that the job needs.
#[expect(async_fn_in_trait, reason = "one thread runs everything, so no future has to be Send")]
pub trait Objects {
    /// An object's bytes.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the object is not there or S3 cannot be reached, here as everywhere below.
    async fn get(&self, url: &ObjectUrl) -> Result<Vec<u8>, Failure>;
    /// Downloads an object into a new file; `false` if there is no such object.
    async fn download(&self, url: &ObjectUrl, path: &Path) -> Result<bool, Failure>;
    /// The objects whose keys begin as the address does, by key.
    async fn list(&self, prefix: &ObjectUrl) -> Result<Vec<Listed>, Failure>;
    /// Stores an object.
    async fn put(&self, url: &ObjectUrl, body: &[u8]) -> Result<(), Failure>;
}

#[cfg(feature = "sagemaker")]
mod client {
    use aws_common::{ErrorClass, S3, S3Error};

    use super::{Failure, Listed, ObjectUrl, Objects, Path};

    impl From<S3Error> for Failure {
        fn from(error: S3Error) -> Self {
            Self::new(&error, error.hint())
        }
    }

    impl Objects for S3 {
        async fn get(&self, url: &ObjectUrl) -> Result<Vec<u8>, Failure> {
            Ok(self.get(url).await?)
        }

        async fn download(&self, url: &ObjectUrl, path: &Path) -> Result<bool, Failure> {
            match self.download(url, path).await {
                Ok(()) => Ok(true),
                Err(error) if error.class() == ErrorClass::NotFound => {
                    // Nothing was written; a later download makes the file anew.
                    let _ = std::fs::remove_file(path);
                    Ok(false)
                }
                Err(error) => Err(error.into()),
            }
        }

        async fn list(&self, prefix: &ObjectUrl) -> Result<Vec<Listed>, Failure> {
            Ok(self.list(prefix).await?)
        }

        async fn put(&self, url: &ObjectUrl, body: &[u8]) -> Result<(), Failure> {
            Ok(self.put(url, body).await?)
        }
    }
}
