//! Why a payload is not an event of ours.

/// The payload is not an event that this function can act on. Each variant's text names what it is
/// instead and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEvent {
    /// Bytes that are not UTF-8, or UTF-16 text.
    #[error("the event is not UTF-8 text; save it as UTF-8 (it may be UTF-16) and send it again")]
    NotUtf8,
    /// Not JSON.
    #[error("the event is not JSON ({0}); send an S3 \"Object Created\" event from EventBridge")]
    NotJson(String),
    /// A JSON object without the marks of any event we know.
    #[error(
        "the event is neither an EventBridge event nor a batch of SQS messages (it has no \
         `detail-type`, `Records` or `requestPayload`); send the whole S3 \"Object Created\" event: \
         if the rule's target has an input transformer, an input path or a constant input, remove it"
    )]
    UnknownShape,
    /// JSON, but no object.
    #[error(
        "the event is {0}, not an object; send an S3 \"Object Created\" event from EventBridge"
    )]
    NotAnObject(&'static str),
    /// An array, as an EventBridge pipe sends it.
    #[error(
        "the event is a JSON array, as EventBridge Pipes sends; this function reads one EventBridge \
         event or a batch from an SQS event source mapping: replace the pipe with a rule that \
         targets this function, or with an event source mapping on the queue"
    )]
    PipesArray,
    /// The `detail` of an event without the event around it.
    #[error(
        "this is only the `detail` of an S3 event, not the whole event; remove the input path or \
         the input transformer from the rule's target"
    )]
    DetailAlone,
    /// Lambda's record of a failed invocation, which took the way through an event bus.
    #[error(
        "this is Lambda's record of an invocation, sent through an event bus; send the S3 event in \
         its `detail.requestPayload`, or make an SQS queue the function's on-failure destination"
    )]
    DestinationThroughBus,
    /// SNS asks whether a subscription is wanted.
    #[error(
        "this is an SNS subscription to confirm, not an event; confirm the queue's subscription"
    )]
    SubscriptionConfirmation,
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
    #[error("the batch holds no record; SQS sends no empty batch")]
    EmptyBatch,
    /// A batch, an envelope or a notification inside another one.
    #[error(
        "the event is wrapped more than once; send the S3 event itself to the queue, or the record \
         that Lambda's on-failure destination makes of it (with raw message delivery, if the queue \
         is subscribed to an SNS topic)"
    )]
    Nested,
    /// A message without an id, which a failure could not be reported for.
    #[error("an SQS message has no `messageId`; the whole batch is reported as failed")]
    NoMessageId,
    /// A message without a body.
    #[error("the SQS message has no `body`; it cannot hold an event")]
    NoBody,
    /// An event of ours that lacks something, or holds it in another type.
    #[error(
        "the event cannot be read at {path}: {problem}; AWS sends no such event: if the rule's \
         target has an input transformer, remove it"
    )]
    Malformed {
        /// Where in the event, for example `detail.object.size`.
        path: String,
        /// What is wrong there, without any value of the event.
        problem: String,
    },
}
