//! Data sources and the container image of a flow.

use data_wrangler_flow::{Flow, Graph, S3Source};
use serde_json::json;

use crate::{fixture, flow};

#[test]
fn reads_an_s3_source() {
    let flow = flow("join-and-split.flow");
    let graph = Graph::new(&flow).unwrap();
    let source = S3Source::of(graph.node("orders").unwrap()).unwrap();
    assert_eq!(source.dataset, "orders");
    assert_eq!(source.uri, "s3://amzn-s3-demo-bucket/orders/");
    assert_eq!(source.content_type.as_deref(), Some("parquet"));
}

#[test]
fn rejects_a_source_outside_s3() {
    let flow = flow("join-and-split.flow");
    let graph = Graph::new(&flow).unwrap();
    let error = S3Source::of(graph.node("customers").unwrap()).unwrap_err();
    insta::assert_snapshot!(error, @"source node customers reads from athena (`sagemaker.athena_source_0.1`), not from S3; store the data in S3, and import it from there");
}

#[test]
fn reads_a_canvas_dataset() {
    let flow = flow("canvas-dataset.flow");
    let source = S3Source::of(&flow.nodes()[0]).unwrap();
    assert_eq!(source.node_id, "0c1b7d52-0d3a-4a6e-9a53-1c1f1b6b0a01");
    assert_eq!(source.dataset, "orders");
    assert_eq!(source.uri, "s3://amzn-s3-demo-bucket/Canvas/default/Datasets/orders/part-1.csv");
    assert!(source.in_canvas && source.parameters().is_empty());
}

#[test]
fn finds_the_parameters_of_a_uri() {
    let parameters = |uri: &str| {
        let text =
            fixture("canvas-join.flow").replace("s3://amzn-s3-demo-bucket/prices/{{ day }}/", uri);
        let flow = Flow::parse(text.as_bytes()).unwrap();
        let graph = Graph::new(&flow).unwrap();
        let source = S3Source::of(graph.node("read-prices").unwrap()).unwrap();
        source.parameters().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(parameters("s3://amzn-s3-demo-bucket/prices/{{ day }}/"), ["day"]);
    assert_eq!(parameters("{{InputDataUrl}}"), ["InputDataUrl"]);
    assert_eq!(parameters("s3://{{bucket}}/a/{{year}}-{{month}}.csv"), ["bucket", "year", "month"]);
    for none in ["s3://b/{day}", "s3://b/{{day", "s3://b/day}}"] {
        assert!(parameters(none).is_empty(), "{none}");
    }
}

#[test]
fn rejects_each_kind_of_source_outside_s3_by_name() {
    // The operators and types that public flows have; without a type, the operator names the source.
    for (operator, source_type, kind) in [
        ("sagemaker.athena_source_0.1", Some("Athena"), "Athena"),
        ("sagemaker.redshift_source_0.1", Some("Redshift"), "Redshift"),
        ("sagemaker.snowflake_source_0.1", None, "snowflake"),
        ("sagemaker.jdbc_source_0.1", Some("Databricks"), "Databricks"),
        ("sagemaker.emr_source_0.1", Some("EMR"), "EMR"),
        ("sagemaker.saas_source_0.1", Some("SaaS"), "SaaS"),
        ("sagemaker.s3_source_0.1", Some("Salesforce"), "Salesforce"),
        ("sagemaker.other_source_0.1", Some("Canvas Dataset"), "other"),
        ("own", None, "own"),
    ] {
        let definition = json!({"name": "a", "s3ExecutionContext": {"s3Uri": "s3://b/k"}, "datasetSourceType": source_type});
        let node = json!({
            "node_id": "a", "type": "SOURCE", "operator": operator,
            "parameters": {"dataset_definition": definition},
        });
        let flow = Flow::parse(json!({ "nodes": [node] }).to_string().as_bytes()).unwrap();
        let error = S3Source::of(&flow.nodes()[0]).unwrap_err().to_string();
        let expected = format!("source node a reads from {kind} (`{operator}`), not from S3;");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn rejects_a_dataset_without_a_location_in_s3() {
    let error = |text: &str, by: &str| {
        let flow =
            Flow::parse(fixture("canvas-dataset.flow").replace(text, by).as_bytes()).unwrap();
        S3Source::of(&flow.nodes()[0]).unwrap_err().to_string()
    };
    let empty = "\"s3://amzn-s3-demo-bucket/Canvas/default/Datasets/orders/part-1.csv\"";
    let message = error("s3ExecutionContext", "otherExecutionContext");
    insta::assert_snapshot!(message, @"source node 0c1b7d52-0d3a-4a6e-9a53-1c1f1b6b0a01: the flow does not say where in S3 the Canvas dataset `orders` is; import its files from S3");
    for other in ["\"\"", "null"] {
        assert_eq!(error(empty, other), message);
    }
    assert_eq!(error("\"s3Uri\"", "\"uri\""), message);
}

#[test]
fn rejects_invalid_source_parameters() {
    for (parameters, problem) in [
        ("null", "invalid type"),
        ("{}", "missing field `dataset_definition`"),
        (r#"{"dataset_definition": {"name": 7}}"#, "invalid type: integer `7`"),
        (
            r#"{"dataset_definition": {"name": "", "s3ExecutionContext": {"s3Uri": "s3://b/k"}}}"#,
            "the dataset at `s3://b/k` has no name",
        ),
    ] {
        let text = format!(
            r#"{{"nodes": [{{"node_id": "a", "type": "SOURCE", "operator": "sagemaker.s3_source_0.1", "parameters": {parameters}}}]}}"#
        );
        let flow = Flow::parse(text.as_bytes()).unwrap();
        let error = S3Source::of(&flow.nodes()[0]).unwrap_err().to_string();
        assert!(error.starts_with("source node a: ") && error.contains(problem), "{error}");
    }
}

#[test]
fn reads_the_container_image_of_a_canvas_flow() {
    assert_eq!(
        flow("canvas.flow").container_image().unwrap().unwrap(),
        "663277389841.dkr.ecr.us-east-1.amazonaws.com/sagemaker-data-wrangler-container:5.2.1"
    );
    assert_eq!(flow("join-and-split.flow").container_image().unwrap(), None);
}
