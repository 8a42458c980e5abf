//! Objects in S3.
//!
//! 1. [`ObjectUrl`] is an address, `s3://<bucket>/<key>`.
//! 2. [`partition`] and [`dns_suffix`] say what a region belongs to.
//! 3. [`Reason`] classes the errors with which AWS answers.
//! 4. [`RetryPolicy`] says how often a call is tried again, and after which pause.
//! 5. `S3` (feature `client`) gets, puts, lists and downloads objects. AWS's own client for S3 is not
//!    used: it turns features on in the SDK's shared parts, so that the SDK for SageMaker, which
//!    takes minutes, would be built a second time.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod download;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod list;
mod listed;
mod reason;
mod region;
#[cfg(feature = "client")]
mod request;
mod retry;
mod url;

#[cfg(feature = "client")]
pub use client::S3;
#[cfg(feature = "client")]
pub use error::S3Error;
pub use listed::Listed;
pub use reason::{Reason, with_causes};
pub use region::{dns_suffix, partition};
pub use retry::RetryPolicy;
pub use url::{InvalidUrl, ObjectUrl};
