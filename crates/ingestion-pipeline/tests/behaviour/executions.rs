//! `start`, `wait`, `list` and `delete` against an HTTP endpoint.

use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::endpoint::{ARN, Endpoint, PIPELINE, Reply, answer, not_found, transcript};

pub(crate) const EXECUTION: &str = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/s3-fs-ingest-pipeline-p-abcdefghijkl/execution/abcdefghijkl";
const FILE: [&str; 2] = ["--file", "minimal.yaml"];

pub(crate) fn run(endpoint: &Endpoint, arguments: &[&str]) -> String {
    transcript(&endpoint.run(&[arguments, &FILE[..]].concat()))
}

pub(crate) fn deployed() -> Reply {
    let built = Endpoint::new(Vec::new()).run(&["build", "--file", "minimal.yaml"]);
    let definition = String::from_utf8(built.stdout).unwrap();
    answer(json!({ "PipelineArn": ARN, "PipelineDefinition": definition }))
}

pub(crate) fn execution(status: &str, failure: Option<&str>) -> Reply {
    answer(json!({
        "PipelineExecutionArn": EXECUTION,
        "PipelineExecutionStatus": status,
        "FailureReason": failure,
        "CreationTime": 1_795_341_600,
        "LastModifiedTime": 1_795_341_783,
    }))
}

pub(crate) fn steps(status: &str, failure: Option<&str>) -> Reply {
    answer(json!({ "PipelineExecutionSteps": [{
        "StepName": "datawrangler-processing-to-feature-store",
        "StepStatus": status,
        "FailureReason": failure,
        "AttemptCount": 1,
        "Metadata": { "ProcessingJob": {
            "Arn": "arn:aws:sagemaker:eu-west-1:123456789012:processing-job/pipelines-abc-dw-1"
        } },
    }] }))
}

pub(crate) fn summaries(statuses: &[&str]) -> Reply {
    let summaries = statuses.iter().map(|status| {
        json!({
            "PipelineExecutionArn": EXECUTION,
            "PipelineExecutionDisplayName": "abalone-20261122-100000",
            "PipelineExecutionStatus": status,
            "StartTime": 1_795_341_600,
        })
    });
    answer(json!({ "PipelineExecutionSummaries": summaries.collect::<Vec<_>>() }))
}

#[test]
fn start_sends_parameters() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", deployed()),
        ("StartPipelineExecution", answer(json!({ "PipelineExecutionArn": EXECUTION }))),
    ]);
    let text = run(
        &endpoint,
        &["start", "InputDataUrl=s3://amzn-s3-demo-bucket/a=b.csv", "ProcessingInstanceCount=2"],
    );
    assert_eq!(text, format!("exit code: 0\n----- stdout\n{EXECUTION}\n----- stderr\n"));
    let expected = json!({
        "PipelineName": PIPELINE,
        "ClientRequestToken": "TOKEN",
        "PipelineParameters": [
            {"Name": "InputDataUrl", "Value": "s3://amzn-s3-demo-bucket/a=b.csv"},
            {"Name": "ProcessingInstanceCount", "Value": "2"},
        ],
    });
    assert_eq!(endpoint.received()[1].json(), expected);
}

#[test]
fn start_rejects_mismatched_parameters() {
    let endpoint = Endpoint::new(vec![("DescribePipeline", deployed())]);
    let long = format!("FeatureGroupName={}", "x".repeat(1025));
    insta::assert_snapshot!(run(
        &endpoint,
        &[
            "start",
            "InputDataUrI=s3://amzn-s3-demo-bucket/a.csv",
            "Xyzzy=1",
            "ProcessingInstanceCount=two",
            "FlowOutputName=other.default",
            &long,
        ]
    ));
    assert_eq!(endpoint.operations(), ["DescribePipeline"]);
}

#[test]
fn start_rejects_malformed_parameters() {
    let endpoint = Endpoint::new(Vec::new());
    assert!(run(&endpoint, &["start", "InputDataUrl"]).contains("expected NAME=VALUE"));
    assert!(run(&endpoint, &["start", "A=1", "A=2"]).contains("`A` is given twice"));
}

#[test]
fn start_names_missing_pipeline() {
    let endpoint = Endpoint::new(vec![("DescribePipeline", not_found())]);
    insta::assert_snapshot!(run(&endpoint, &["start", "--pipeline", "other"]));
}

#[test]
fn start_needs_only_pipeline_and_region() {
    let endpoint = Endpoint::new(vec![("DescribePipeline", not_found())]);
    let mut command = endpoint.command(&["start", "--pipeline", "other"]);
    let text = transcript(&command.env("AWS_REGION", "ap-northeast-2").output().unwrap());
    assert!(text.contains("there is no pipeline other in ap-northeast-2"), "{text}");
}

