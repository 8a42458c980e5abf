//! Connections between nodes, and the output that is found.

use data_wrangler_flow::{Flow, Graph, Node};

use crate::{flow, transforms};

fn problems(flow: &Flow) -> Vec<String> {
    Graph::new(flow).unwrap_err().problems().iter().map(ToString::to_string).collect()
}

fn ids<'a>(nodes: &[&'a Node]) -> Vec<&'a str> {
    nodes.iter().map(|node| node.id()).collect()
}

#[test]
fn the_order_in_the_file_means_nothing() {
    let flow = flow("canvas.flow");
    let graph = Graph::new(&flow).unwrap();
    assert_eq!(ids(graph.nodes()), ["read", "types", "clean", "look", "keep"]);
    assert_eq!(graph.output().unwrap().to_string(), "clean.default");
    assert_eq!(graph.node("look").unwrap().operator(), "sagemaker.visualizations.describe_0.1");
}

#[test]
fn destinations_and_visualizations_are_no_outputs() {
    let flow = flow("canvas.flow");
    let error = Graph::new(&flow).unwrap().choose("keep.default").unwrap_err();
    insta::assert_snapshot!(error, @"`keep.default` is a destination or a visualization, which gives no data; choose one of: read.default, types.default, clean.default");
}

#[test]
fn several_outputs_are_all_listed() {
    let flow = flow("join-and-split.flow");
    let error = Graph::new(&flow).unwrap().output().unwrap_err();
    insta::assert_snapshot!(error, @"the flow has 2 outputs that could be meant; choose one of: halves.Test, named.default");
}

#[test]
fn an_output_is_chosen_by_its_whole_name() {
    let flow = flow("join-and-split.flow");
    let graph = Graph::new(&flow).unwrap();
    let output = graph.choose("halves.Test").unwrap();
    assert_eq!((output.node_id(), output.output()), ("halves", "Test"));
    for wrong in ["halves", "halves.", "halves.test", "Test", "other.default", ""] {
        let error = graph.choose(wrong).unwrap_err().to_string();
        assert!(error.starts_with(&format!("the flow has no output `{wrong}`")), "{error}");
        assert!(error.contains("halves.Train, halves.Test, named.default"), "{error}");
    }
}

#[test]
fn a_node_id_may_hold_dots() {
    let flow = transforms(&[("a", &[]), ("a.b", &["a"])]);
    let graph = Graph::new(&flow).unwrap();
    assert_eq!(graph.choose("a.b.default").unwrap().node_id(), "a.b");
}

#[test]
fn only_the_sources_of_the_output_count() {
    let flow = flow("join-and-split.flow");
    let graph = Graph::new(&flow).unwrap();
    let named = graph.choose("named.default").unwrap();
    assert_eq!(ids(&graph.sources_of(&named)), ["orders", "customers"]);
    let orders = graph.choose("orders.default").unwrap();
    assert_eq!(ids(&graph.sources_of(&orders)), ["orders"]);
}

#[test]
fn a_cycle_is_named_in_the_direction_of_the_data() {
    let flow = transforms(&[("in", &[]), ("a", &["in", "c"]), ("b", &["a"]), ("c", &["b"])]);
    insta::assert_snapshot!(problems(&flow).join("\n"), @"the nodes a -> b -> c -> a form a cycle; connect the input of one of them elsewhere");
}

#[test]
fn a_node_behind_a_cycle_is_not_blamed() {
    let flow = transforms(&[("behind", &["a"]), ("a", &["b"]), ("b", &["a"])]);
    assert!(problems(&flow)[0].contains("a -> b -> a"));
    let flow = transforms(&[("a", &["a"])]);
    assert!(problems(&flow)[0].contains("a -> a"));
}

#[test]
fn every_loose_connection_is_listed() {
    let text = r#"{"nodes": [
        {"node_id": "a", "type": "SOURCE", "operator": "o", "outputs": [{"name": "x"}, {"name": "x"}]},
        {"node_id": "b", "type": "TRANSFORM", "operator": "o", "inputs": [
            {"name": "df", "node_id": "gone", "output_name": "default"},
            {"name": "df", "node_id": "a", "output_name": "default"},
            {"name": "df", "node_id": "c", "output_name": "default"}]},
        {"node_id": "c", "type": "TRANSFORM", "operator": "o"},
        {"node_id": "c", "type": "TRANSFORM", "operator": "o"}
    ]}"#;
    insta::assert_snapshot!(problems(&Flow::parse(text.as_bytes()).unwrap()).join("\n"), @r"
    node a has the output `x` twice; name its outputs differently
    node c occurs 2 times; give each node a node_id of its own
    node b takes its input `df` from node gone, which is not in the flow; connect the input again or delete node b
    node b takes its input `df` from the output `default` of node a, which has x, x; connect the input again
    node b takes its input `df` from the output `default` of node c, which has none; connect the input again
    ");
}

#[test]
fn a_flow_without_outputs_says_so() {
    let text = r#"{"nodes": [{"node_id": "a", "type": "SOURCE", "operator": "o"}]}"#;
    let flow = Flow::parse(text.as_bytes()).unwrap();
    let error = Graph::new(&flow).unwrap().output().unwrap_err();
    assert!(error.to_string().contains("add a transform"));
}

#[test]
fn a_chain_of_many_nodes_is_no_recursion() {
    let names: Vec<String> = (0..50_000).map(|number| number.to_string()).collect();
    let nodes: Vec<(&str, Vec<&str>)> = (0..names.len())
        .map(|n| (names[n].as_str(), names.get(n + 1).map(String::as_str).into_iter().collect()))
        .collect();
    let nodes: Vec<(&str, &[&str])> = nodes.iter().map(|(id, from)| (*id, &from[..])).collect();
    let flow = transforms(&nodes);
    let graph = Graph::new(&flow).unwrap();
    assert_eq!(graph.output().unwrap().node_id(), "0");
}
