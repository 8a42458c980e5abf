//! A small client for objects in S3: get, put, list and download.
//!
//! AWS's own client is not used: it turns features on in the SDK's shared parts, so that the SDK for
//! `SageMaker`, which takes minutes, would be built a second time.

mod client;
mod download;
mod error;
mod list;
mod request;

pub use client::S3;
pub use error::S3Error;
