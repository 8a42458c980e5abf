//! S3 URLs of objects and prefixes.

use std::fmt;
use std::str::FromStr;

use crate::names::{access_point, is_any_bucket};

/// Maximum length of a key, in bytes.
const MAX_KEY: usize = 1024;

/// An S3 URL, `s3://<bucket>/<key>`. The key is verbatim, and empty for a bucket. The ARN of an access
/// point may replace the bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectUrl {
    bucket: String,
    key: String,
}

/// The text is not an S3 URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not an S3 URL: s3://<bucket>/<key>, with a key of at most 1,024 bytes{}",
    .0.escape_debug(),
    about_arns(.0)
)]
pub struct InvalidUrl(String);

fn about_arns(text: &str) -> &'static str {
    if text.starts_with("s3://arn:") {
        "; of all ARNs, only that of an access point in one region may replace the bucket: \
         arn:<partition>:s3:<region>:<account>:accesspoint/<name>"
    } else {
        ""
    }
}

impl ObjectUrl {
    /// Creates the URL of a key in a bucket.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] if the bucket or the key is invalid.
    pub fn new(bucket: &str, key: &str) -> Result<Self, InvalidUrl> {
        let is_bucket = is_any_bucket(bucket) || access_point(bucket).is_some();
        if is_bucket && key.len() <= MAX_KEY && !key.contains('\0') {
            Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
        } else {
            Err(InvalidUrl(format!("s3://{bucket}/{key}")))
        }
    }

    /// Returns the bucket, or the ARN of an access point.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Returns the key or prefix, without a leading slash. Empty for a bucket.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the URL of another key in the same bucket.
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
        let (bucket, key) = path.split_at(end_of_bucket(path));
        Self::new(bucket, key.strip_prefix('/').unwrap_or_default())
            .map_err(|_| InvalidUrl(text.to_owned()))
    }
}

/// Returns where the bucket or the ARN of an access point ends. Such an ARN may contain a slash.
fn end_of_bucket(path: &str) -> usize {
    const RESOURCE: &str = ":accesspoint/";
    let arn = if path.starts_with("arn:") { path.find(RESOURCE) } else { None };
    let name = arn.map_or(0, |start| start + RESOURCE.len());
    path[name..].find('/').map_or(path.len(), |length| name + length)
}

impl fmt::Display for ObjectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_keys_verbatim() {
        for key in ["", "a.csv", "a b/ü+%20//..", "데이터.csv"] {
            let text = format!("s3://bucket-a/{key}");
            let url: ObjectUrl = text.parse().unwrap();
            assert_eq!((url.bucket(), url.key(), url.to_string()), ("bucket-a", key, text));
        }
        assert_eq!("s3://bucket-a".parse::<ObjectUrl>().unwrap().key(), "");
    }

    #[test]
    fn an_access_point_may_replace_the_bucket() {
        for separator in ["/", ":"] {
            let arn = format!("arn:aws:s3:eu-west-1:123456789012:accesspoint{separator}my-point");
            for key in ["", "a.csv", "a/b//c"] {
                let text = format!("s3://{arn}/{key}");
                let url: ObjectUrl = text.parse().unwrap();
                assert_eq!((url.bucket(), url.key(), url.to_string()), (&*arn, key, text));
            }
            let url: ObjectUrl = format!("s3://{arn}").parse().unwrap();
            assert_eq!((url.bucket(), url.key()), (&*arn, ""));
        }
    }

    #[test]
    fn rejects_other_texts() {
        let long = format!("s3://bucket-a/{}", "k".repeat(1025));
        let object_lambda =
            "s3://arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/abc/k";
        for text in [
            "",
            "bucket-a/k",
            "s3:/bucket-a/k",
            "s3://",
            "s3:///k",
            "s3://B_/k",
            "s3://arn:aws:s3:::bucket-a/k",
            object_lambda,
            &long,
        ] {
            let error = text.parse::<ObjectUrl>().unwrap_err().to_string();
            assert_eq!(error.contains("access point"), text.starts_with("s3://arn:"), "{error}");
        }
    }
}
