//! Properties of any bytes and any graph.

use std::collections::HashSet;

use data_wrangler_flow::{Flow, Graph};
use proptest::prelude::*;
use serde_json::Value;

use crate::{fixture, transforms};

/// Generates node names with the nodes that each takes its inputs from. Cycles are possible.
fn connections() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    let inputs = prop::collection::vec(prop::collection::vec(0_usize..12, 0..3), 1..12);
    inputs.prop_map(|nodes| {
        let name = |number: usize| format!("node-{number}");
        let count = nodes.len();
        let from = |from: Vec<usize>| from.into_iter().map(|n| name(n % count)).collect();
        nodes.into_iter().enumerate().map(|(n, inputs)| (name(n), from(inputs))).collect()
    })
}

proptest! {
    #[test]
    fn never_panics_on_random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Flow::parse(&bytes);
    }

    #[test]
    fn never_panics_on_a_damaged_flow(
        file in prop::sample::select(vec!["canvas.flow", "canvas-join.flow"]),
        at in 0_usize..5_000, byte in any::<u8>(), cut in any::<bool>()
    ) {
        let mut bytes = fixture(file).into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if cut {
            bytes.truncate(at);
        }
        if let Ok(flow) = Flow::parse(&bytes) {
            let _ = flow.container_image();
            let graph = Graph::new(&flow);
            let _ = graph.as_ref().map(Graph::output);
            let changed = flow.nodes().iter().map(|node| flow.with_source_uri(node.id(), "s3://b/k"));
            for changed in changed.chain([flow.with_s3_sources()]).flatten() {
                prop_assert_eq!(Flow::parse(changed.to_json().as_bytes()).unwrap(), changed);
            }
            let written = serde_json::to_vec(&flow).unwrap();
            prop_assert_eq!(Flow::parse(&written).unwrap(), flow);
        }
    }

    #[test]
    fn sorts_the_nodes_or_finds_a_cycle(nodes in connections()) {
        let borrowed: Vec<(&str, Vec<&str>)> = nodes
            .iter()
            .map(|(id, from)| (id.as_str(), from.iter().map(String::as_str).collect()))
            .collect();
        let borrowed: Vec<(&str, &[&str])> = borrowed.iter().map(|(id, from)| (*id, &from[..])).collect();
        let flow = transforms(&borrowed);
        match Graph::new(&flow) {
            Ok(graph) => {
                let mut before = HashSet::new();
                for node in graph.nodes() {
                    prop_assert!(node.inputs().iter().all(|i| before.contains(i.node_id.as_str())));
                    before.insert(node.id());
                }
                prop_assert_eq!(before.len(), nodes.len());
            }
            Err(error) => {
                let text = error.to_string();
                let path = text.trim_start_matches("the nodes ").split(" form").next().unwrap();
                let path: Vec<_> = path.split(" -> ").collect();
                prop_assert!(path.len() > 1 && path.first() == path.last(), "{}", text);
                for pair in path.windows(2) {
                    let (_, from) = nodes.iter().find(|(id, _)| id == pair[1]).unwrap();
                    prop_assert!(from.iter().any(|id| id == pair[0]), "{}", text);
                }
            }
        }
    }

    #[test]
    fn preserves_unknown_members(extra in "[a-z]{1,8}", text in any::<String>(), number in any::<f64>()) {
        let mut value: Value = serde_json::from_str(&fixture("canvas.flow")).unwrap();
        let member = serde_json::json!({ "text": text, "number": number, "list": [null, true] });
        value["nodes"][0][format!("x_{extra}")] = member.clone();
        let flow = Flow::parse(value.to_string().as_bytes()).unwrap();
        let kept = flow.nodes()[0].members().get(&format!("x_{extra}")).unwrap();
        prop_assert_eq!(kept.as_str(), member.to_string());
    }
}
