//! Properties of all events, not only the samples.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use start_pipeline::{Incoming, InputVersion, ObjectCreated, PipelineNameOrArn, StartRequest};

use crate::fake::parameter_names;

fn map(upload: &ObjectCreated) -> Result<StartRequest, start_pipeline::InvalidInput> {
    let pipeline = PipelineNameOrArn::new("ingest").unwrap();
    StartRequest::new(&pipeline, &parameter_names(), upload)
}

/// Generates UTF-8 keys of 1 to 1,024 bytes, with many problematic characters.
fn key() -> impl Strategy<Value = String> {
    let awkward = prop::sample::select(
        "/.-+% \0\n\r\t\u{7f}\u{85}\u{2028}\u{2029}\u{feff}é복🐚\u{10ffff}a0"
            .chars()
            .collect::<Vec<_>>(),
    );
    let character = prop_oneof![awkward, any::<char>(), prop::char::range('!', '~')];
    prop::collection::vec(character, 1..=1024).prop_map(|characters| {
        let mut key: String = characters.into_iter().collect();
        key.truncate(key.floor_char_boundary(1024));
        key
    })
}

fn upload() -> impl Strategy<Value = ObjectCreated> {
    let text = || prop::option::of("[!-~]{1,40}");
    let time = (-377_705_116_800_i64..=253_402_300_799)
        .prop_map(|s| DateTime::<Utc>::from_timestamp(s, 0));
    (key(), prop::option::of(any::<u64>()), text(), text(), text(), time).prop_map(
        |(key, size, etag, version_id, sequencer, time)| {
            let mut upload = ObjectCreated::new("amzn-s3-demo-bucket", key);
            (upload.size, upload.etag, upload.version_id) = (size, etag, version_id);
            (upload.sequencer, upload.time) = (sequencer, time);
            upload
        },
    )
}

/// Formats the event as EventBridge sends it.
fn event(upload: &ObjectCreated) -> String {
    serde_json::json!({
        "detail-type": "Object Created",
        "source": "aws.s3",
        "time": upload.time,
        "detail": {
            "bucket": { "name": upload.bucket },
            "object": {
                "key": upload.key,
                "size": upload.size,
                "etag": upload.etag,
                "version-id": upload.version_id,
                "sequencer": upload.sequencer,
            },
        },
    })
    .to_string()
}

/// Checks SageMaker's pattern `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,81}`.
fn is_legal_display_name(name: &str) -> bool {
    (1..=82).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn ends_a_line_or_controls(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn maps_any_key_to_valid_request_or_typed_error(upload in upload()) {
        match map(&upload) {
            Ok(request) => {
                prop_assert!(is_legal_display_name(request.display_name.as_str()));
                prop_assert_eq!(request.token.as_str().len(), 64);
                prop_assert!(request.token.as_str().bytes().all(|b| b.is_ascii_hexdigit()));
                let description = request.description.as_str();
                prop_assert!(description.chars().count() <= 3072);
                prop_assert!(!description.contains(ends_a_line_or_controls));
                let url = request.input_url.as_str();
                prop_assert!(url.chars().count() <= 1024);
                prop_assert_eq!(url.strip_prefix("s3://amzn-s3-demo-bucket/"), Some(upload.key.as_str()));
                let version = request.input_version.as_ref().map(InputVersion::as_str);
                prop_assert_eq!(version, upload.version_id.as_deref());
            }
            Err(error) => {
                let length = "s3://amzn-s3-demo-bucket/".len() + upload.key.chars().count();
                prop_assert_eq!(error, start_pipeline::InvalidInput::UrlTooLong(length));
            }
        }
    }

    #[test]
    fn maps_equal_events_to_equal_requests(upload in upload()) {
        let parse = || match Incoming::parse(&event(&upload)) {
            Ok(Incoming::Event(parsed)) => parsed,
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(&parse(), &upload);
        prop_assert_eq!(map(&parse()), map(&upload));
    }

    #[test]
    fn different_sequencers_have_different_tokens(
        upload in upload(), left in "[0-9A-F]{1,36}", right in "[0-9A-F]{1,36}",
    ) {
        prop_assume!(left != right);
        let with = |sequencer: &str| {
            let mut upload = ObjectCreated::new("bucket", upload.key.chars().take(300).collect::<String>());
            upload.sequencer = Some(sequencer.to_owned());
            map(&upload).unwrap().token
        };
        prop_assert_ne!(with(&left), with(&right));
    }

    #[test]
    fn parser_never_panics(text in any::<String>()) {
        let _ = Incoming::parse(&text);
    }
}
