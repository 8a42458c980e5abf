//! The reasons for which a payload is not an event that this function can handle.

/// The payload is not an event that this function can handle. Each variant's message says what the
/// payload is instead, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEvent {
    /// The payload is not UTF-8; it may be UTF-16.
    #[error("the event is not UTF-8 text; save it as UTF-8 (it may be UTF-16) and send it again")]
    NotUtf8,
    /// The payload is not JSON.
    #[error("the event is not JSON ({0}); send an S3 \"Object Created\" event from EventBridge")]
    NotJson(String),
    /// A JSON object that looks like none of the known events.
    #[error(
        "the event is neither an EventBridge event nor a batch of SQS messages (it has no \
         `detail-type`, `Records` or `requestPayload`); send the complete S3 \"Object Created\" \
         event: remove any input transformer, input path or constant input from the rule's target"
    )]
    UnknownShape,
    /// JSON, but not an object.
    #[error(
        "the event is {0}, not an object; send an S3 \"Object Created\" event from EventBridge"
    )]
    NotAnObject(&'static str),
    /// A JSON array, the format that EventBridge Pipes sends.
    #[error(
        "the event is a JSON array, probably from EventBridge Pipes; replace the pipe with a rule \
         that targets this function, or with an SQS event source mapping"
    )]
    PipesArray,
    /// The `detail` of an event without the event around it.
    #[error(
        "the event is only the `detail` of an S3 event; remove the input path or the input \
         transformer from the rule's target"
    )]
    DetailAlone,
    /// Lambda's record of a failed invocation, delivered through an event bus.
    #[error(
        "the event is Lambda's invocation record, delivered through an event bus; send the S3 \
         event in its `detail.requestPayload`, or use an SQS queue as the function's on-failure \
         destination"
    )]
    DestinationThroughBus,
    /// An SNS subscription confirmation.
    #[error(
        "the message is an SNS subscription confirmation, not an event; confirm the queue's \
         subscription"
    )]
    SubscriptionConfirmation,
    /// An S3 event notification, in which keys are URL-encoded.
    #[error(
        "the event is an S3 event notification, not an EventBridge event; remove the bucket's \
         notification to this function or queue, turn on EventBridge for the bucket, and add a \
         rule for \"Object Created\" that invokes the function"
    )]
    S3Notification,
    /// An API call that CloudTrail recorded, which is what the predecessor's rule matched.
    #[error(
        "the event is an API call recorded by CloudTrail, not an S3 event; replace the rule for \
         \"AWS API Call via CloudTrail\" with one for \"Object Created\" from aws.s3"
    )]
    CloudTrail,
    /// Another EventBridge event.
    #[error(
        "the event is \"{detail_type}\" from {source_name}, but only \"Object Created\" from \
         aws.s3 starts a pipeline; narrow the rule's event pattern"
    )]
    OtherEvent {
        /// The event's `source`.
        source_name: String,
        /// The event's `detail-type`.
        detail_type: String,
    },
    /// Records from a service other than SQS.
    #[error(
        "the records are from {0}, but this function reads only SQS records; remove the other \
         trigger"
    )]
    OtherRecords(String),
    /// A batch without messages.
    #[error("the batch has no records; SQS never sends an empty batch, so check what sent it")]
    EmptyBatch,
    /// A batch, an envelope or a notification inside another one.
    #[error(
        "the event is wrapped more than once; send the S3 event itself to the queue, or the \
         record from Lambda's on-failure destination (if the queue is subscribed to an SNS topic, \
         turn on raw message delivery)"
    )]
    Nested,
    /// A message without an id, so that its failure could not be reported.
    #[error("an SQS message has no `messageId`, so the whole batch fails; add the id")]
    NoMessageId,
    /// A message without a body.
    #[error("the SQS message has no `body`; send the event as the body")]
    NoBody,
    /// An S3 event in which a field is missing or has the wrong type.
    #[error(
        "the event is malformed at {path}: {problem}; remove any input transformer from the \
         rule's target"
    )]
    Malformed {
        /// The path of the field, for example `detail.object.size`.
        path: String,
        /// What is wrong with the field. Contains no values from the event.
        problem: String,
    },
}
