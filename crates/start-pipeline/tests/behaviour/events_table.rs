//! Checks each row of the table in `events/README.md`.

use std::collections::BTreeSet;

use lambda_runtime::Diagnostic;
use serde_json::Value;
use start_pipeline::{Incoming, ObjectCreated};

use crate::fake::{FakeStarter, Function, sample};

struct Row {
    file: String,
    outcome: String,
    expected: String,
}

fn rows() -> Vec<Row> {
    let rows: Vec<Row> = sample("README.md")
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<String> =
                line.split('|').map(|cell| cell.trim().replace('`', "")).collect();
            let [_, file, _, outcome, expected, _] = cells.as_slice() else {
                panic!("not a row of four cells: {line}");
            };
            Row { file: file.clone(), outcome: outcome.clone(), expected: expected.clone() }
        })
        .collect();
    assert!(!rows.is_empty());
    rows
}

/// Returns `s3://bucket/key` for the fixture.
fn url(event: &str) -> String {
    let event: Value = serde_json::from_str(event).unwrap();
    let event = event.get("requestPayload").unwrap_or(&event);
    let text = |pointer| event.pointer(pointer).and_then(Value::as_str).unwrap();
    format!("s3://{}/{}", text("/detail/bucket/name"), text("/detail/object/key"))
}

#[test]
fn table_lists_exactly_the_sample_files() {
    let folder = format!("{}/../../events", env!("CARGO_MANIFEST_DIR"));
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let files: BTreeSet<String> =
        names.map(|name| name.into_string().unwrap()).filter(|name| name != "README.md").collect();
    let listed: BTreeSet<String> = rows().into_iter().map(|row| row.file).collect();
    assert_eq!(files, listed);
}

#[tokio::test]
async fn each_sample_has_the_outcome_in_the_table() {
    for Row { file, outcome, expected } in rows() {
        let starter = FakeStarter::default();
        let event = sample(&file);
        let answer = Function::new(starter.clone()).invoke(&event).await;
        let answer =
            answer.map(|answer| serde_json::to_value(answer).unwrap()).map_err(Diagnostic::from);
        let requests = starter.started.lock().unwrap();
        match outcome.as_str() {
            "started" => {
                let answer = answer.unwrap();
                assert_eq!(answer["outcome"], "started", "{file}");
                assert_eq!(answer["input_url"], url(&event), "{file}");
                assert_eq!(answer["execution_arn"], "arn:execution/0", "{file}");
                let [request] = requests.as_slice() else { panic!("{file}: {requests:?}") };
                assert_eq!(answer["token"], request.token.as_str(), "{file}");
                assert_eq!(request.display_name.as_str(), expected, "{file}");
                assert_eq!(request.input_url.as_str(), url(&event), "{file}");
            }
            "skipped" => {
                let answer = answer.unwrap();
                assert_eq!(answer["outcome"], "skipped", "{file}");
                assert_eq!(answer["reason"], expected, "{file}");
                assert_eq!(answer["input_url"], url(&event), "{file}");
                assert!(requests.is_empty(), "{file}");
            }
            "failed" => {
                let error = answer.unwrap_err();
                assert_eq!(error.error_type, expected, "{file}: {}", error.error_message);
                assert!(requests.is_empty(), "{file}");
            }
            "batch" => {
                let answer = answer.unwrap();
                let failures = answer["batchItemFailures"].as_array().unwrap();
                let ids =
                    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap());
                let ids = ids.collect::<Vec<_>>().join(" ");
                assert_eq!(if ids.is_empty() { "none" } else { &ids }, expected, "{file}");
            }
            other => panic!("{file}: no outcome is called {other}"),
        }
    }
}

#[tokio::test]
async fn redelivery_finds_execution_and_new_upload_starts_another() {
    let starter = FakeStarter::default();
    let function = Function::new(starter);
    let mut arns = Vec::new();
    for file in ["put-object.json", "put-object-redelivered.json", "put-object-again.json"] {
        let answer = serde_json::to_value(function.invoke(&sample(file)).await.unwrap()).unwrap();
        arns.push(answer["execution_arn"].clone());
    }
    assert_eq!(arns[0], arns[1]);
    assert_ne!(arns[0], arns[2]);
}

