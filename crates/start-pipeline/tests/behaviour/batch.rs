//! Batches of messages: each message succeeds or fails independently.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{FakeStarter, Function, sample};

fn message(id: &str, body: &str) -> Value {
    json!({ "messageId": id, "eventSource": "aws:sqs", "body": body })
}

fn batch(messages: &[Value]) -> String {
    json!({ "Records": messages }).to_string()
}

fn failed(answer: &start_pipeline::Answer) -> Vec<String> {
    let answer = serde_json::to_value(answer).unwrap();
    let failures = answer["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn reports_only_failed_messages() {
    let event = sample("put-object.json");
    let wrong = [
        json!({ "messageId": "body-is-a-number", "eventSource": "aws:sqs", "body": 5 }),
        json!({ "messageId": "odd-region", "eventSource": "aws:sqs", "body": event, "awsRegion": 5 }),
        message("no-json", "{"),
        message("empty", ""),
        json!({ "messageId": "no-body", "eventSource": "aws:sqs" }),
        message("notification", &sample("s3-notification.json")),
        message("batch-in-a-message", &sample("sqs-raw.json")),
        message("deleted", &sample("object-deleted.json")),
        message("too-long", &sample("key-1024-bytes-ascii.json")),
    ];
    let mut messages = vec![message("first", &event)];
    messages.extend(wrong);
    messages.push(message("last", &sample("put-object-again.json")));
    let starter = FakeStarter::default();
    let answer = Function::new(starter.clone()).invoke(&batch(&messages)).await.unwrap();
    assert_eq!(
        failed(&answer),
        [
            "body-is-a-number",
            "odd-region",
            "no-json",
            "empty",
            "no-body",
            "notification",
            "batch-in-a-message",
            "deleted",
            "too-long",
        ]
    );
    assert_eq!(starter.started.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn message_without_id_fails_whole_batch_before_any_start() {
    let nameless = json!({ "eventSource": "aws:sqs", "body": "{}" });
    let messages = [message("1", &sample("put-object.json")), nameless];
    let starter = FakeStarter::default();
    let failure = Function::new(starter.clone()).invoke(&batch(&messages)).await.unwrap_err();
    assert!(failure.to_string().contains("messageId"), "{failure}");
    assert!(starter.started.lock().unwrap().is_empty());
}

#[tokio::test]
async fn reports_messages_without_time_left_as_failed() {
    let event = sample("put-object.json");
    let messages: Vec<Value> =
        (0..5).map(|number| message(&format!("m{number}"), &event)).collect();
    let starter = FakeStarter { lingers_at: Some(2), ..FakeStarter::default() };
    let function = Function::new(starter.clone());
    let answer = function.invoke_within(&batch(&messages), Duration::from_secs(7)).await.unwrap();
    assert_eq!(failed(&answer), ["m2", "m3", "m4"]);
    assert_eq!(starter.started.lock().unwrap().len(), 2);
    let metrics = function.metrics.json();
    let late = metrics.iter().filter(|line| line["Reason"] == "OutOfTime");
    assert_eq!(late.count(), 3);
}

#[tokio::test]
async fn skips_without_time_left() {
    let messages = [message("folder", &sample("folder-marker.json"))];
    let function = Function::new(FakeStarter::default());
    let answer =
        function.invoke_within(&batch(&messages), Duration::from_millis(300)).await.unwrap();
    assert!(failed(&answer).is_empty());
}

#[tokio::test]
async fn counts_each_message_once() {
    let function = Function::new(FakeStarter::default());
    function.invoke(&sample("sqs-mixed-one-bad.json")).await.unwrap();
    let metrics = function.metrics.json();
    let count = |name: &str| metrics.iter().filter(|line| line[name] == 1).count();
    assert_eq!(metrics.len(), 4);
    assert_eq!(count("ExecutionsStarted"), 2);
    assert_eq!(count("StartFailures"), 1);
    assert_eq!(count("EventsSkipped"), 1);
}
