//! The operations on S3.

use std::path::Path;

pub use aws_common::Listed;
use aws_common::ObjectUrl;
use terminal_text::Failure;

/// The operations on S3 that the job needs.
#[expect(async_fn_in_trait, reason = "one thread runs everything, so futures need not be Send")]
pub trait Objects {
    /// Returns an object's bytes.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the object does not exist or S3 cannot be reached. The same applies to all methods.
    async fn get(&self, url: &ObjectUrl) -> Result<Vec<u8>, Failure>;
    /// Downloads a version of an object, or its current version, into a new file. Returns `false` if it
    /// does not exist. Fails if the version is a delete marker.
    async fn download(
        &self,
        url: &ObjectUrl,
        version: Option<&str>,
        path: &Path,
    ) -> Result<bool, Failure>;
    /// Returns the objects whose keys begin with the URL's key, sorted by key.
    async fn list(&self, prefix: &ObjectUrl) -> Result<Vec<Listed>, Failure>;
    /// Stores an object.
    async fn put(&self, url: &ObjectUrl, body: &[u8]) -> Result<(), Failure>;
}

#[cfg(feature = "sagemaker")]
mod client {
    use aws_common::{ErrorClass, S3, S3Error};

    use super::{Failure, Listed, ObjectUrl, Objects, Path};

    fn failure(error: &S3Error) -> Failure {
        Failure::new(error, error.hint())
    }

    impl Objects for S3 {
        async fn get(&self, url: &ObjectUrl) -> Result<Vec<u8>, Failure> {
            self.get(url).await.map_err(|error| failure(&error))
        }

        async fn download(
            &self,
            url: &ObjectUrl,
            version: Option<&str>,
            path: &Path,
        ) -> Result<bool, Failure> {
            match self.download(url, version, path).await {
                Ok(()) => Ok(true),
                Err(error) if error.class() == ErrorClass::NotFound => {
                    // A later download creates the file again.
                    let _ = std::fs::remove_file(path);
                    Ok(false)
                }
                Err(error) => Err(failure(&error)),
            }
        }

        async fn list(&self, prefix: &ObjectUrl) -> Result<Vec<Listed>, Failure> {
            self.list(prefix).await.map_err(|error| failure(&error))
        }

        async fn put(&self, url: &ObjectUrl, body: &[u8]) -> Result<(), Failure> {
            self.put(url, body).await.map_err(|error| failure(&error))
        }
    }
}