#[tokio::test]
async fn wrapped_events_give_the_same_request() {
    let starter = FakeStarter::default();
    let function = Function::new(starter.clone());
    function.invoke(&sample("put-object.json")).await.unwrap();
    function.invoke(&sample("lambda-destination-envelope.json")).await.unwrap();
    for batch in ["sqs-enveloped.json", "sqs-sns-notification.json", "sqs-encoded-twice.json"] {
        function.invoke(&sample(batch)).await.unwrap();
    }
    let requests = starter.started.lock().unwrap();
    assert_eq!(requests.len(), 7);
    assert!(requests.iter().all(|request| *request == requests[0]));
}

#[tokio::test]
async fn ignores_invalid_values_in_unused_and_optional_fields() {
    for odd in [
        r#""id": 5, "version": {}, "account": null, "region": [], "resources": "x", "more": "\ud800""#,
        r#""time": null"#,
        r#""time": """#,
        r#""time": "yesterday""#,
        r#""time": 1795309323"#,
    ] {
        let event = format!(
            r#"{{"detail-type": "Object Created", "source": "aws.s3", {odd}, "detail": {{
                "reason": 5, "requester": [], "bucket": {{"name": "bucket", "arn": 5}},
                "object": {{"key": "a.csv", "size": null, "etag": null, "sequencer": ""}}}}}}"#
        );
        let starter = FakeStarter::default();
        Function::new(starter.clone()).invoke(&event).await.unwrap();
        assert_eq!(starter.started.lock().unwrap()[0].display_name.as_str(), "a", "{odd}");
    }
}

#[tokio::test]
async fn truncates_huge_text_in_messages_and_answers() {
    let huge = "x".repeat(1_000_000);
    let event = |detail_type: &str, bucket: &str, key: &str| {
        let detail = serde_json::json!({ "bucket": { "name": bucket }, "object": { "key": key } });
        serde_json::json!({ "source": "aws.s3", "detail-type": detail_type, "detail": detail })
            .to_string()
    };
    for text in [
        event(&huge, "bucket", "key"),
        event("Object Created", &huge, "key"),
        event("Object Created", "bucket", &huge),
    ] {
        let failure = Function::new(FakeStarter::default()).invoke(&text).await.unwrap_err();
        assert!(failure.to_string().len() < 1000);
    }
    let folder = event("Object Created", "bucket", &format!("{huge}/"));
    let answer = Function::new(FakeStarter::default()).invoke(&folder).await.unwrap();
    assert!(serde_json::to_string(&answer).unwrap().len() < 10_000);
}

