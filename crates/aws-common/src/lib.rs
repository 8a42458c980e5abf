//! AWS code that the crates share.
//!
//! 1. [`ObjectUrl`] is an object's URL, `s3://<bucket>/<key>`. [`Listed`] adds its size.
//! 2. [`partition`] and [`dns_suffix`] return a region's partition and DNS suffix.
//! 3. [`names`] has what AWS allows as names.
//! 4. [`ErrorClass`] classifies AWS errors.
//! 5. [`RetryPolicy`] defines how often a call is retried, and the pauses between attempts.
//! 6. `S3` (feature `s3`) reads and writes objects.

mod error_class;
mod listed;
pub mod names;
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
