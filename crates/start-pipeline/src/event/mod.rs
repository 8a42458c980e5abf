//! What arrives: one EventBridge event, or a batch of SQS messages that hold such events.
//!
//! Shapes are told apart by their own marks before anything is read from them, so that each event
//! that is not ours is refused by its name.

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
            time: None,
        }
    }

    /// Reads one event: from EventBridge itself, or in the envelope in which Lambda sends a failed
    /// event to an on-failure destination (`requestPayload`). Either may stand in a notification of
    /// SNS, or be encoded as a JSON string. A byte order mark is no part of it.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] if the text is anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidEvent> {
        let text = without_mark(text);
        Self::from_shape(Shape::of(text)?, text)
    }

    fn from_shape(shape: Shape<'_>, text: &str) -> Result<Self, InvalidEvent> {
        match shape {
            Shape::Notification(event) => Self::from_wrapped(without_mark(&event)),
            Shape::Encoded(event) => Self::from_wrapped(without_mark(&event)),
            shape => Self::from_event_or_envelope(&shape, text),
        }
    }

    fn from_wrapped(text: &str) -> Result<Self, InvalidEvent> {
        Self::from_event_or_envelope(&Shape::of(text)?, text)
    }

    fn from_event_or_envelope(shape: &Shape<'_>, text: &str) -> Result<Self, InvalidEvent> {
        match shape {
            Shape::EventBridge => Self::from_eventbridge(text),
            Shape::Envelope(event) => match Shape::of(event)? {
                Shape::EventBridge => Self::from_eventbridge(event),
                _ => Err(InvalidEvent::Nested),
            },
            Shape::SqsBatch(_) | Shape::Notification(_) | Shape::Encoded(_) => {
                Err(InvalidEvent::Nested)
            }
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
    body: Result<String, InvalidEvent>,
}

/// What is left of a message that cannot be read as a whole.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageId {
    message_id: Option<String>,
}

impl Message {
    /// Takes the record with this number in the batch.
    fn new(number: usize, record: &RawValue) -> Result<Self, InvalidEvent> {
        let place = format!("Records[{number}]");
        let (id, body) = match read::<SqsMessage>(&place, record.get()) {
            Ok(message) => (message.message_id, message.body.ok_or(InvalidEvent::NoBody)),
            Err(unreadable) => {
                (read::<MessageId>(&place, record.get())?.message_id, Err(unreadable))
            }
        };
        let id = id.filter(|id| !id.is_empty()).ok_or(InvalidEvent::NoMessageId)?;
        Ok(Self { id, body })
    }

    /// Reads the event in the message.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] if the message cannot be read, or holds no event of ours.
    pub fn event(&self) -> Result<ObjectCreated, InvalidEvent> {
        ObjectCreated::parse(self.body.as_deref().map_err(InvalidEvent::clone)?)
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

/// An "Object Created" event, as far as it is of use here. Nothing else of it is looked at, so
/// nothing else can make it unreadable.
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

/// The time goes into a name that only people read: one that cannot be read counts as none.
fn time_if_readable<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(value.as_str().and_then(|text| text.parse().ok()))
}
