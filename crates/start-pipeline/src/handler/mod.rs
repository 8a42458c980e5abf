//! Handles invocations: every event results in a started execution, a skip, or a failure. Each of
//! these is logged and counted.

mod answer;

use std::io::Write;
use std::time::{Duration, Instant};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use lambda_runtime::LambdaEvent;

use crate::deadline::Deadline;
use crate::event::{Incoming, InvalidEvent, Message, ObjectCreated};
use crate::excerpt::excerpt;
use crate::metrics::{Count, Metrics};
use crate::request::{InputVersion, ParameterNames, PipelineNameOrArn, StartRequest};
use crate::start::{ATTEMPT_TIMEOUT, Class, StartExecution};

pub use answer::{Answer, Failure, Outcome, SkipReason};

/// Maximum length of a key in logs, in characters. No valid S3 key is longer.
const KEY_MAX: usize = 1024;

/// Starts executions of one pipeline for the events of invocations.
#[derive(Debug)]
pub struct Handler<S, W> {
    pipeline: PipelineNameOrArn,
    parameter_names: ParameterNames,
    starter: S,
    metrics: Metrics<W>,
}

impl<S: StartExecution, W: Write> Handler<S, W> {
    /// Creates a handler that starts `pipeline` through `starter`, and passes the object's URL and
    /// version ID as the parameters with these names.
    pub fn new(
        pipeline: PipelineNameOrArn,
        parameter_names: ParameterNames,
        starter: S,
        metrics: Metrics<W>,
    ) -> Self {
        Self { pipeline, parameter_names, starter, metrics }
    }

    /// Handles one invocation. The payload is the received text, or `None` if it was not UTF-8.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if the single event failed, or the batch is invalid. Failed messages of a
    /// batch are part of the [`Answer`].
    pub async fn handle(&self, invocation: LambdaEvent<Option<String>>) -> Result<Answer, Failure> {
        let LambdaEvent { payload, context, .. } = invocation;
        let deadline = Deadline::new(context.deadline());
        let origin = Origin { request_id: &context.request_id, message_id: None };
        match payload.as_deref().ok_or(InvalidEvent::NotUtf8).and_then(Incoming::parse) {
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

    /// Processes the messages in order. A message that fails, or for which no time is left, stays in
    /// the queue.
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

    /// Processes one event, and writes one log line and one line of metrics for it.
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
        if let Some(reason) = SkipReason::of(&upload) {
            return Ok(self.skipped(origin, &upload, reason));
        }
        if origin.message_id.is_some() && time_left < ATTEMPT_TIMEOUT {
            return Err(self.failed(origin, Some(&upload), None, Failure::OutOfTime));
        }
        let request = match StartRequest::new(&self.pipeline, &self.parameter_names, &upload) {
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
                    version_id = request.input_version.as_ref().map(InputVersion::as_str),
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
            bucket = %excerpt(&upload.bucket, KEY_MAX),
            key = %excerpt(&upload.key, KEY_MAX),
            reason = reason.as_str(),
            "event skipped"
        );
        let input_url = format!("s3://{}/{}", upload.bucket, upload.key);
        Outcome::Skipped { reason, input_url: excerpt(&input_url, 2 * KEY_MAX).into_owned() }
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
        // Tracing requires a constant level for each call.
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    request_id = origin.request_id,
                    message_id = origin.message_id,
                    bucket = upload.map(|upload| excerpt(&upload.bucket, KEY_MAX)).as_deref(),
                    key = upload.map(|upload| excerpt(&upload.key, KEY_MAX)).as_deref(),
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

/// The invocation, and the message in it, that contained an event.
#[derive(Clone, Copy)]
struct Origin<'a> {
    request_id: &'a str,
    message_id: Option<&'a str>,
}

/// A call to SageMaker.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    request: &'a StartRequest,
    latency: Duration,
}
