//! Reading and writing a flow loses nothing.

use data_wrangler_flow::{Flow, NodeKind};
use serde_json::Value;

use crate::{fixture, flow};

#[test]
fn a_flow_is_written_as_it_was_read() {
    for file in ["canvas.flow", "join-and-split.flow", "../../../../flows/abalone.flow"] {
        let read = flow(file);
        let written = serde_json::to_string(&read).unwrap();
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(value(&written), value(&fixture(file)), "{file}");
        assert_eq!(Flow::parse(written.as_bytes()).unwrap(), read, "{file}");
    }
}

#[test]
fn numbers_and_members_that_nobody_knows_keep_their_text() {
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
fn a_type_that_nobody_knows_is_kept() {
    let text = r#"{"nodes": [{"node_id": "a", "type": "MODEL", "operator": "o"}]}"#;
    let flow = Flow::parse(text.as_bytes()).unwrap();
    assert_eq!(*flow.nodes()[0].kind(), NodeKind::Other("MODEL".to_owned()));
}
