//! A small client for objects in S3: get, put, list and download.
//!
//! This crate does not use AWS's own S3 client. That client enables features in the SDK's shared crates,
//! so cargo would build the `SageMaker` SDK, which takes minutes, a second time.

mod client;
mod download;
mod endpoint;
mod error;
mod list;
mod request;

pub use client::S3;
pub use error::S3Error;
