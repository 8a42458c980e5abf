//! Data sources and the container image of a flow.

use data_wrangler_flow::{Flow, Graph, S3Source};

use crate::flow;

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
    insta::assert_snapshot!(error, @"source node customers reads from `sagemaker.athena_source_0.1`, not from S3; use an S3 source");
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
