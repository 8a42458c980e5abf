//! The client request token: what makes redeliveries of one upload start one execution.

use std::fmt::{self, Write as _};

use chrono::SecondsFormat;
use sha2::{Digest, Sha256};

use super::PipelineName;
use crate::event::ObjectCreated;

/// A `ClientRequestToken`: 64 lower-case hexadecimal characters (SageMaker takes 32 to 128).
///
/// It is the SHA-256 over these UTF-8 fields in this order, each after its length in bytes as
/// eight bytes, big-endian:
///
/// 1. the pipeline's name in lower case,
/// 2. the bucket,
/// 3. the key,
/// 4. the sequencer.
///
/// Where the event carries no sequencer, fields 4 and 5 are the version id and the etag (empty
/// where absent). Where it carries none of the three, they are empty and field 6 is the event's
/// time (RFC 3339, UTC, whole seconds): two uploads are then told apart by the second.
///
/// The length before each field keeps neighbours apart: bucket `ab` with key `c` and bucket `a`
/// with key `bc` have different tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientRequestToken(String);

impl ClientRequestToken {
    pub(super) fn new(pipeline: &PipelineName, upload: &ObjectCreated) -> Self {
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

    /// The token's 64 characters.
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
        ClientRequestToken::new(&PipelineName::new(pipeline).unwrap(), upload)
    }

    fn upload() -> ObjectCreated {
        ObjectCreated {
            sequencer: Some("0062E99A88DC407460".to_owned()),
            version_id: Some("3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY".to_owned()),
            etag: Some("d41d8cd98f00b204e9800998ecf8427e".to_owned()),
            ..ObjectCreated::new("amzn-s3-demo-bucket", "landing/전복 1+1.csv")
        }
    }

    /// The golden vector: `printf` and `sha256sum` give the same, see `golden-token.sh`.
    #[test]
    fn equals_the_golden_vector() {
        assert_eq!(
            token("Ingest-p-1", &upload()).as_str(),
            include_str!("golden-token.txt").trim()
        );
    }

    #[test]
    fn is_the_same_for_the_name_and_the_arn() {
        let arn = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/ingest-p-1";
        assert_eq!(token("Ingest-P-1", &upload()), token(arn, &upload()));
    }

    #[test]
    fn a_new_upload_of_the_same_key_has_another_token() {
        let again = ObjectCreated { sequencer: Some("0062E99A88DC407461".to_owned()), ..upload() };
        assert_ne!(token("p", &upload()), token("p", &again));
    }

    #[test]
    fn each_field_counts() {
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
    fn what_a_redelivery_may_change_does_not_count() {
        let mut redelivered = upload();
        redelivered.time = Some("2026-11-22T01:02:03Z".parse().unwrap());
        redelivered.size = Some(7);
        redelivered.version_id = None;
        assert_eq!(token("p", &upload()), token("p", &redelivered));
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let left =
            ObjectCreated { sequencer: Some("s".to_owned()), ..ObjectCreated::new("abc", "d") };
        let right =
            ObjectCreated { sequencer: Some("s".to_owned()), ..ObjectCreated::new("ab", "cd") };
        assert_ne!(token("p", &left), token("p", &right));
    }

    #[test]
    fn without_sequencer_version_and_etag_the_time_tells_uploads_apart() {
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
