//! Tests of the engine's results and errors.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;

use data_wrangler_flow::{Flow, Graph};
use flow_engine::{EventTime, Inputs, Output, Plan, PlanOptions, RunError};
use serde_json::{Value, json};

mod abalone;
mod csv;
mod fixtures;
mod inputs;
mod json_lines;
mod lost;
mod oracle;
mod parquet;
mod properties;
mod refusals;
mod text_files;
mod trained;

/// The event time of all runs, 2026-01-01.
const NOW: EventTime = EventTime(1_767_225_600);

/// Creates a flow with a source of CSV with a header, followed by these nodes.
fn flow(nodes: &Value) -> Vec<u8> {
    flow_of(&json!({"s3ContentType": "csv", "s3HasHeader": true}), nodes)
}

/// Creates a flow with these members of the source's `s3ExecutionContext` and these nodes.
fn flow_of(source: &Value, nodes: &Value) -> Vec<u8> {
    let nodes: Vec<_> = nodes.as_array().unwrap().iter().map(Value::to_string).collect();
    flow_text(source, nodes.iter().map(String::as_str))
}

/// Like [`flow_of`], but with nodes as text, because the order of a schema's members matters.
fn flow_text<'a>(source: &Value, nodes: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut context = json!({"s3Uri": "s3://amzn-s3-demo-bucket/data"});
    context.as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
    let definition = json!({"name": "data", "s3ExecutionContext": context});
    let mut flow = json!({
        "node_id": "node-0",
        "type": "SOURCE",
        "operator": "sagemaker.s3_source_0.1",
        "parameters": {"dataset_definition": definition},
        "inputs": [],
        "outputs": [{"name": "default"}],
    })
    .to_string();
    for (index, node) in nodes.enumerate() {
        let input =
            json!({"name": "df", "node_id": format!("node-{index}"), "output_name": "default"});
        let members = node.trim().strip_prefix('{').unwrap();
        let place = index + 1;
        let node = format!(
            r#",{{"node_id":"node-{place}","type":"TRANSFORM","inputs":[{input}],"outputs":[{{"name":"default"}}],{members}"#
        );
        flow.push_str(&node);
    }
    format!(r#"{{"nodes":[{flow}]}}"#).into_bytes()
}

/// Creates a node that computes a column.
fn formula(formula: &str, output: &str) -> Value {
    json!({
        "operator": "sagemaker.spark.custom_formula_0.1",
        "parameters": {"formula": formula, "output_column": output},
    })
}

/// Plans the flow's only output, or returns the error.
fn try_plan(flow: &[u8]) -> Result<Plan, String> {
    let flow = Flow::parse(flow).unwrap();
    let output = Graph::new(&flow).unwrap().output().unwrap();
    Plan::new(&flow, &output, &PlanOptions::default()).map_err(|refused| refused.to_string())
}

/// Plans the flow's only output.
fn plan(flow: &[u8], refit: bool) -> Plan {
    let flow = Flow::parse(flow).unwrap();
    let output = Graph::new(&flow).unwrap().output().unwrap();
    Plan::new(&flow, &output, &PlanOptions { refit }).unwrap()
}

/// Runs a flow on a file or folder.
fn run(flow: &[u8], input: &Path) -> Result<Output, RunError> {
    run_plan(&plan(flow, false), input)
}

fn run_plan(plan: &Plan, input: &Path) -> Result<Output, RunError> {
    let mut inputs = Inputs::default();
    for source in plan.sources() {
        inputs.find(source, input).unwrap();
    }
    plan.run(&inputs, NOW, &())
}
