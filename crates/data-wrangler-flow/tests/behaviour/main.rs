//! Tests with valid, unusual and malformed flow files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod graph;
mod hostile;
mod kept;
mod properties;
mod source;
mod stored;

use data_wrangler_flow::Flow;
use serde_json::{Value, json};

/// Reads a fixture.
fn fixture(file: &str) -> String {
    let path = format!("{}/tests/fixtures/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn flow(file: &str) -> Flow {
    Flow::parse(fixture(file).as_bytes()).unwrap()
}

/// Creates a flow of transforms, each with one output and inputs from the named nodes.
fn transforms(nodes: &[(&str, &[&str])]) -> Flow {
    let nodes: Vec<Value> = nodes
        .iter()
        .map(|(id, inputs)| {
            let inputs: Vec<_> = inputs
                .iter()
                .map(|from| json!({"name": "df", "node_id": from, "output_name": "default"}))
                .collect();
            json!({
                "node_id": id, "type": "TRANSFORM", "operator": "sagemaker.spark.sort_0.1",
                "inputs": inputs, "outputs": [{"name": "default"}],
            })
        })
        .collect();
    Flow::parse(json!({ "nodes": nodes }).to_string().as_bytes()).unwrap()
}
