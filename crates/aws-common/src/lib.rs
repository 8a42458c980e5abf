//! What the crates share about AWS.
//!
//! 1. [`ObjectUrl`] is the address of an object, `s3://<bucket>/<key>`; [`Listed`] adds its size.
//! 2. [`partition`] and [`dns_suffix`] tell what a region belongs to.
//! 3. [`ErrorClass`] classifies the errors that AWS answers with.
//! 4. [`RetryPolicy`] says how often a call is tried again, and after which pause.
//! 5. `S3` (feature `s3`) reads and writes objects.

mod error_class;
mod listed;
mod region;
mod retry;
#[cfg(feature = "s3")]
mod s3;
mod url;

pub use error_class::{ErrorClass, with_causes};
pub use listed::Listed;
pub use region::{dns_suffix, partition};
pub use retry::RetryPolicy;
#[cfg(feature = "s3")]
pub use s3::{S3, S3Error};
pub use url::{InvalidUrl, ObjectUrl};
