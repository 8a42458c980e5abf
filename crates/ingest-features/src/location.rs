//! Locations on the local machine or in S3.

use std::path::PathBuf;
use std::str::FromStr;

use aws_common::{InvalidUrl, ObjectUrl};

/// A local file or folder, or an S3 URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// On the local machine.
    Local(PathBuf),
    /// In S3.
    S3(ObjectUrl),
}

/// The version of the data to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputVersion {
    /// The current version.
    Latest,
    /// The version of one object with this version ID. `null` is the ID of an object that was stored
    /// while its bucket was not versioned.
    Id(String),
}

impl InputVersion {
    /// Returns the version ID; `None` for the current version.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Latest => None,
            Self::Id(id) => Some(id),
        }
    }
}

impl FromStr for InputVersion {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "" => Err("use `latest`, or the version ID of an object"),
            "latest" => Ok(Self::Latest),
            id => Ok(Self::Id(id.to_owned())),
        }
    }
}

/// The text is not a location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidLocation {
    /// It begins with `s3://`, but is not a valid S3 URL.
    #[error(transparent)]
    S3(#[from] InvalidUrl),
    /// It is neither a path nor an S3 URL.
    #[error("`{}` is neither a path nor s3://<bucket>/<key>", .0.escape_debug())]
    Other(String),
}

impl Location {
    /// Returns whether it is in S3.
    #[must_use]
    pub fn is_in_s3(&self) -> bool {
        matches!(self, Self::S3(_))
    }
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
