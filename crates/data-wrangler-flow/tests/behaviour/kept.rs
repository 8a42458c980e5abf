//! Reading and writing a flow preserves everything.

use data_wrangler_flow::{Flow, NodeKind};
use serde_json::Value;

use crate::{fixture, flow};

#[test]
fn writing_preserves_the_flow() {
    for file in [
        "canvas.flow",
        "canvas-dataset.flow",
        "canvas-join.flow",
        "join-and-split.flow",
        "../../../../flows/abalone.flow",
    ] {
        let read = flow(file);
        let written = read.to_json();
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(value(&written), value(&fixture(file)), "{file}");
        assert_eq!(Flow::parse(written.as_bytes()).unwrap(), read, "{file}");
    }
}

#[test]
fn preserves_large_numbers_and_unknown_members() {
    let flow = flow("canvas.flow");
    let node = &flow.nodes()[0];
    let trained = node.members().get("trained_parameters").unwrap().as_str();
    assert!(trained.contains("-1767228197713558300"), "{trained}");
    assert!(trained.contains("123456789012345678901234567890"), "{trained}");
    assert_eq!(node.members().get("comment").unwrap().as_str(), r#""caf\u00e9""#);
    let written = serde_json::to_string(node).unwrap();
    assert!(written.contains("123456789012345678901234567890"), "{written}");
    let names: Vec<_> = flow.members().iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["metadata", "parameters", "nodes", "internal_metadata"]);
}

#[test]
fn preserves_an_unknown_node_type() {
    let text = r#"{"nodes": [{"node_id": "a", "type": "MODEL", "operator": "o"}]}"#;
    let flow = Flow::parse(text.as_bytes()).unwrap();
    assert_eq!(*flow.nodes()[0].kind(), NodeKind::Other("MODEL".to_owned()));
}
