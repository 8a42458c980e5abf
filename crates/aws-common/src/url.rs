//! The address of an object, or of what begins alike.

use std::fmt;
use std::str::FromStr;

/// Most bytes of a key.
const MAX_KEY: usize = 1024;

/// `s3://<bucket>/<key>`, the key verbatim; empty for a bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectUrl {
    bucket: String,
    key: String,
}

/// The text is no address in S3.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a place in S3: s3://<bucket>/<key>, the key at most 1,024 bytes", .0.escape_debug())]
pub struct InvalidUrl(String);

impl ObjectUrl {
    /// The address of a key in a bucket.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] if either cannot be the name of such.
    pub fn new(bucket: &str, key: &str) -> Result<Self, InvalidUrl> {
        if is_bucket(bucket) && key.len() <= MAX_KEY && !key.contains('\0') {
            Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
        } else {
            Err(InvalidUrl(format!("s3://{bucket}/{key}")))
        }
    }

    /// The bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The key or prefix, without its leading slash; empty for a bucket.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Another key in the same bucket.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] if the key is too long.
    pub fn with_key(&self, key: &str) -> Result<Self, InvalidUrl> {
        Self::new(&self.bucket, key)
    }
}

impl FromStr for ObjectUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let path = text.strip_prefix("s3://").ok_or_else(|| InvalidUrl(text.to_owned()))?;
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        Self::new(bucket, key).map_err(|_| InvalidUrl(text.to_owned()))
    }
}

impl fmt::Display for ObjectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// 3 to 63 lower-case letters, digits, dots and hyphens.
fn is_bucket(text: &str) -> bool {
    let lower = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.first().is_some_and(lower)
        && bytes.last().is_some_and(lower)
        && bytes.iter().all(|byte| lower(byte) || b".-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_verbatim() {
        for key in ["", "a.csv", "a b/ü+%20//..", "데이터.csv"] {
            let text = format!("s3://bucket-a/{key}");
            let url: ObjectUrl = text.parse().unwrap();
            assert_eq!((url.bucket(), url.key(), url.to_string()), ("bucket-a", key, text));
        }
        assert_eq!("s3://bucket-a".parse::<ObjectUrl>().unwrap().key(), "");
    }

    #[test]
    fn other_texts_are_no_addresses() {
        let long = format!("s3://bucket-a/{}", "k".repeat(1025));
        for text in ["", "bucket-a/k", "s3:/bucket-a/k", "s3://", "s3:///k", "s3://B_/k", &long] {
            assert!(text.parse::<ObjectUrl>().is_err(), "{text}");
        }
    }
}
