//! What a flow says of its data and of its image.

use data_wrangler_flow::{Flow, Graph, S3Source};

use crate::flow;

#[test]
fn a_source_in_s3_has_a_name_a_place_and_a_type() {
    let flow = flow("join-and-split.flow");
    let graph = Graph::new(&flow).unwrap();
    let source = S3Source::of(graph.node("orders").unwrap()).unwrap();
    assert_eq!(source.dataset, "orders");
    assert_eq!(source.uri, "s3://amzn-s3-demo-bucket/orders/");
    assert_eq!(source.content_type.as_deref(), Some("parquet"));
}

#[test]
fn a_source_elsewhere_is_named() {
    let flow = flow("join-and-split.flow");
    let graph = Graph::new(&flow).unwrap();
    let error = S3Source::of(graph.node("customers").unwrap()).unwrap_err();
    insta::assert_snapshot!(error, @"source node customers reads from `sagemaker.athena_source_0.1`, not from S3; use an S3 source");
}

#[test]
fn parameters_of_another_shape_are_named() {
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
fn a_flow_from_canvas_names_its_image() {
    assert_eq!(
        flow("canvas.flow").container_image().unwrap().unwrap(),
        "663277389841.dkr.ecr.us-east-1.amazonaws.com/sagemaker-data-wrangler-container:5.2.1"
    );
    assert_eq!(flow("join-and-split.flow").container_image().unwrap(), None);
}
