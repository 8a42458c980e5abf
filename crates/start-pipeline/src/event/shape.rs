//! Detects the shape of a payload.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::InvalidEvent;
use super::read::read;
use crate::excerpt::excerpt;

const OBJECT_CREATED: (&str, &str) = ("aws.s3", "Object Created");
/// Some editors and programs write it at the beginning of a text.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';
const CLOUDTRAIL: &str = "AWS API Call via CloudTrail";

const INVOCATION_RESULT: (&str, &str) = ("lambda", "Lambda Function Invocation Result");

/// The shape of a payload, detected from a few of its fields.
pub(super) enum Shape<'a> {
    /// An "Object Created" event from S3.
    EventBridge,
    /// The envelope of Lambda's on-failure destination. Holds its `requestPayload`.
    Envelope(&'a str),
    /// A batch of SQS messages. Holds its `Records`.
    SqsBatch(&'a str),
    /// A text that contains another: the `Message` of an SNS notification (in a queue that is
    /// subscribed without raw message delivery), or the content of a JSON string (an event that was
    /// encoded as JSON twice).
    Wrapped(Cow<'a, str>),
}

/// The fields from which the shape is detected.
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
    #[serde(borrow, rename = "Type")]
    sns_type: Option<&'a RawValue>,
    #[serde(borrow, rename = "TopicArn")]
    topic: Option<&'a RawValue>,
    #[serde(borrow, rename = "Message")]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    bucket: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RecordMark<'a> {
    #[serde(borrow, rename = "eventSource", alias = "EventSource")]
    source: Option<Cow<'a, str>>,
}

impl<'a> Shape<'a> {
    /// Detects the shape. Reads only the fields that this needs.
    pub(super) fn of(text: &'a str) -> Result<Self, InvalidEvent> {
        if text.contains('\0') {
            return Err(InvalidEvent::NotUtf8); // never in JSON, but in all UTF-16 text with ASCII
        }
        let json: &RawValue =
            serde_json::from_str(text).map_err(|error| InvalidEvent::NotJson(error.to_string()))?;
        match json.get().as_bytes()[0] {
            b'{' => {}
            b'"' => return Self::of_string(read("", text)?),
            b'[' => return Err(InvalidEvent::PipesArray),
            b'n' => return Err(InvalidEvent::NotAnObject("null")),
            b't' | b'f' => return Err(InvalidEvent::NotAnObject("a boolean")),
            _ => return Err(InvalidEvent::NotAnObject("a number")),
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
            Marks { sns_type: Some(kind), topic: Some(_), message: Some(message), .. } => {
                match kind.get() {
                    "\"Notification\"" => read("Message", message.get()).map(Self::Wrapped),
                    "\"SubscriptionConfirmation\"" => Err(InvalidEvent::SubscriptionConfirmation),
                    _ => Err(InvalidEvent::UnknownShape),
                }
            }
            Marks { bucket: Some(_), object: Some(_), .. } => Err(InvalidEvent::DetailAlone),
            _ => Err(InvalidEvent::UnknownShape),
        }
    }

    fn of_string(content: String) -> Result<Self, InvalidEvent> {
        if content.trim_start_matches(BYTE_ORDER_MARK).trim_start().starts_with('{') {
            Ok(Self::Wrapped(content.into()))
        } else {
            Err(InvalidEvent::NotAnObject("a string"))
        }
    }

    fn of_eventbridge(detail_type: &str, source: &str) -> Result<Self, InvalidEvent> {
        match (source, detail_type) {
            OBJECT_CREATED => Ok(Self::EventBridge),
            (_, CLOUDTRAIL) => Err(InvalidEvent::CloudTrail),
            (from, kind)
                if from == INVOCATION_RESULT.0 && kind.starts_with(INVOCATION_RESULT.1) =>
            {
                Err(InvalidEvent::DestinationThroughBus)
            }
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
