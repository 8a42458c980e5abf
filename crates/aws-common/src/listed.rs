//! What a list of a bucket says of an object.

use crate::ObjectUrl;

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its address.
    pub url: ObjectUrl,
    /// Its size in bytes.
    pub size: u64,
}
