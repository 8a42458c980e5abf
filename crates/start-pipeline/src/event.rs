//! What arrives: one EventBridge event, or a batch of SQS messages that hold such events.
//!
//! Shapes are told apart by their own marks before anything is read from them, so that each event
//! that is not ours is refused by its name.

use std::borrow::Cow;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsMessage;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// An S3 "Object Created" event, as EventBridge delivers it.
///
/// Everything but bucket and key is optional: S3 leaves some of it out for some uploads, and
/// nothing of it is worth losing one.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectCreated {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, verbatim: EventBridge events do not URL-encode it.
    pub key: String,
    /// The object's size in bytes.
    pub size: Option<u64>,
    /// The object's etag.
    pub etag: Option<String>,
    /// The object's version, in a versioned bucket.
    pub version_id: Option<String>,
    /// Orders the events of one key, and differs between any two uploads of it.
    pub sequencer: Option<String>,
    /// What made the object: `PutObject`, `POST Object`, `CopyObject` or
    /// `CompleteMultipartUpload`.
    pub reason: Option<String>,
    /// When the event happened.
    pub time: Option<DateTime<Utc>>,
}

impl ObjectCreated {
    /// An event about `key` in `bucket` that says nothing else.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            key: key.into(),
            size: None,
            etag: None,
            version_id: None,
            sequencer: None,
            reason: None,
            time: None,
        }
    }

    /// Reads one event: from EventBridge itself, or in the envelope in which Lambda sends a failed
    /// event to an on-failure destination (`requestPayload`).
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] if the text is anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidEvent> {
        match Shape::of(text)? {
            Shape::EventBridge => Self::from_eventbridge(text),
            Shape::Envelope(event) => match Shape::of(event)? {
                Shape::EventBridge => Self::from_eventbridge(event),
                Shape::Envelope(_) | Shape::SqsBatch(_) => Err(InvalidEvent::Nested),
            },
            Shape::SqsBatch(_) => Err(InvalidEvent::Nested),
        }
    }

    fn from_eventbridge(text: &str) -> Result<Self, InvalidEvent> {
        let event: EventBridgeEvent<Detail> = read("", text)?;
        let present = |text: Option<String>| text.filter(|text| !text.is_empty());
        let Detail { bucket, object, reason } = event.detail;
        Ok(Self {
            bucket: bucket.name,
            key: object.key,
            size: object.size,
            etag: present(object.etag),
            version_id: present(object.version_id),
            sequencer: present(object.sequencer),
            reason: present(reason),
            time: event.time,
        })
    }
}

/// What one invocation brings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incoming {
    /// One event.
    Event(ObjectCreated),
    /// A batch of SQS messages, not yet read: one that cannot be read must not fail the others.
    Batch(Vec<Message>),
}

/// One SQS message of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Names the message in the answer to SQS.
    pub id: String,
    body: Option<String>,
}

impl Message {
    /// Reads the event in the message.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] if the message has no body, or one that is no event of ours.
    pub fn event(&self) -> Result<ObjectCreated, InvalidEvent> {
        ObjectCreated::parse(self.body.as_deref().ok_or(InvalidEvent::NoBody)?)
    }
}

impl Incoming {
    /// Reads the payload of an invocation.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] if it is neither one event of ours nor a batch of SQS messages. What the
    /// messages hold is read later, each for itself.
    pub fn parse(payload: &str) -> Result<Self, InvalidEvent> {
        match Shape::of(payload)? {
            Shape::SqsBatch(records) => {
                let messages: Vec<SqsMessage> = read("Records", records)?;
                let identified = |message: SqsMessage| {
                    let id = message.message_id.filter(|id| !id.is_empty());
                    Ok(Message { id: id.ok_or(InvalidEvent::NoMessageId)?, body: message.body })
                };
                messages.into_iter().map(identified).collect::<Result<_, _>>().map(Self::Batch)
            }
            Shape::EventBridge | Shape::Envelope(_) => {
                ObjectCreated::parse(payload).map(Self::Event)
            }
        }
    }
}

