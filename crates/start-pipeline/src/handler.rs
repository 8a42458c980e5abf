//! From an invocation to its answer: every event becomes a started execution, a skip that is
//! logged and counted, or a reported failure. There is no fourth way.

use std::io::Write;
use std::time::{Duration, Instant};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::deadline::Deadline;
use crate::event::{Incoming, InvalidEvent, Message, ObjectCreated};
use crate::metrics::{Count, Metrics};
use crate::request::{InvalidInput, ParameterName, PipelineName, StartRequest};
use crate::start::{ATTEMPT_TIMEOUT, Class, Reason, StartError, StartExecution};

/// Turns invocations into executions of one pipeline.
#[derive(Debug)]
pub struct Handler<S, W> {
    pipeline: PipelineName,
    input_parameter: ParameterName,
    starter: S,
    metrics: Metrics<W>,
}

/// What an invocation brings, read as late as possible so that even text that is not JSON is
/// reported and counted like every other event that is not ours.
#[derive(Debug)]
pub struct Payload(Result<Box<RawValue>, String>);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Box::<RawValue>::deserialize(deserializer).map_err(|error| error.to_string())))
    }
}

impl From<&str> for Payload {
    fn from(text: &str) -> Self {
        Self(serde_json::from_str(text).map_err(|error| error.to_string()))
    }
}

/// The answer to an invocation, as JSON.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Answer {
    /// What became of the one event.
    Event(Outcome),
    /// Which messages of the batch failed; SQS keeps those and deletes the others.
    Batch(SqsBatchResponse),
}

/// What became of an event that did not fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// An execution runs on the object; for an upload that was delivered before, the one that its
    /// first delivery started.
    Started {
        /// The execution's ARN.
        execution_arn: String,
        /// The request's token.
        token: String,
        /// `s3://bucket/key`.
        input_url: String,
    },
    /// The object is none to ingest.
    Skipped {
        /// Why.
        reason: SkipReason,
        /// `s3://bucket/key`.
        input_url: String,
    },
}

/// Why an object is not ingested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// The key ends in `/`: a folder, as consoles make them.
    FolderMarker,
    /// The object has no bytes.
    EmptyObject,
}

impl SkipReason {
    /// The reason as logs and answers name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FolderMarker => "folder_marker",
            Self::EmptyObject => "empty_object",
        }
    }
}

impl Serialize for SkipReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An event that has to be tried again, or looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// It is not an event of ours.
    #[error(transparent)]
    InvalidEvent(#[from] InvalidEvent),
    /// It is about an object that cannot be handed to a pipeline.
    #[error(transparent)]
    InvalidInput(#[from] InvalidInput),
    /// The execution could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The batch's time ran out before its turn came.
    #[error(
        "not tried: less time remains than one attempt may take; the message stays in the queue"
    )]
    OutOfTime,
}

impl Failure {
    /// Why it failed.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::InvalidEvent(_) => Reason::InvalidEvent,
            Self::InvalidInput(_) => Reason::InvalidInput,
            Self::Start(error) => error.reason(),
            Self::OutOfTime => Reason::OutOfTime,
        }
    }
}

/// The error's type is `<class>.<reason>`, for example `Transient.ExecutionLimit`.
impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let reason = failure.reason();
        Self {
            error_type: format!("{}.{}", reason.class().as_str(), reason.as_str()),
            error_message: failure.to_string(),
        }
    }
}

impl<S: StartExecution, W: Write> Handler<S, W> {
    /// A handler that starts `pipeline` through `starter`, with the object's URL as the parameter
    /// `input_parameter`.
    pub fn new(
        pipeline: PipelineName,
        input_parameter: ParameterName,
        starter: S,
        metrics: Metrics<W>,
    ) -> Self {
        Self { pipeline, input_parameter, starter, metrics }
    }

    /// Answers one invocation.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the one event, or of a batch that cannot be taken apart. A failed message of
    /// a batch is part of the [`Answer`].
    pub async fn handle(&self, invocation: LambdaEvent<Payload>) -> Result<Answer, Failure> {
        let LambdaEvent { payload, context, .. } = invocation;
        let deadline = Deadline::new(context.deadline());
        let origin = Origin { request_id: &context.request_id, message_id: None };
        let incoming = match payload.0 {
            Ok(json) => Incoming::parse(json.get()),
            Err(problem) => Err(InvalidEvent::NotJson(problem)),
        };
        match incoming {
            Ok(Incoming::Event(upload)) => {
                self.ingest(origin, Ok(upload), deadline.left()).await.map(Answer::Event)
            }
            Ok(Incoming::Batch(messages)) => {
                Ok(Answer::Batch(self.ingest_batch(origin, &messages, deadline).await))
            }
            Err(invalid) => {
                self.ingest(origin, Err(invalid), deadline.left()).await.map(Answer::Event)
            }
        }
    }