#[tokio::test]
async fn rejects_other_payloads_with_specific_messages() {
    let mut refusals = Vec::new();
    let files = [
        "object-deleted.json",
        "cloudtrail-put-object.json",
        "s3-notification.json",
        "not-json.txt",
        "pipes-array.json",
        "detail-alone.json",
        "detail-as-string.json",
        "destination-through-event-bus.json",
        "key-1024-bytes-ascii.json",
    ];
    for text in files.map(sample).iter().map(String::as_str).chain([
        "",
        "null",
        r#"{"detail-type": "Object Created", "source": "aws.s3", "detail": {}} x"#,
        "{}{}",
        "[]",
        "\"text\"",
        "5",
        "true",
        r#""\"{}\"""#,
        r#""{\"Records\": [{\"eventSource\": \"aws:sqs\", \"messageId\": \"1\"}]}""#,
        "{\0\"\0d\0",
        r#"{"detail": {"bucket": {"name": "b"}, "object": {"key": "k"}}}"#,
        r#"{"bucket": "b", "key": "k"}"#,
        r#"{"Type": "SubscriptionConfirmation", "TopicArn": "arn", "Message": "You have chosen", "SubscribeURL": "https://"}"#,
        r#"{"Type": "Notification", "TopicArn": "arn", "Message": "plain text"}"#,
        r#"{"Type": "Notification", "TopicArn": "arn", "Message": {"a": 1}}"#,
        "{}",
        r#"{"Records": []}"#,
        r#"{"Records": {}}"#,
        r#"{"Records": [{"EventSource": "aws:sns", "Sns": {}}]}"#,
        r#"{"Records": [{"eventSource": "aws:sqs", "messageId": "1"}, {"eventSource": "aws:s3"}]}"#,
        r#"{"Records": [{"eventSource": "aws:sqs", "body": "{}"}]}"#,
        r#"{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}"#,
        r#"{"requestPayload": {"requestPayload": {}}}"#,
        r#"{"requestPayload": {"Records": [{"eventSource": "aws:sqs"}]}}"#,
        r#"{"detail-type": "Object Created", "source": "my.app", "detail": {}}"#,
        r#"{"detail-type": "Object Created", "source": "aws.s3"}"#,
        r#"{"detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": {"name": "b"}, "object": {}}}"#,
        r#"{"detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": {"name": "bucket"}, "object": {"key": "k", "size": -1}}}"#,
        r#"{"detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": {"name": "bucket"}, "object": {"key": "a", "key": "b"}}}"#,
        r#"{"detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": {"name": "bucket"}, "object": {"key": "\ud800"}}}"#,
        r#"{"detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": {"name": "bucket"}, "object": {"key": ""}}}"#,
        r#"{"detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": {"name": "a/b"}, "object": {"key": "k"}}}"#,
    ]) {
        let failure = Function::new(FakeStarter::default()).invoke(text).await.unwrap_err();
        let start: String = text.chars().take(60).collect();
        refusals.push(format!("{}\n  {failure}", start.replace(['\n', '\0'], " ")));
    }
    insta::assert_snapshot!(refusals.join("\n"));
}

/// Messages contain neither values of the event nor names that the sender chose.
#[tokio::test]
async fn messages_never_quote_values_of_the_event() {
    let secret = "jane.doe@example.com";
    let event = serde_json::from_str::<Value>(&sample("put-object.json")).unwrap();
    let message = |changed: &str, value: &Value| {
        let mut record = serde_json::json!({ "eventSource": "aws:sqs", "messageId": "1" });
        record[changed] = value.clone();
        serde_json::json!({ "Records": [record] }).to_string()
    };
    let values = [
        serde_json::json!(secret),
        serde_json::json!(format!("{secret}, expected a string at line 1 column 2")),
        serde_json::json!([secret]),
        serde_json::json!({ secret: { secret: secret } }),
        serde_json::json!(4_242_424_242_i64),
        serde_json::json!(4242.5),
        serde_json::json!(true),
        Value::Null,
    ];
    for value in &values {
        for place in [
            "/detail",
            "/detail/bucket",
            "/detail/bucket/name",
            "/detail/object",
            "/detail/object/key",
            "/detail/object/size",
            "/detail/object/sequencer",
            "/detail/object/version-id",
        ] {
            let mut changed = event.clone();
            if let Some(member) = changed.pointer_mut(place) {
                *member = value.clone();
            } else {
                changed["detail"]["object"]["version-id"] = value.clone();
            }
            let text = changed.to_string();
            if let Err(failure) = ObjectCreated::parse(&text) {
                let failure = failure.to_string();
                assert!(!failure.contains("jane") && !failure.contains("4242"), "{failure}");
            }
        }
        for member in ["attributes", "messageAttributes", "body", "awsRegion", "messageId"] {
            let text = match Incoming::parse(&message(member, value)) {
                Ok(Incoming::Batch(messages)) => messages[0]
                    .event()
                    .map_or_else(|failure| failure.to_string(), |_| String::new()),
                Ok(_) => String::new(),
                Err(failure) => failure.to_string(),
            };
            assert!(!text.contains("jane") && !text.contains("4242"), "{member}: {text}");
        }
    }
}
