//! Locations on this machine or in S3.

use std::path::PathBuf;
use std::str::FromStr;

use aws_common::{InvalidUrl, ObjectUrl};

/// A file or folder, or an address in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// On this machine.
    Local(PathBuf),
    /// In S3.
    S3(ObjectUrl),
}

/// The text names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLocation {
    /// It begins like an address in S3, and is none.
    #[error(transparent)]
    S3(#[from] InvalidUrl),
    /// It is a URL, but not of S3.
    #[error("`{}` is neither a path nor s3://<bucket>/<key>", .0.escape_debug())]
    Other(String),
}

impl FromStr for Location {
    type Err = InvalidLocation;

    fn from_str(text: &str) -> Result<Self, InvalidLocation> {
        if text.starts_with("s3://") {
            return Ok(Self::S3(text.parse()?));
        }
        if text.is_empty() || text.contains("://") || text.contains('\0') {
            return Err(InvalidLocation::Other(text.to_owned()));
        }
        Ok(Self::Local(text.into()))
    }
}