/// The payload is not an event that this function can act on. Each variant's text names what it is
/// instead and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEvent {
    /// Not JSON.
    #[error("the event is not JSON ({0}); send an S3 \"Object Created\" event from EventBridge")]
    NotJson(String),
    /// JSON, but of no shape that we know.
    #[error(
        "the event is neither an EventBridge event nor a batch of SQS messages (it has no \
         `detail-type`, `Records` or `requestPayload`); send an S3 \"Object Created\" event from \
         EventBridge"
    )]
    UnknownShape,
    /// An S3 notification, whose keys are URL-encoded.
    #[error(
        "this is an S3 notification, not an EventBridge event; remove the bucket's notification to \
         this function or queue, turn on EventBridge for the bucket, and let a rule on \"Object \
         Created\" invoke the function"
    )]
    S3Notification,
    /// An event that reached EventBridge through CloudTrail, as the predecessor's did.
    #[error(
        "this is an API call recorded by CloudTrail, not an S3 event; replace the rule on \"AWS API \
         Call via CloudTrail\" by one on \"Object Created\" from aws.s3"
    )]
    CloudTrail,
    /// Another event from EventBridge.
    #[error(
        "this is \"{detail_type}\" from {source_name}, and only \"Object Created\" from aws.s3 \
         starts a pipeline; narrow the rule that sends it"
    )]
    OtherEvent {
        /// The event's `source`.
        source_name: String,
        /// The event's `detail-type`.
        detail_type: String,
    },
    /// Records of another service than SQS.
    #[error("these are records from {0}, and only those of SQS are read; remove their trigger")]
    OtherRecords(String),
    /// A batch without a message.
    #[error("the batch holds no record; SQS never sends such a one")]
    EmptyBatch,
    /// A batch, or an envelope, inside a message or an envelope.
    #[error(
        "the event is wrapped twice; send to the queue the S3 event itself, or the envelope that \
         Lambda's on-failure destination makes of it"
    )]
    Nested,
    /// A message without an id, which a failure could not be reported for.
    #[error("an SQS message has no `messageId`; the whole batch is reported as failed")]
    NoMessageId,
    /// A message without a body.
    #[error("the SQS message has no `body`; it cannot hold an event")]
    NoBody,
    /// An event of ours that lacks something, or holds it in another type.
    #[error("the event cannot be read at {path}: {problem}; no service of AWS sends it so")]
    Malformed {
        /// Where in the event, for example `detail.object.size`.
        path: String,
        /// What is wrong there.
        problem: String,
    },
}

const OBJECT_CREATED: (&str, &str) = ("aws.s3", "Object Created");
const CLOUDTRAIL: &str = "AWS API Call via CloudTrail";

enum Shape<'a> {
    EventBridge,
    Envelope(&'a str),
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
    fn of(text: &'a str) -> Result<Self, InvalidEvent> {
        let json: &RawValue =
            serde_json::from_str(text).map_err(|error| InvalidEvent::NotJson(error.to_string()))?;
        if !json.get().starts_with('{') {
            return Err(InvalidEvent::UnknownShape);
        }
        let marks: Marks = read_borrowed("", text)?;
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
                source_name: if source.is_empty() {
                    "no source".to_owned()
                } else {
                    source.to_owned()
                },
                detail_type: detail_type.to_owned(),
            }),
        }
    }

    fn of_records(records: &'a str) -> Result<Self, InvalidEvent> {
        let marks: Vec<RecordMark> = read_borrowed("Records", records)?;
        if marks.is_empty() {
            return Err(InvalidEvent::EmptyBatch);
        }
        let mut sources = marks.iter().map(|mark| mark.source.as_deref().unwrap_or("no source"));
        match sources.find(|source| *source != "aws:sqs") {
            None => Ok(Self::SqsBatch(records)),
            Some("aws:s3") => Err(InvalidEvent::S3Notification),
            Some(other) => Err(InvalidEvent::OtherRecords(other.to_owned())),
        }
    }
}

/// The `detail` of an "Object Created" event, as far as it is of use here.
#[derive(Serialize, Deserialize)]
struct Detail {
    bucket: Bucket,
    object: Object,
    reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Object {
    key: String,
    size: Option<u64>,
    etag: Option<String>,
    version_id: Option<String>,
    sequencer: Option<String>,
}

/// Reads the part of an event that stands at `place` in it.
fn read<T: DeserializeOwned>(place: &str, text: &str) -> Result<T, InvalidEvent> {
    read_borrowed(place, text)
}

fn read_borrowed<'a, T: Deserialize<'a>>(place: &str, text: &'a str) -> Result<T, InvalidEvent> {
    let json = &mut serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(json).map_err(|error| {
        let inside = match error.path().to_string() {
            top if top == "." => String::new(),
            path => path,
        };
        InvalidEvent::Malformed {
            path: match (place, inside.as_str()) {
                ("", "") => "its top level".to_owned(),
                ("", inside) => inside.to_owned(),
                (place, inside) => format!("{place}{inside}"),
            },
            problem: error.inner().to_string(),
        }
    })
}
