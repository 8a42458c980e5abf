//! Denied requests, missing resources, lost responses and interruptions.

use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::endpoint::{ARN, Endpoint, Gate, Reply, answer, error, not_found, transcript};
use crate::executions::{EXECUTION, deployed, execution, run, steps, summaries};
use crate::upsert::{self, FLOW, UPSERT, created, definition, tags};

#[test]
fn missing_role_is_not_a_missing_pipeline() {
    for (code, message) in [
        ("ValidationException", "The role arn:aws:iam::1:role/pipeline does not exist"),
        ("ResourceNotFound", "Role not found"),
    ] {
        let endpoint = Endpoint::new(vec![
            ("DescribePipeline", not_found()),
            (FLOW, Reply::bytes(200, Vec::new())),
            ("CreatePipeline", error(400, code, message)),
        ]);
        let text = transcript(&endpoint.run(&UPSERT));
        assert!(
            text.contains(message) && text.contains("hint: see the service's message"),
            "{text}"
        );
        assert_eq!(endpoint.operations().len(), 3);
    }
}

#[test]
fn missing_execution_does_not_suggest_upsert() {
    let gone = error(400, "ResourceNotFound", "Execution does not exist.");
    let endpoint = Endpoint::new(vec![("DescribePipelineExecution", gone)]);
    let text = run(&endpoint, &["wait", EXECUTION]);
    assert!(text.contains("hint: check the name or ARN"), "{text}");
    assert!(!text.contains("upsert"), "{text}");
}

#[test]
fn delete_succeeds_after_a_lost_response() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", deployed()),
        ("ListPipelineExecutions", summaries(&["Succeeded"])),
        ("DeletePipeline", Reply::Cut),
        ("DeletePipeline", not_found()),
    ]);
    let text = run(&endpoint, &["delete", "--yes"]);
    assert!(text.starts_with(&format!("exit code: 0\n----- stdout\n{ARN}\n")), "{text}");
}

#[test]
fn delete_counts_all_executions() {
    let page = |status: &str, more: Option<&str>| {
        let summary =
            json!({ "PipelineExecutionArn": EXECUTION, "PipelineExecutionStatus": status });
        let summaries = vec![summary; 100];
        answer(json!({ "PipelineExecutionSummaries": summaries, "NextToken": more }))
    };
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", deployed()),
        ("ListPipelineExecutions", page("Succeeded", Some("more"))),
        ("ListPipelineExecutions", page("Executing", None)),
    ]);
    let text = run(&endpoint, &["delete", "--yes"]);
    assert!(text.contains("(executions: 200, running: 100)"), "{text}");
    assert_eq!(endpoint.operations().len(), 3);
}

#[test]
fn reports_update_if_tags_are_denied_after_it() {
    let mut old = definition();
    old["Parameters"][1]["DefaultValue"] = json!(2);
    let refusal = || error(400, "AccessDeniedException", "not authorized: AddTags");
    let script = |is: &serde_json::Value| {
        vec![("DescribePipeline", upsert::deployed(is)), ("ListTags", tags(&[]))]
    };
    let said = "the pipeline was updated, but its tags were not: adding tags";
    let mut updated = script(&old);
    updated.extend([
        (FLOW, Reply::bytes(200, Vec::new())),
        ("UpdatePipeline", created()),
        ("AddTags", refusal()),
    ]);
    let mut same = script(&definition());
    same.push(("AddTags", refusal()));
    for (script, expected) in [(updated, true), (same, false)] {
        let endpoint = Endpoint::new(script);
        let output = endpoint.command(&UPSERT).env("PIPELINE_TAGS", "{a: b}").output().unwrap();
        let text = transcript(&output);
        assert_eq!(text.contains(said), expected, "{text}");
        assert!(text.contains("hint: check the credentials"), "{text}");
    }
}

#[test]
fn duration_stops_at_the_executions_end() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipelineExecution", execution("Succeeded", None)),
        ("ListPipelineExecutionSteps", steps("Succeeded", None)),
    ]);
    let text = run(&endpoint, &["wait", EXECUTION]);
    assert_eq!(text.matches("3m 03s").count(), 3, "{text}");
}

#[test]
fn ctrl_c_interrupts_a_running_call() {
    let never = Reply::Held(Gate::default(), Box::new(answer(json!({}))));
    let endpoint = Endpoint::new(vec![("DescribePipelineExecution", never)]);
    let child = endpoint.spawn(&["wait", EXECUTION]);
    while endpoint.operations().is_empty() {
        thread::sleep(Duration::from_millis(20));
    }
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", transcript(&output));
    // The command did not wait for the call, which would time out and be retried.
    assert_eq!(endpoint.operations().len(), 1);
}

#[test]
fn ctrl_c_during_start_names_the_execution() {
    let started = json!({ "PipelineExecutionArn": EXECUTION });
    let gate = Gate::default();
    let held = Reply::Held(gate.clone(), Box::new(answer(started)));
    let endpoint =
        Endpoint::new(vec![("DescribePipeline", deployed()), ("StartPipelineExecution", held)]);
    let child = endpoint.spawn(&["start", "--wait", "--file", "minimal.yaml"]);
    while endpoint.operations().len() < 2 {
        thread::sleep(Duration::from_millis(20));
    }
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    gate.open();
    let output = child.wait_with_output().unwrap();
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains(&format!("interrupted; the execution {EXECUTION} continues")), "{text}");
}
