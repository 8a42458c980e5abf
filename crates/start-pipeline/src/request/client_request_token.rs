//! The client request token, with which redeliveries of one upload start only one execution.

use std::fmt::{self, Write as _};

use chrono::SecondsFormat;
use sha2::{Digest, Sha256};

use super::PipelineNameOrArn;
use crate::event::ObjectCreated;

/// A `ClientRequestToken`: 64 lower-case hexadecimal characters (SageMaker allows 32 to 128).
///
/// It is the SHA-256 hash of these UTF-8 fields, in this order. Each is preceded by its length in
/// bytes, as eight bytes in big-endian order:
///
/// 1. the pipeline's name in lower case,
/// 2. the bucket,
/// 3. the key,
/// 4. the sequencer.
///
/// If the event has no sequencer, fields 4 and 5 are the version id and the etag (empty if
/// missing). If all three are missing, fields 4 and 5 are empty and field 6 is the event's time
/// (RFC 3339, UTC, whole seconds). Uploads of one key within the same second then share a token.
///
/// The lengths separate the fields: bucket `ab` with key `c` and bucket `a` with key `bc` have
/// different tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientRequestToken(String);

impl ClientRequestToken {
    pub(super) fn new(pipeline: &PipelineNameOrArn, upload: &ObjectCreated) -> Self {
        let mut hash = FieldHash::default();
        hash.field(&pipeline.canonical_name());
        hash.field(&upload.bucket);
        hash.field(&upload.key);
        if let Some(sequencer) = &upload.sequencer {
            hash.field(sequencer);
        } else {
            hash.field(upload.version_id.as_deref().unwrap_or_default());
            hash.field(upload.etag.as_deref().unwrap_or_default());
            if upload.version_id.is_none() && upload.etag.is_none() {
                let time = upload.time.map(|t| t.to_rfc3339_opts(SecondsFormat::Secs, true));
                hash.field(&time.unwrap_or_default());
            }
        }
        Self(hash.hex())
    }

    /// Returns the token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientRequestToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Default)]
struct FieldHash(Sha256);

impl FieldHash {
    fn field(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    fn hex(self) -> String {
        let digest = self.0.finalize();
        digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(pipeline: &str, upload: &ObjectCreated) -> ClientRequestToken {
        ClientRequestToken::new(&PipelineNameOrArn::new(pipeline).unwrap(), upload)
    }

    fn upload() -> ObjectCreated {
        ObjectCreated {
            sequencer: Some("0062E99A88DC407460".to_owned()),
            version_id: Some("3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY".to_owned()),
            etag: Some("d41d8cd98f00b204e9800998ecf8427e".to_owned()),
            ..ObjectCreated::new("amzn-s3-demo-bucket", "landing/전복 1+1.csv")
        }
    }

    /// `golden-token.sh` computes the expected token with `printf` and `sha256sum`.
    #[test]
    fn matches_golden_token() {
        assert_eq!(
            token("Ingest-p-1", &upload()).as_str(),
            include_str!("golden-token.txt").trim()
        );
    }

    #[test]
    fn is_equal_for_name_and_arn() {
        let arn = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/ingest-p-1";
        assert_eq!(token("Ingest-P-1", &upload()), token(arn, &upload()));
    }

    #[test]
    fn differs_for_new_upload_of_same_key() {
        let again = ObjectCreated { sequencer: Some("0062E99A88DC407461".to_owned()), ..upload() };
        assert_ne!(token("p", &upload()), token("p", &again));
    }

    #[test]
    fn depends_on_each_field() {
        let other = |change: fn(&mut ObjectCreated)| {
            let mut other = upload();
            change(&mut other);
            token("p", &other)
        };
        let mut tokens = vec![
            token("p", &upload()),
            token("q", &upload()),
            other(|u| u.bucket.push('x')),
            other(|u| u.key.push('x')),
            other(|u| u.sequencer = None),
            other(|u| (u.sequencer, u.version_id) = (None, None)),
            other(|u| (u.sequencer, u.etag) = (None, None)),
            other(|u| (u.sequencer, u.version_id, u.etag) = (None, None, None)),
        ];
        let all = tokens.len();
        tokens.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        tokens.dedup();
        assert_eq!(tokens.len(), all);
    }

    #[test]
    fn ignores_fields_that_a_redelivery_may_change() {
        let mut redelivered = upload();
        redelivered.time = Some("2026-11-22T01:02:03Z".parse().unwrap());
        redelivered.size = Some(7);
        redelivered.version_id = None;
        assert_eq!(token("p", &upload()), token("p", &redelivered));
    }

    #[test]
    fn separates_fields() {
        let left =
            ObjectCreated { sequencer: Some("s".to_owned()), ..ObjectCreated::new("abc", "d") };
        let right =
            ObjectCreated { sequencer: Some("s".to_owned()), ..ObjectCreated::new("ab", "cd") };
        assert_ne!(token("p", &left), token("p", &right));
    }

    #[test]
    fn uses_time_without_sequencer_version_and_etag() {
        let at = |time: &str| ObjectCreated {
            time: Some(time.parse().unwrap()),
            ..ObjectCreated::new("bucket", "key")
        };
        assert_eq!(
            token("p", &at("2026-11-22T01:02:03Z")),
            token("p", &at("2026-11-22T01:02:03Z"))
        );
        assert_ne!(
            token("p", &at("2026-11-22T01:02:03Z")),
            token("p", &at("2026-11-22T01:02:04Z"))
        );
    }
}
