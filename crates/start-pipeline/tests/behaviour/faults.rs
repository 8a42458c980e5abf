//! Errors of each class, through the real SDK.

use std::time::Duration;

use lambda_runtime::Diagnostic;

use crate::fake::{Endpoint, Function, Gate, Reply, error, sagemaker_at, sample, started};

/// Invokes the function against an endpoint that sends `replies`. Returns the error's type, its
/// message and the number of attempts.
async fn fail(replies: Vec<Reply>) -> (String, String, usize) {
    let endpoint = Endpoint::new(replies);
    let function = Function::new(endpoint.sagemaker());
    let failure = function.invoke(&sample("put-object.json")).await.unwrap_err();
    let metrics = function.metrics.json();
    assert_eq!(metrics.len(), 1);
    assert_eq!(metrics[0]["StartFailures"], 1);
    assert_eq!(metrics[0]["Reason"], failure.reason().as_str());
    assert!(metrics[0]["StartLatency"].is_number());
    let error = Diagnostic::from(failure);
    let attempts = endpoint.received().len();
    (error.error_type, error.error_message, attempts)
}

fn three(reply: impl Fn() -> Reply) -> Vec<Reply> {
    (0..3).map(|_| reply()).collect()
}

#[tokio::test]
async fn attempts_temporary_faults_three_times() {
    for (status, code, expected) in [
        (400, "ThrottlingException", "Transient.Throttled"),
        (429, "TooManyRequestsException", "Transient.Throttled"),
        (500, "InternalFailure", "Transient.ServiceFault"),
        (503, "ServiceUnavailable", "Transient.ServiceFault"),
        (502, "", "Transient.ServiceFault"),
    ] {
        let (kind, message, attempts) = fail(three(|| error(status, code))).await;
        assert_eq!(kind, expected, "{code}: {message}");
        assert_eq!(attempts, 3, "{code}");
    }
}

#[tokio::test]
async fn reports_other_errors_after_one_attempt() {
    for (code, expected) in [
        ("ResourceLimitExceeded", "Transient.ExecutionLimit"),
        ("ConflictException", "Transient.Conflict"),
        ("ResourceNotFound", "NeedsOperator.PipelineNotFound"),
        ("AccessDeniedException", "NeedsOperator.AccessDenied"),
        ("UnrecognizedClientException", "NeedsOperator.AccessDenied"),
        ("ExpiredTokenException", "NeedsOperator.AccessDenied"),
        ("ValidationException", "Permanent.RequestRefused"),
        ("SomethingNewException", "NeedsOperator.UnknownError"),
    ] {
        let (kind, message, attempts) = fail(vec![error(400, code)]).await;
        assert_eq!(kind, expected, "{code}: {message}");
        assert_eq!(attempts, 1, "{code}");
        assert!(message.contains(code), "{message}");
        assert!(message.contains("as the test wants it"), "{message}");
    }
}

#[tokio::test]
async fn recognizes_error_code_with_namespace() {
    let reply = error(400, "com.amazonaws.sagemaker#ResourceLimitExceeded");
    assert_eq!(fail(vec![reply]).await.0, "Transient.ExecutionLimit");
}

#[tokio::test]
async fn classifies_error_without_body_by_status() {
    for (status, expected) in
        [(403, "NeedsOperator.AccessDenied"), (418, "NeedsOperator.UnknownError")]
    {
        let (kind, message, _) = fail(vec![Reply::json(status, "")]).await;
        assert_eq!(kind, expected, "{message}");
        assert!(message.contains(&status.to_string()), "{message}");
    }
}

#[tokio::test]
async fn retries_closed_connection() {
    let (kind, message, attempts) = fail(three(|| Reply::Cut)).await;
    assert_eq!((kind.as_str(), attempts), ("Transient.ConnectionFailed", 3), "{message}");
}

#[tokio::test]
async fn truncated_or_invalid_response_is_a_failure() {
    let (kind, message, _) = fail(three(|| Reply::Broken(Box::new(started()), 6))).await;
    assert!(kind.starts_with("Transient."), "{kind}: {message}");
    for body in ["not JSON", "{}", "[]", "", r#"{"PipelineExecutionArn":""}"#] {
        let (kind, message, _) = fail(three(|| Reply::json(200, body))).await;
        assert_eq!(kind, "Transient.ServiceFault", "{body}: {message}");
    }
}

#[tokio::test]
async fn response_that_is_not_http_is_a_connection_failure() {
    let (kind, message, _) = fail(three(|| Reply::NotHttp)).await;
    assert_eq!(kind, "Transient.ConnectionFailed", "{message}");
}

#[tokio::test]
async fn truncates_huge_error_message_of_service() {
    let body =
        format!(r#"{{"__type":"ValidationException","message":"{}"}}"#, "x".repeat(1_000_000));
    let (_, message, _) = fail(vec![Reply::json(400, &body)]).await;
    assert!(message.len() < 2000);
}

#[tokio::test]
async fn refused_connection_is_a_connection_failure() {
    let function = Function::new(sagemaker_at("http://127.0.0.1:1"));
    let failure = function.invoke(&sample("put-object.json")).await.unwrap_err();
    assert_eq!(Diagnostic::from(failure).error_type, "Transient.ConnectionFailed");
}

#[tokio::test]
async fn accepts_certificate_of_trusted_authority() {
    let endpoint = Endpoint::tls("good", vec![started()]);
    let function = Function::new(endpoint.sagemaker());
    function.invoke(&sample("put-object.json")).await.unwrap();
    assert_eq!(endpoint.received().len(), 1);
}

#[tokio::test]
async fn invalid_certificate_is_a_connection_failure_and_nothing_is_sent() {
    for (certificate, why) in [
        ("self-signed", "UnknownIssuer"),
        ("expired", "certificate expired"),
        ("other-host", "certificate not valid for name \"localhost\""),
    ] {
        let endpoint = Endpoint::tls(certificate, three(started));
        let function = Function::new(endpoint.sagemaker());
        let failure = function.invoke(&sample("put-object.json")).await.unwrap_err();
        let error = Diagnostic::from(failure);
        assert_eq!(error.error_type, "Transient.ConnectionFailed", "{certificate}");
        assert!(error.error_message.contains(why), "{}", error.error_message);
        assert_eq!(endpoint.received().len(), 0);
    }
}

#[tokio::test]
async fn times_out_before_the_invocation_does() {
    let never = || Reply::Held(Gate::default(), Box::new(Reply::json(200, "{}")));
    let endpoint = Endpoint::new(three(never));
    let function = Function::new(endpoint.sagemaker());
    let event = sample("put-object.json");
    // The invocation has less time than the limit of 2.5 s for one attempt.
    let failure = function.invoke_within(&event, Duration::from_millis(2400)).await.unwrap_err();
    assert_eq!(Diagnostic::from(failure).error_type, "Transient.TimedOut");
    assert_eq!(endpoint.received().len(), 1);
}

#[tokio::test]
async fn aborts_slow_attempt_and_retries() {
    let never = Reply::Held(Gate::default(), Box::new(Reply::json(200, "{}")));
    let endpoint = Endpoint::new(vec![never, started()]);
    let function = Function::new(endpoint.sagemaker());
    function.invoke(&sample("put-object.json")).await.unwrap();
    assert_eq!(endpoint.received().len(), 2);
}
