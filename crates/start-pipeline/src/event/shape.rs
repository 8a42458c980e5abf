//! Tells the shapes of payloads apart.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::InvalidEvent;
use super::read::read;
use crate::excerpt::excerpt;

const OBJECT_CREATED: (&str, &str) = ("aws.s3", "Object Created");
const CLOUDTRAIL: &str = "AWS API Call via CloudTrail";

/// What a payload is, by its own marks.
pub(super) enum Shape<'a> {
    /// An "Object Created" event of S3.
    EventBridge,
    /// The envelope of Lambda's on-failure destination; its `requestPayload`.
    Envelope(&'a str),
    /// A batch of SQS messages; its `Records`.
    SqsBatch(&'a str),
}

/// The marks by which the shapes are told apart.
#[derive(Deserialize)]
struct Marks<'a> {
    #[serde(borrow, rename = "detail-type")]
    detail_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    source: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "Records")]
    records: Option<&'a RawValue>,
    #[serde(borrow, rename = "requestPayload")]
    request_payload: Option<&'a RawValue>,
    #[serde(borrow, rename = "Event")]
    test_event: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RecordMark<'a> {
    #[serde(borrow, rename = "eventSource", alias = "EventSource")]
    source: Option<Cow<'a, str>>,
}

impl<'a> Shape<'a> {
    /// Looks at the marks alone; nothing else is read yet.
    pub(super) fn of(text: &'a str) -> Result<Self, InvalidEvent> {
        let json: &RawValue =
            serde_json::from_str(text).map_err(|error| InvalidEvent::NotJson(error.to_string()))?;
        if !json.get().starts_with('{') {
            return Err(InvalidEvent::UnknownShape);
        }
        let marks: Marks = read("", text)?;
        match marks {
            Marks { detail_type: Some(detail_type), source, .. } => {
                Self::of_eventbridge(&detail_type, &source.unwrap_or_default())
            }
            Marks { records: Some(records), .. } => Self::of_records(records.get()),
            Marks { request_payload: Some(event), .. } => Ok(Self::Envelope(event.get())),
            Marks { test_event: Some(event), .. } if event.get() == "\"s3:TestEvent\"" => {
                Err(InvalidEvent::S3Notification)
            }
            _ => Err(InvalidEvent::UnknownShape),
        }
    }

    fn of_eventbridge(detail_type: &str, source: &str) -> Result<Self, InvalidEvent> {
        match (source, detail_type) {
            OBJECT_CREATED => Ok(Self::EventBridge),
            (_, CLOUDTRAIL) => Err(InvalidEvent::CloudTrail),
            _ => Err(InvalidEvent::OtherEvent {
                source_name: excerpt(if source.is_empty() { "no source" } else { source }, 200)
                    .into(),
                detail_type: excerpt(detail_type, 200).into(),
            }),
        }
    }

    fn of_records(records: &'a str) -> Result<Self, InvalidEvent> {
        let marks: Vec<RecordMark> = read("Records", records)?;
        if marks.is_empty() {
            return Err(InvalidEvent::EmptyBatch);
        }
        let mut sources = marks.iter().map(|mark| mark.source.as_deref().unwrap_or("no source"));
        match sources.find(|source| *source != "aws:sqs") {
            None => Ok(Self::SqsBatch(records)),
            Some("aws:s3") => Err(InvalidEvent::S3Notification),
            Some(other) => Err(InvalidEvent::OtherRecords(excerpt(other, 200).into())),
        }
    }
}
