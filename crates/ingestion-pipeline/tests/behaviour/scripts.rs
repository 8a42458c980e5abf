//! Output for scripts: at most one line of JSON on stderr.

use serde_json::{Value, json};

use crate::endpoint::{ARN, Endpoint, answer, transcript};
use crate::executions::{deployed, run, summaries};

#[test]
fn writes_invalid_arguments_as_json() {
    for arguments in [&["--json", "bild"][..], &["list", "--limit", "0", "--json"], &["--json"]] {
        let output = Endpoint::new(Vec::new()).run(arguments);
        assert_eq!(output.status.code(), Some(2));
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert!(error["hint"].as_str().unwrap().contains("--help"), "{error}");
        assert!(!error["error"].as_str().unwrap().starts_with("error:"), "{error}");
    }
}

#[test]
fn json_omits_notes() {
    let endpoint = Endpoint::new(vec![
        ("DescribePipeline", deployed()),
        ("ListPipelineExecutions", summaries(&["Succeeded"])),
    ]);
    let output = endpoint.run(&["delete", "--json", "--file", "minimal.yaml"]);
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(error["error"], "nothing was deleted: deleting needs confirmation");
    let mut command = endpoint.command(&["build", "--json", "--file", "minimal.yaml"]);
    let output = command.env("FEATURE_GROUP_NAME", "FG-test").output().unwrap();
    assert!(output.stderr.is_empty(), "{}", transcript(&output));
}

#[test]
fn start_lists_the_pipelines_parameters() {
    let endpoint = Endpoint::new(vec![("DescribePipeline", deployed())]);
    let text = run(&endpoint, &["start", "Xyzzy=1"]);
    assert!(
        text.contains("hint: the deployed pipeline's parameters are ProcessingInstanceType, "),
        "{text}"
    );
    let bare = json!({ "PipelineArn": ARN, "PipelineDefinition": "{}" });
    let endpoint = Endpoint::new(vec![("DescribePipeline", answer(bare))]);
    let text = run(&endpoint, &["start", "Xyzzy=1"]);
    assert!(text.contains("unknown parameter `Xyzzy`; the pipeline has no parameters"), "{text}");
    assert!(text.contains("hint: the deployed pipeline has no parameters"), "{text}");
}