#[test]
fn wait_follows_newest_execution() {
    let endpoint = Endpoint::new(vec![
        ("ListPipelineExecutions", summaries(&["Executing"])),
        ("DescribePipelineExecution", execution("Executing", None)),
        ("ListPipelineExecutionSteps", steps("Executing", None)),
        ("DescribePipelineExecution", execution("Succeeded", None)),
        ("ListPipelineExecutionSteps", steps("Succeeded", None)),
    ]);
    let output = endpoint.run(&["wait", "--file", "minimal.yaml"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "Succeeded after 3m 03s\n");
    let log = String::from_utf8(output.stderr).unwrap();
    let words: Vec<_> = log.lines().map(|line| line.split_once("  ").unwrap().1.trim()).collect();
    let words: Vec<_> =
        words.iter().map(|line| line.rsplit_once("  ").map_or(*line, |(_, words)| words)).collect();
    assert_eq!(
        words,
        [
            "step datawrangler-processing-to-feature-store Executing",
            "execution Executing",
            "step datawrangler-processing-to-feature-store Succeeded",
            "execution Succeeded",
        ]
    );
}

#[test]
fn wait_reports_reason_step_and_log_of_a_failure() {
    let script = || {
        vec![
            ("DescribePipelineExecution", execution("Failed", Some("Step failure."))),
            ("ListPipelineExecutionSteps", steps("Failed", Some("AlgorithmError: exit code 1"))),
        ]
    };
    let endpoint = Endpoint::new(script());
    let output = endpoint.run(&["wait", EXECUTION]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    insta::assert_snapshot!(text[text.find("error").unwrap()..].to_owned());

    let output = Endpoint::new(script()).run(&["wait", EXECUTION, "--json"]);
    let end: Value = serde_json::from_slice(&output.stdout).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&end).unwrap());
}

#[test]
fn wait_fails_for_stopped_execution() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipelineExecution", execution("Stopped", None)),
        ("ListPipelineExecutionSteps", answer(json!({ "PipelineExecutionSteps": [] }))),
    ]);
    assert_eq!(endpoint.run(&["wait", EXECUTION]).status.code(), Some(1));
}

#[test]
fn wait_rejects_other_arns() {
    let endpoint = Endpoint::new(Vec::new());
    for arn in [ARN, "abcdefghijkl", "arn:aws:s3:::bucket"] {
        assert!(run(&endpoint, &["wait", arn]).contains("is not an execution ARN"), "{arn}");
    }
}

#[test]
fn ctrl_c_leaves_the_execution_running() {
    let looks = (0..8).flat_map(|_| {
        [
            ("DescribePipelineExecution", execution("Executing", None)),
            ("ListPipelineExecutionSteps", steps("Executing", None)),
        ]
    });
    let endpoint = Endpoint::new(looks.collect());
    let child = endpoint.spawn(&["wait", EXECUTION]);
    while endpoint.operations().len() < 2 {
        thread::sleep(Duration::from_millis(20));
    }
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(&format!("interrupted; the execution {EXECUTION} continues")), "{text}");
    assert!(text.contains(&format!("hint: `ingestion-pipeline wait {EXECUTION}`")), "{text}");
    assert!(!endpoint.operations().iter().any(|operation| operation.starts_with("Stop")));
}

#[test]
fn list_shows_executions() {
    let script = || {
        let input =
            json!({"Name": "InputDataUrl", "Value": "s3://amzn-s3-demo-bucket/abalone.csv"});
        vec![
            ("ListPipelineExecutions", summaries(&["Succeeded", "Failed"])),
            ("DescribePipelineExecution", execution("Succeeded", None)),
            (
                "ListPipelineParametersForExecution",
                answer(json!({ "PipelineParameters": [input] })),
            ),
            ("DescribePipelineExecution", execution("Failed", None)),
            ("ListPipelineParametersForExecution", answer(json!({ "PipelineParameters": [] }))),
        ]
    };
    insta::assert_snapshot!(run(&Endpoint::new(script()), &["list"]));
    insta::assert_snapshot!(run(&Endpoint::new(script()), &["list", "--json"]));
}

#[test]
fn list_stops_at_its_limit() {
    let endpoint = Endpoint::new(vec![
        (
            "ListPipelineExecutions",
            answer(json!({
                "PipelineExecutionSummaries": [{
                    "PipelineExecutionArn": EXECUTION, "PipelineExecutionStatus": "Succeeded",
                }],
                "NextToken": "more",
            })),
        ),
        ("DescribePipelineExecution", execution("Succeeded", None)),
        ("ListPipelineParametersForExecution", answer(json!({}))),
    ]);
    assert!(run(&endpoint, &["list", "--limit", "1"]).starts_with("exit code: 0"));
    assert_eq!(endpoint.operations().len(), 3);
}

#[test]
fn delete_needs_confirmation() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", deployed()),
        ("ListPipelineExecutions", summaries(&["Succeeded", "Failed"])),
    ]);
    insta::assert_snapshot!(run(&endpoint, &["delete"]));
    assert_eq!(endpoint.operations().len(), 2);
}

#[test]
fn delete_names_what_it_deletes() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", deployed()),
        ("ListPipelineExecutions", summaries(&["Succeeded"])),
        ("DeletePipeline", answer(json!({ "PipelineArn": ARN }))),
    ]);
    insta::assert_snapshot!(run(&endpoint, &["delete", "--yes"]));
    assert_eq!(endpoint.received()[2].json()["PipelineName"], PIPELINE);
}

#[test]
fn delete_rejects_running_executions() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", deployed()),
        ("ListPipelineExecutions", summaries(&["Executing"])),
    ]);
    let text = run(&endpoint, &["delete", "--yes"]);
    assert!(text.contains("has running executions: 1"), "{text}");
}