    /// Takes the messages one after the other; one that fails, or whose turn comes too late, stays
    /// in the queue.
    async fn ingest_batch(
        &self,
        origin: Origin<'_>,
        messages: &[Message],
        deadline: Deadline,
    ) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        for message in messages {
            let origin = Origin { message_id: Some(&message.id), ..origin };
            let outcome = self.ingest(origin, message.event(), deadline.left()).await;
            if outcome.is_err() {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier.clone_from(&message.id);
                response.batch_item_failures.push(failure);
            }
        }
        response
    }

    /// One event from beginning to end, with its one line of log and its one line of metrics.
    async fn ingest(
        &self,
        origin: Origin<'_>,
        upload: Result<ObjectCreated, InvalidEvent>,
        time_left: Duration,
    ) -> Result<Outcome, Failure> {
        let upload = match upload {
            Ok(upload) => upload,
            Err(invalid) => return Err(self.failed(origin, None, None, invalid.into())),
        };
        if let Some(reason) = skip_reason(&upload) {
            return Ok(self.skipped(origin, &upload, reason));
        }
        if origin.message_id.is_some() && time_left < ATTEMPT_TIMEOUT {
            return Err(self.failed(origin, Some(&upload), None, Failure::OutOfTime));
        }
        let request = match StartRequest::new(&self.pipeline, &self.input_parameter, &upload) {
            Ok(request) => request,
            Err(invalid) => return Err(self.failed(origin, Some(&upload), None, invalid.into())),
        };
        let begin = Instant::now();
        let started = self.starter.start(&request, time_left).await;
        let latency = begin.elapsed();
        match started {
            Ok(execution_arn) => {
                self.metrics.record(Count::Started, Some(latency));
                tracing::info!(
                    request_id = origin.request_id,
                    message_id = origin.message_id,
                    bucket = upload.bucket,
                    key = upload.key,
                    token = request.token.as_str(),
                    execution_arn = execution_arn.as_str(),
                    display_name = request.display_name.as_str(),
                    "execution started"
                );
                Ok(Outcome::Started {
                    execution_arn: execution_arn.as_str().to_owned(),
                    token: request.token.as_str().to_owned(),
                    input_url: request.input_url.as_str().to_owned(),
                })
            }
            Err(error) => {
                let attempt = Attempt { request: &request, latency };
                Err(self.failed(origin, Some(&upload), Some(attempt), error.into()))
            }
        }
    }

    fn skipped(&self, origin: Origin<'_>, upload: &ObjectCreated, reason: SkipReason) -> Outcome {
        self.metrics.record(Count::Skipped, None);
        tracing::info!(
            request_id = origin.request_id,
            message_id = origin.message_id,
            bucket = upload.bucket,
            key = upload.key,
            reason = reason.as_str(),
            "event skipped"
        );
        Outcome::Skipped { reason, input_url: format!("s3://{}/{}", upload.bucket, upload.key) }
    }

    fn failed(
        &self,
        origin: Origin<'_>,
        upload: Option<&ObjectCreated>,
        attempt: Option<Attempt<'_>>,
        failure: Failure,
    ) -> Failure {
        let reason = failure.reason();
        self.metrics.record(Count::Failed(reason), attempt.map(|attempt| attempt.latency));
        // Tracing fixes an event's level where it is written, hence one call a level.
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    request_id = origin.request_id,
                    message_id = origin.message_id,
                    bucket = upload.map(|upload| upload.bucket.as_str()),
                    key = upload.map(|upload| upload.key.as_str()),
                    token = attempt.map(|attempt| attempt.request.token.as_str()),
                    class = reason.class().as_str(),
                    reason = reason.as_str(),
                    error = %failure,
                    "event failed"
                )
            };
        }
        match reason.class() {
            Class::Transient => log!(warn),
            Class::NeedsOperator | Class::Permanent => log!(error),
        }
        failure
    }
}

/// Which invocation, and which message of it, an event came with.
#[derive(Clone, Copy)]
struct Origin<'a> {
    request_id: &'a str,
    message_id: Option<&'a str>,
}

/// A call that was made.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    request: &'a StartRequest,
    latency: Duration,
}

fn skip_reason(upload: &ObjectCreated) -> Option<SkipReason> {
    if upload.key.ends_with('/') {
        Some(SkipReason::FolderMarker)
    } else if upload.size == Some(0) {
        Some(SkipReason::EmptyObject)
    } else {
        None
    }
}
