//! Untrusted text in the output.

use serde_json::{Value, json};

use crate::endpoint::{Endpoint, answer};
use crate::executions::{EXECUTION, execution, run, steps, summaries};

const HOSTILE: &str = "x\u{1b}[2J\ny";

#[test]
fn list_escapes_control_characters() {
    let script = || {
        let parameters = json!([{ "Name": "InputDataUrl", "Value": HOSTILE }]);
        vec![
            ("ListPipelineExecutions", summaries(&["Succeeded"])),
            ("DescribePipelineExecution", execution("Succeeded", None)),
            (
                "ListPipelineParametersForExecution",
                answer(json!({ "PipelineParameters": parameters })),
            ),
        ]
    };
    let text = run(&Endpoint::new(script()), &["list"]);
    assert!(text.contains("x\\u{1b}[2J\\ny\n"), "{text}");
    let output = Endpoint::new(script()).run(&["list", "--json", "--file", "minimal.yaml"]);
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows[0]["input"], HOSTILE);
}

#[test]
fn wait_escapes_control_characters() {
    let script = || {
        vec![
            ("DescribePipelineExecution", execution("Failed", Some(HOSTILE))),
            ("ListPipelineExecutionSteps", steps("Failed", Some(HOSTILE))),
        ]
    };
    let text = run(&Endpoint::new(script()), &["wait", EXECUTION]);
    assert_eq!(text.matches("x\\u{1b}[2J\\ny\n").count(), 2, "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    let output = Endpoint::new(script()).run(&["wait", EXECUTION, "--json"]);
    let end: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(end["failure"], HOSTILE);
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert!(error["error"].as_str().unwrap().contains(HOSTILE), "{error}");
}
