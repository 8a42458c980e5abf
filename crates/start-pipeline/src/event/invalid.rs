//! Why a payload is not an event of ours.

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
