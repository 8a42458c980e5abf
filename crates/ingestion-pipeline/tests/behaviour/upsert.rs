//! `upsert` against an HTTP endpoint.

use ingestion_pipeline::upsert::{Action, Deployment};
use ingestion_pipeline::{FlowChoice, FlowFile, engine};
use serde_json::{Value, json};

use crate::endpoint::{ARN, Endpoint, Reply, answer, error, not_found, transcript};
use crate::{abalone, read};

pub(crate) const UPSERT: [&str; 3] = ["upsert", "--file", "minimal.yaml"];
const UPSERT_NO_FLOW: [&str; 3] = ["upsert", "--file", "no-flow.yaml"];
pub(crate) const FLOW: &str =
    "PUT /sagemaker-eu-west-1-123456789012/s3-fs-ingest-pipeline-p-abcdefghijkl/flows/";
const ROLE: &str = "arn:aws:iam::123456789012:role/service-role/ingestion";

fn deployment() -> Deployment {
    let settings = read("minimal.yaml", &[]).unwrap();
    let flow = FlowFile::read(&abalone(), FlowChoice::default()).unwrap();
    let definition = engine::build(&settings, &flow).unwrap();
    Deployment::new(&settings, &definition, Vec::new())
}

fn flow() -> Value {
    serde_json::from_slice(&abalone()).unwrap()
}

/// Returns the address of the data in a copy of `abalone.flow`.
fn data_address(flow: &Value) -> &Value {
    &flow["nodes"][0]["parameters"]["dataset_definition"]["s3ExecutionContext"]["s3Uri"]
}

fn without_data_address(flow: &Value) -> Value {
    let mut flow = flow.clone();
    flow["nodes"][0]["parameters"]["dataset_definition"]["s3ExecutionContext"]["s3Uri"].take();
    flow
}

/// Builds the definition of `minimal.yaml`.
pub(crate) fn definition() -> Value {
    let output = Endpoint::new(Vec::new()).run(&["build", "--file", "minimal.yaml"]);
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn deployed(definition: &Value) -> Reply {
    answer(json!({
        "PipelineArn": ARN,
        "PipelineDefinition": definition.to_string(),
        "PipelineDescription": "automated ingestion from s3 to feature store",
        "RoleArn": ROLE,
    }))
}

pub(crate) fn tags(more: &[(&str, &str)]) -> Reply {
    let ours = [("sagemaker:project-name", "abalone"), ("sagemaker:project-id", "p-abcdefghijkl")];
    let tags = ours.iter().chain(more).map(|(key, value)| json!({ "Key": key, "Value": value }));
    answer(json!({ "Tags": tags.collect::<Vec<_>>() }))
}

pub(crate) fn created() -> Reply {
    answer(json!({ "PipelineArn": ARN }))
}

#[test]
fn creates_pipeline_after_storing_its_flow() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", not_found()),
        (FLOW, Reply::bytes(200, Vec::new())),
        ("CreatePipeline", created()),
    ]);
    let output = endpoint.run(&UPSERT);
    insta::assert_snapshot!(transcript(&output));
    let received = endpoint.received();
    assert_eq!(received.len(), 3);
    let stored: Value = serde_json::from_slice(&received[1].body).unwrap();
    assert_eq!(without_data_address(&stored), without_data_address(&flow()));
    let head = received[1].head.to_ascii_lowercase();
    assert!(head.contains("/eu-west-1/s3/aws4_request"), "{head}");
    assert!(head.contains("x-amz-content-sha256: "), "{head}");
    insta::assert_snapshot!(serde_json::to_string_pretty(&received[2].json()).unwrap());
}

#[test]
fn leaves_unchanged_pipeline_alone() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", deployed(&definition())),
        ("ListTags", tags(&[("owner", "someone else")])),
    ]);
    let output = endpoint.run(&["upsert", "--file", "minimal.yaml", "--json"]);
    assert_eq!(
        transcript(&output),
        format!(
            "exit code: 0\n----- stdout\n{{\"action\":\"unchanged\",\"arn\":\"{ARN}\"}}\n----- stderr\n"
        )
    );
    assert_eq!(endpoint.operations(), ["DescribePipeline", "ListTags"]);
}

#[test]
fn sends_everything_if_anything_differs() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", deployed(&definition())),
        ("ListTags", tags(&[])),
        (FLOW, Reply::bytes(200, Vec::new())),
        ("UpdatePipeline", created()),
    ]);
    let mut command = endpoint.command(&UPSERT);
    let output = command.env("PIPELINE_DESCRIPTION", "new").output().unwrap();
    assert!(output.status.success());
    let sent = endpoint.received()[3].json();
    assert_eq!(sent["PipelineDescription"], "new");
    assert_eq!(sent["RoleArn"], ROLE);
    let text = sent["PipelineDefinition"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), definition());
}

