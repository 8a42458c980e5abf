//! Connections between nodes, and how the output is found.

use data_wrangler_flow::{Flow, Graph, Node};

use crate::{fixture, flow, transforms};

fn problems(flow: &Flow) -> Vec<String> {
    Graph::new(flow).unwrap_err().problems().iter().map(ToString::to_string).collect()
}

fn ids<'a>(nodes: &[&'a Node]) -> Vec<&'a str> {
    nodes.iter().map(|node| node.id()).collect()
}

#[test]
fn ignores_the_order_of_nodes_in_the_file() {
    let flow = flow("canvas.flow");
    let graph = Graph::new(&flow).unwrap();
    assert_eq!(ids(graph.nodes()), ["read", "types", "clean", "look", "keep"]);
    assert_eq!(graph.output().unwrap().to_string(), "clean.default");
    assert_eq!(graph.node("look").unwrap().operator(), "sagemaker.visualizations.describe_0.1");
}

#[test]
fn a_destination_stands_for_the_data_that_it_writes() {
    let flow = flow("canvas.flow");
    let graph = Graph::new(&flow).unwrap();
    assert_eq!(graph.choose("keep.default").unwrap().to_string(), "clean.default");
    let destination = graph.choose_or_destination("keep.default").unwrap();
    assert_eq!(destination.to_string(), "keep.default");
    assert_eq!(ids(&graph.sources_of(&destination)), ["read"]);
    assert_eq!(graph.choose_or_destination("types.default").unwrap().node_id(), "types");
}

#[test]
fn a_destination_of_another_output_than_default_stands_for_that_output() {
    let text = fixture("join-and-split.flow").replace(
        "{\"node_id\": \"named\", \"type\": \"DATASET\"",
        "{\"node_id\": \"named\", \"type\": \"DESTINATION\"",
    );
    let flow = Flow::parse(text.as_bytes()).unwrap();
    let graph = Graph::new(&flow).unwrap();
    assert_eq!(graph.choose("named.default").unwrap().to_string(), "halves.Train");
}

#[test]
fn rejects_a_visualization_as_output() {
    let flow = flow("canvas.flow");
    let graph = Graph::new(&flow).unwrap();
    for error in [graph.choose("look.default"), graph.choose_or_destination("look.default")] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(error.unwrap_err(), @"`look.default` is a visualization, or a destination with no single input, and produces no data; choose one of: read.default, types.default, clean.default, keep.default");
        }
    }
}

#[test]
fn rejects_a_destination_without_a_single_input_as_data() {
    let text = r#"{"nodes": [
        {"node_id": "a", "type": "SOURCE", "operator": "o", "outputs": [{"name": "x"}]},
        {"node_id": "d", "type": "DESTINATION", "operator": "o", "outputs": [{"name": "x"}]}
    ]}"#;
    let flow = Flow::parse(text.as_bytes()).unwrap();
    let error = Graph::new(&flow).unwrap().choose("d.x").unwrap_err().to_string();
    assert!(error.ends_with("choose one of: a.x"), "{error}");
}

#[test]
fn lists_all_candidate_outputs() {
    let flow = flow("join-and-split.flow");
    let error = Graph::new(&flow).unwrap().output().unwrap_err();
    insta::assert_snapshot!(error, @"the flow has 2 candidate outputs; choose one of: halves.Test, named.default");
}

#[test]
fn chooses_an_output_by_its_full_name() {
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
fn accepts_dots_in_a_node_id() {
    let flow = transforms(&[("a", &[]), ("a.b", &["a"])]);
    let graph = Graph::new(&flow).unwrap();
    assert_eq!(graph.choose("a.b.default").unwrap().node_id(), "a.b");
}

#[test]
fn finds_only_the_sources_of_the_output() {
    let flow = flow("join-and-split.flow");
    let graph = Graph::new(&flow).unwrap();
    let named = graph.choose("named.default").unwrap();
    assert_eq!(ids(&graph.sources_of(&named)), ["orders", "customers"]);
    let orders = graph.choose("orders.default").unwrap();
    assert_eq!(ids(&graph.sources_of(&orders)), ["orders"]);
}

#[test]
fn reports_a_cycle_in_the_direction_of_the_data() {
    let flow = transforms(&[("in", &[]), ("a", &["in", "c"]), ("b", &["a"]), ("c", &["b"])]);
    insta::assert_snapshot!(problems(&flow).join("\n"), @"the nodes a -> b -> c -> a form a cycle; change the input of one of them");
}

#[test]
fn does_not_report_a_node_that_only_depends_on_a_cycle() {
    let flow = transforms(&[("behind", &["a"]), ("a", &["b"]), ("b", &["a"])]);
    assert!(problems(&flow)[0].contains("a -> b -> a"));
    let flow = transforms(&[("a", &["a"])]);
    assert!(problems(&flow)[0].contains("a -> a"));
}

#[test]
fn lists_every_invalid_connection() {
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
    node a has two outputs named `x`; rename one of them
    node c occurs 2 times; give each node a unique node_id
    node b takes its input `df` from node gone, which is not in the flow; reconnect the input or delete node b
    node b takes its input `df` from the output `default` of node a, whose outputs are: x, x; reconnect the input
    node b takes its input `df` from the output `default` of node c, whose outputs are: none; reconnect the input
    ");
}

#[test]
fn rejects_a_flow_without_outputs() {
    let text = r#"{"nodes": [{"node_id": "a", "type": "SOURCE", "operator": "o"}]}"#;
    let flow = Flow::parse(text.as_bytes()).unwrap();
    let error = Graph::new(&flow).unwrap().output().unwrap_err();
    assert!(error.to_string().contains("add a transform"));
}

#[test]
fn handles_a_long_chain_without_recursion() {
    let names: Vec<String> = (0..50_000).map(|number| number.to_string()).collect();
    let nodes: Vec<(&str, Vec<&str>)> = (0..names.len())
        .map(|n| (names[n].as_str(), names.get(n + 1).map(String::as_str).into_iter().collect()))
        .collect();
    let nodes: Vec<(&str, &[&str])> = nodes.iter().map(|(id, from)| (*id, &from[..])).collect();
    let flow = transforms(&nodes);
    let graph = Graph::new(&flow).unwrap();
    assert_eq!(graph.output().unwrap().node_id(), "0");
}
