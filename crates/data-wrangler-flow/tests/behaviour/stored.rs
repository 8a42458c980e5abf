//! Copies of a flow for the Data Wrangler container.

use data_wrangler_flow::{Flow, S3Source};
use serde_json::{Value, json};

use crate::{fixture, flow};

const READ: &str = "0c1b7d52-0d3a-4a6e-9a53-1c1f1b6b0a01";
const NEW: &str = "s3://amzn-s3-demo-bucket/uploads/new.csv";

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Returns the dataset's definition of a node.
fn definition<'a>(flow: &'a mut Value, node: &str) -> &'a mut Value {
    let nodes = flow["nodes"].as_array_mut().unwrap();
    let node = nodes.iter_mut().find(|other| other["node_id"] == node).unwrap();
    &mut node["parameters"]["dataset_definition"]
}

#[test]
fn a_canvas_dataset_becomes_an_s3_dataset() {
    let changed = flow("canvas-dataset.flow").with_s3_sources().unwrap();
    let mut expected = value(&fixture("canvas-dataset.flow"));
    let dataset = definition(&mut expected, READ);
    dataset["datasetSourceType"] = json!("S3");
    dataset["canvasDatasetMetadata"] = Value::Null;
    assert_eq!(value(&changed.to_json()), expected);
    assert_eq!(Flow::parse(changed.to_json().as_bytes()).unwrap(), changed);
    assert!(!S3Source::of(&changed.nodes()[0]).unwrap().in_canvas);
}

#[test]
fn every_canvas_dataset_is_converted() {
    let changed = value(&flow("canvas-join.flow").with_s3_sources().unwrap().to_json());
    let mut expected = value(&fixture("canvas-join.flow"));
    for node in ["read-orders", "read-customers"] {
        let dataset = definition(&mut expected, node);
        dataset["datasetSourceType"] = json!("S3");
        dataset["canvasDatasetMetadata"] = Value::Null;
    }
    assert_eq!(changed, expected);
}

#[test]
fn other_flows_stay_as_they_are() {
    for file in ["canvas.flow", "join-and-split.flow"] {
        assert_eq!(flow(file).with_s3_sources().unwrap(), flow(file), "{file}");
    }
    let without_location = fixture("canvas-dataset.flow").replace("\"s3Uri\"", "\"other\"");
    let without_location = Flow::parse(without_location.as_bytes()).unwrap();
    assert_eq!(without_location.with_s3_sources().unwrap(), without_location);
}

#[test]
fn replaces_the_uri_of_one_source() {
    let changed = flow("canvas-join.flow").with_source_uri("read-orders", NEW).unwrap();
    let mut expected = value(&fixture("canvas-join.flow"));
    let dataset = definition(&mut expected, "read-orders");
    dataset["datasetSourceType"] = json!("S3");
    dataset["canvasDatasetMetadata"] = Value::Null;
    dataset["s3ExecutionContext"]["s3Uri"] = json!(NEW);
    assert_eq!(value(&changed.to_json()), expected);
}

#[test]
fn the_uri_is_the_only_location_of_the_data() {
    let mut listed = value(&fixture("canvas-dataset.flow"));
    let context = &mut definition(&mut listed, READ)["s3ExecutionContext"];
    context["s3DataType"] = json!("S3ManifestPlain");
    context["s3ManifestPlain"]["s3Uris"] = json!(["s3://amzn-s3-demo-bucket/old.csv"]);
    let listed = Flow::parse(listed.to_string().as_bytes()).unwrap();
    let mut changed = value(&listed.with_source_uri(READ, NEW).unwrap().to_json());
    let context = &definition(&mut changed, READ)["s3ExecutionContext"];
    assert_eq!(context["s3Uri"], NEW);
    assert_eq!(context["s3DataType"], "S3Prefix");
    assert_eq!(context["s3ManifestPlain"], json!({ "s3Uris": null }));
}

#[test]
fn keeps_the_text_of_everything_else() {
    let (before, after) = {
        let flow = flow("canvas.flow");
        let changed = flow.with_source_uri("read", NEW).unwrap();
        (flow, Flow::parse(changed.to_json().as_bytes()).unwrap())
    };
    for (before, after) in before.nodes().iter().zip(after.nodes()) {
        assert_eq!(before == after, before.id() != "read", "{}", before.id());
    }
    for (name, value) in before.members().iter().filter(|(name, _)| *name != "nodes") {
        assert_eq!(after.members().get(name), Some(value), "{name}");
    }
}

#[test]
fn a_uri_is_text_whatever_it_contains() {
    let uri = "s3://amzn-s3-demo-bucket/a \"b\\\u{e9}\n{{day}}";
    let changed = flow("canvas.flow").with_source_uri("read", uri).unwrap();
    let read = Flow::parse(changed.to_json().as_bytes()).unwrap();
    let source = read.nodes().iter().find_map(|node| S3Source::of(node).ok()).unwrap();
    assert_eq!(source.uri, uri);
}

#[test]
fn only_sources_in_s3_have_a_uri() {
    let flow = flow("canvas-join.flow");
    let error = |node: &str| flow.with_source_uri(node, NEW).unwrap_err().to_string();
    assert_eq!(error("gone"), "the flow has no source node gone");
    assert_eq!(error("both"), "the flow has no source node both");
    assert!(error("read-archive").contains("Athena"), "{}", error("read-archive"));
}