#[test]
fn adds_tags_and_keeps_others() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", deployed(&definition())),
        ("ListTags", tags(&[("team", "rocks"), ("owner", "someone else")])),
        ("AddTags", answer(json!({}))),
    ]);
    let mut command = endpoint.command(&UPSERT);
    let output = command.env("PIPELINE_TAGS", "{team: shells, cost: '42'}").output().unwrap();
    assert!(output.status.success(), "{}", transcript(&output));
    let body = endpoint.received()[2].json();
    let expected = json!([{"Key": "cost", "Value": "42"}, {"Key": "team", "Value": "shells"}]);
    assert_eq!(body["Tags"], expected);
}

#[test]
fn dry_run_shows_differences_and_only_reads() {
    let mut old = definition();
    old["Parameters"][1]["DefaultValue"] = json!(2);
    old["Steps"][0].as_object_mut().unwrap().remove("RetryPolicies");
    let script = || vec![("DescribePipeline", deployed(&old)), ("ListTags", tags(&[]))];
    let endpoint = Endpoint::new(script());
    let output = endpoint.run(&["upsert", "--file", "minimal.yaml", "--dry-run"]);
    insta::assert_snapshot!(transcript(&output));
    assert_eq!(endpoint.operations(), ["DescribePipeline", "ListTags"]);

    let endpoint = Endpoint::new(script());
    let output = endpoint.run(&["upsert", "--file", "minimal.yaml", "--dry-run", "--json"]);
    let changes: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(changes["action"], "update");
    assert_eq!(changes["changes"], json!(["parameter ProcessingInstanceCount: `2` -> `1`"]));
}

#[test]
fn dry_run_shows_all_of_a_new_pipeline() {
    let endpoint = Endpoint::new(vec![("DescribePipeline", not_found())]);
    let output = endpoint.run(&["upsert", "--file", "minimal.yaml", "--dry-run"]);
    let text = transcript(&output);
    let head: Vec<_> = text.lines().take(16).collect();
    insta::assert_snapshot!(head.join("\n"));
    assert_eq!(endpoint.operations(), ["DescribePipeline"]);
}

#[test]
fn updates_pipeline_that_someone_else_created() {
    let mut theirs = definition();
    theirs["Parameters"][1]["DefaultValue"] = json!(2);
    for refusal in [
        error(400, "ValidationException", "Pipeline with name (x) already exists."),
        error(400, "ConflictException", "The pipeline already exists"),
        error(400, "ConflictException", "Another operation is in progress"),
    ] {
        let endpoint = Endpoint::new(vec![
            ("DescribePipeline", not_found()),
            (FLOW, Reply::bytes(200, Vec::new())),
            ("CreatePipeline", refusal),
            ("DescribePipeline", deployed(&theirs)),
            ("ListTags", tags(&[])),
            (FLOW, Reply::bytes(200, Vec::new())),
            ("UpdatePipeline", created()),
        ]);
        let output = endpoint.run(&UPSERT);
        assert!(output.status.success(), "{}", transcript(&output));
        assert_eq!(endpoint.operations().len(), 7);
    }
}

#[test]
fn invalid_settings_and_flows_send_no_request() {
    let endpoint = Endpoint::new(Vec::new());
    for (name, value) in [
        ("PROCESSING_INSTANCE_COUNT", "none"),
        ("DW_FLOW_URL", "minimal.yaml"),
        ("DW_FLOW_OUTPUT_NAME", "other"),
    ] {
        let flow = [("DW_FLOW_URL", "../../../../flows/abalone.flow"), (name, value)];
        let output = endpoint.command(&UPSERT_NO_FLOW).envs(flow).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}");
    }
    assert!(endpoint.operations().is_empty());
}

#[test]
fn native_engine_reads_a_flow_in_s3_where_it_is() {
    let endpoint = Endpoint::new(vec![
        ("GET /amzn-s3-demo-bucket/flows/my%20abalone.flow", Reply::bytes(200, abalone())),
        ("DescribePipeline", not_found()),
        ("CreatePipeline", created()),
    ]);
    let mut command = endpoint.command(&UPSERT_NO_FLOW);
    command.env("DW_FLOW_URL", "s3://amzn-s3-demo-bucket/flows/my abalone.flow");
    command.env("PIPELINE_ENGINE", "native");
    command.env("INGEST_FEATURES_URL", "s3://amzn-s3-demo-bucket/ingest-features");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", transcript(&output));
    assert_eq!(endpoint.operations().len(), 3);
}

