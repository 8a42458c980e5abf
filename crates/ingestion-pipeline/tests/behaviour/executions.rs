//! `start`, `wait`, `list` and `delete`, over the wire.

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
fn start_sends_the_parameters_that_fit_the_deployed_definition() {
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
fn start_refuses_parameters_that_do_not_fit_and_starts_nothing() {
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
fn start_refuses_what_is_no_parameter() {
    let endpoint = Endpoint::new(Vec::new());
    assert!(run(&endpoint, &["start", "InputDataUrl"]).contains("a parameter is NAME=VALUE"));
    assert!(run(&endpoint, &["start", "A=1", "A=2"]).contains("`A` is given twice"));
}

#[test]
fn start_names_a_pipeline_that_is_not_there() {
    let endpoint = Endpoint::new(vec![("DescribePipeline", not_found())]);
    insta::assert_snapshot!(run(&endpoint, &["start", "--pipeline", "other"]));
}

#[test]
fn a_pipeline_and_a_region_are_enough_to_start_it() {
    let endpoint = Endpoint::new(vec![("DescribePipeline", not_found())]);
    let mut command = endpoint.command(&["start", "--pipeline", "other"]);
    let text = transcript(&command.env("AWS_REGION", "ap-northeast-2").output().unwrap());
    assert!(text.contains("there is no pipeline other in ap-northeast-2"), "{text}");
}

#[test]
fn wait_follows_the_newest_execution_to_its_success() {
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
fn wait_names_the_reason_the_step_and_the_log_of_a_failure() {
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
fn an_execution_that_was_stopped_is_no_success() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipelineExecution", execution("Stopped", None)),
        ("ListPipelineExecutionSteps", answer(json!({ "PipelineExecutionSteps": [] }))),
    ]);
    assert_eq!(endpoint.run(&["wait", EXECUTION]).status.code(), Some(1));
}

#[test]
fn wait_refuses_what_is_no_execution() {
    let endpoint = Endpoint::new(Vec::new());
    for arn in [ARN, "abcdefghijkl", "arn:aws:s3:::bucket"] {
        assert!(run(&endpoint, &["wait", arn]).contains("is no execution's ARN"), "{arn}");
    }
}

#[test]
fn ctrl_c_leaves_the_execution_running_and_says_so() {
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
    assert!(text.contains(&format!("interrupted; the execution {EXECUTION} goes on")), "{text}");
    assert!(text.contains(&format!("hint: `ingestion-pipeline wait {EXECUTION}`")), "{text}");
    assert!(!endpoint.operations().iter().any(|operation| operation.starts_with("Stop")));
}

#[test]
fn list_shows_what_each_execution_did() {
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
fn a_list_ends_at_its_limit_and_reads_no_page_more() {
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
fn delete_asks_and_without_somebody_to_ask_deletes_nothing() {
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
fn delete_refuses_while_executions_run() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", deployed()),
        ("ListPipelineExecutions", summaries(&["Executing"])),
    ]);
    let text = run(&endpoint, &["delete", "--yes"]);
    assert!(text.contains("has executions that run: 1"), "{text}");
}
