//! Incoming payloads: one EventBridge event, or a batch of SQS messages that contain such events.
//!
//! The shape of a payload is detected before anything else is read from it, so that every other event
//! is rejected with a specific message.

mod invalid;
mod read;
mod shape;

use aws_lambda_events::sqs::SqsMessage;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

pub use invalid::InvalidEvent;
use read::read;
use shape::{BYTE_ORDER_MARK, Shape};

/// An S3 "Object Created" event, as EventBridge delivers it.
///
/// Everything except bucket and key is optional: S3 omits some fields for some uploads, and no upload
/// should be lost because of them.
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
    /// The object's version id, in a versioned bucket.
    pub version_id: Option<String>,
    /// The sequencer: orders the events of one key, and differs between any two uploads of it.
    pub sequencer: Option<String>,
    /// When the event happened.
    pub time: Option<DateTime<Utc>>,
}

impl ObjectCreated {
    /// Creates an event for `key` in `bucket`, without the optional fields.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            key: key.into(),
            size: None,
            etag: None,
            version_id: None,
            sequencer: None,
            time: None,
        }
    }

    /// Reads one event: an EventBridge event, or the envelope (`requestPayload`) in which Lambda
    /// sends a failed event to an on-failure destination. Either may be wrapped in an SNS
    /// notification, or encoded as a JSON string. A byte order mark is ignored.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidEvent`] if the text is anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidEvent> {
        let text = without_mark(text);
        Self::from_shape(Shape::of(text)?, text)
    }

    fn from_shape(shape: Shape<'_>, text: &str) -> Result<Self, InvalidEvent> {
        match shape {
            Shape::Wrapped(content) => {
                let content = without_mark(&content);
                Self::from_event_or_envelope(&Shape::of(content)?, content)
            }
            shape => Self::from_event_or_envelope(&shape, text),
        }
    }

    fn from_event_or_envelope(shape: &Shape<'_>, text: &str) -> Result<Self, InvalidEvent> {
        match shape {
            Shape::EventBridge => Self::from_eventbridge(text),
            Shape::Envelope(event) => match Shape::of(event)? {
                Shape::EventBridge => Self::from_eventbridge(event),
                _ => Err(InvalidEvent::Nested),
            },
            Shape::SqsBatch(_) | Shape::Wrapped(_) => Err(InvalidEvent::Nested),
        }
    }

    fn from_eventbridge(text: &str) -> Result<Self, InvalidEvent> {
        let S3Event { time, detail: Detail { bucket, object } } = read("", text)?;
        let present = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Self {
            bucket: bucket.name,
            key: object.key,
            size: object.size,
            etag: present(object.etag),
            version_id: present(object.version_id),
            sequencer: present(object.sequencer),
            time,
        })
    }
}

/// The payload of one invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incoming {
    /// One event.
    Event(ObjectCreated),
    /// A batch of SQS messages. Each is read separately, so that an invalid one does not fail the
    /// others.
    Batch(Vec<Message>),
}

/// One SQS message of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The message id, which the response to SQS contains if the message fails.
    pub id: String,
    body: Result<String, InvalidEvent>,
}

/// The id of a message that is otherwise invalid.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageId {
    message_id: Option<String>,
}

impl Message {
    /// Reads the record with this index in the batch.
    fn new(number: usize, record: &RawValue) -> Result<Self, InvalidEvent> {
        let path = format!("Records[{number}]");
        let (id, body) = match read::<SqsMessage>(&path, record.get()) {
            Ok(message) => (message.message_id, message.body.ok_or(InvalidEvent::NoBody)),
            Err(unreadable) => {
                (read::<MessageId>(&path, record.get())?.message_id, Err(unreadable))
            }
        };
        let id = id.filter(|id| !id.is_empty()).ok_or(InvalidEvent::NoMessageId)?;
        Ok(Self { id, body })
    }

    /// Reads the event in the message.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidEvent`] if the message is invalid, or contains no S3 event.
    pub fn event(&self) -> Result<ObjectCreated, InvalidEvent> {
        ObjectCreated::parse(self.body.as_deref().map_err(InvalidEvent::clone)?)
    }
}

impl Incoming {
    /// Reads the payload of an invocation.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidEvent`] if it is neither an S3 event nor a batch of SQS messages. The
    /// messages' bodies are read later, by [`Message::event`].
    pub fn parse(payload: &str) -> Result<Self, InvalidEvent> {
        let payload = without_mark(payload);
        match Shape::of(payload)? {
            Shape::SqsBatch(records) => {
                let records: Vec<&RawValue> = read("Records", records)?;
                let messages = records.into_iter().enumerate();
                let messages = messages.map(|(number, record)| Message::new(number, record));
                messages.collect::<Result<_, _>>().map(Self::Batch)
            }
            shape => ObjectCreated::from_shape(shape, payload).map(Self::Event),
        }
    }
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// The fields of an "Object Created" event that are used. All others are ignored, so they cannot make
/// an event invalid.
#[derive(Deserialize)]
struct S3Event {
    #[serde(default, deserialize_with = "time_if_readable")]
    time: Option<DateTime<Utc>>,
    detail: Detail,
}

#[derive(Deserialize)]
struct Detail {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Object {
    key: String,
    size: Option<u64>,
    etag: Option<String>,
    version_id: Option<String>,
    sequencer: Option<String>,
}

/// Treats an invalid time as missing, because it is used only in the display name.
fn time_if_readable<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(value.as_str().and_then(|text| text.parse().ok()))
}