#[test]
fn data_wrangler_gets_a_copy_of_a_flow_in_s3_that_does_not_name_its_data() {
    let endpoint = Endpoint::new(vec![
        ("GET /amzn-s3-demo-bucket/flows/my%20abalone.flow", Reply::bytes(200, abalone())),
        ("DescribePipeline", not_found()),
        (FLOW, Reply::bytes(200, Vec::new())),
        ("CreatePipeline", created()),
    ]);
    let mut command = endpoint.command(&UPSERT_NO_FLOW);
    command.env("DW_FLOW_URL", "s3://amzn-s3-demo-bucket/flows/my abalone.flow");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", transcript(&output));
    let stored = &endpoint.received()[2].body;
    let stored: Value = serde_json::from_slice(stored).unwrap();
    assert_eq!(without_data_address(&stored), without_data_address(&flow()));
    let address = data_address(&stored).as_str().unwrap();
    assert!(address.ends_with("/input-was-not-bound/abalone.csv"), "{address}");
}

#[test]
fn names_flow_missing_in_s3() {
    let xml =
        "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>";
    let endpoint = Endpoint::new(vec![("GET", Reply::bytes(404, xml))]);
    let mut command = endpoint.command(&UPSERT_NO_FLOW);
    let output = command.env("DW_FLOW_URL", "s3://amzn-s3-demo-bucket/gone.flow").output().unwrap();
    insta::assert_snapshot!(transcript(&output));
}

#[test]
fn denied_request_gives_a_hint() {
    let message = "User is not authorized to perform: sagemaker:DescribePipeline";
    let endpoint =
        Endpoint::new(vec![("DescribePipeline", error(400, "AccessDeniedException", message))]);
    insta::assert_snapshot!(transcript(&endpoint.run(&UPSERT)));
}

#[test]
fn unreachable_service_gives_a_hint() {
    let mut command = Endpoint::new(Vec::new()).command(&UPSERT);
    let output = command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").output().unwrap();
    let text = transcript(&output);
    assert!(
        text.contains("error: describing the pipeline s3-fs-ingest-pipeline-p-abcdefghijkl: "),
        "{text}"
    );
    assert!(text.contains("hint: check the network, the region, and AWS_ENDPOINT_URL"), "{text}");
}

#[tokio::test]
async fn large_definition_goes_through_s3() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", not_found()),
        (
            "PUT /sagemaker-eu-west-1-123456789012/s3-fs-ingest-pipeline-p-abcdefghijkl/definitions/",
            Reply::bytes(200, Vec::new()),
        ),
        ("CreatePipeline", created()),
    ]);
    let mut large = definition();
    large["Metadata"] = json!({ "note": "x".repeat(100 * 1024) });
    let deployment = deployment().with_definition(large.to_string());
    let upserted = deployment.upsert(&endpoint.aws()).await.unwrap();
    assert_eq!(upserted.action, Action::Create);
    let received = endpoint.received();
    assert_eq!(received[1].body, large.to_string().into_bytes());
    let body = received[2].json();
    assert!(body.get("PipelineDefinition").is_none());
    let at = &body["PipelineDefinitionS3Location"];
    assert_eq!(at["Bucket"], "sagemaker-eu-west-1-123456789012");
    let key = at["ObjectKey"].as_str().unwrap();
    assert!(received[1].operation.ends_with(key), "{key}");
}

#[tokio::test]
async fn retries_faults() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", Reply::Cut),
        ("DescribePipeline", error(500, "InternalFailure", "oh")),
        ("DescribePipeline", deployed(&definition())),
        ("ListTags", error(400, "ThrottlingException", "slow down")),
        ("ListTags", tags(&[])),
    ]);
    let upserted = deployment().upsert(&endpoint.aws()).await.unwrap();
    assert_eq!(upserted.action, Action::Nothing);
}

#[tokio::test]
async fn failed_storing_leaves_the_pipeline_unchanged() {
    let mut large = definition();
    large["Metadata"] = json!({ "note": "x".repeat(100 * 1024) });
    let error = || Reply::bytes(503, b"<Error><Code>SlowDown</Code></Error>".to_vec());
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", not_found()),
        ("PUT", error()),
        ("PUT", Reply::Cut),
        ("PUT", error()),
    ]);
    let deployment = deployment().with_definition(large.to_string());
    let error = deployment.upsert(&endpoint.aws()).await.unwrap_err().to_string();
    assert!(error.contains("SlowDown") && error.contains("HTTP 503"), "{error}");
    assert_eq!(endpoint.operations().len(), 4);
}
