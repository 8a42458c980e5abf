//! The graph of a flow's nodes.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::flow::Flow;
use crate::node::{Node, NodeKind};
use crate::output::{NoOutput, OutputName};
use crate::problem::{InvalidGraph, Problem};

/// The maximum number of outputs that a problem lists.
const SHOWN: usize = 10;

/// A flow whose connections are valid: every input refers to an existing output, without cycles.
#[derive(Debug)]
pub struct Graph<'a> {
    /// In topological order.
    nodes: Vec<&'a Node>,
    by_id: HashMap<&'a str, &'a Node>,
}

impl<'a> Graph<'a> {
    /// Builds the graph of a flow.
    ///
    /// # Errors
    ///
    /// [`InvalidGraph`] lists every duplicate node and every dangling input. If there are none, it
    /// reports a cycle.
    pub fn new(flow: &'a Flow) -> Result<Self, InvalidGraph> {
        let mut problems = duplicates(flow.nodes());
        let by_id: HashMap<_, _> = flow.nodes().iter().map(|node| (node.id(), node)).collect();
        problems.extend(dangling(flow.nodes(), &by_id));
        if !problems.is_empty() {
            return Err(InvalidGraph::new(problems));
        }
        match in_order(flow.nodes()) {
            Ok(nodes) => Ok(Self { nodes, by_id }),
            Err(left) => Err(InvalidGraph::new(vec![Problem::Cycle(cycle(&left))])),
        }
    }

    /// The nodes in topological order: each follows its inputs.
    #[must_use]
    pub fn nodes(&self) -> &[&'a Node] {
        &self.nodes
    }

    /// Returns the node with this ID.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<&'a Node> {
        self.by_id.get(id).copied()
    }

    /// Returns the only output that no other node uses. Ignores destinations and
    /// visualizations.
    ///
    /// # Errors
    ///
    /// [`NoOutput`] if there is none, or more than one. In that case, the error lists all of them.
    pub fn output(&self) -> Result<OutputName, NoOutput> {
        let inputs = self.data_nodes().flat_map(Node::inputs);
        let used: HashSet<_> =
            inputs.map(|input| (input.node_id.as_str(), input.output_name.as_str())).collect();
        let mut unused = self.outputs_of(Node::carries_data);
        unused.retain(|output| !used.contains(&(output.node_id(), output.output())));
        match (unused.pop(), unused.is_empty()) {
            (None, _) => Err(NoOutput::None),
            (Some(output), true) => Ok(output),
            (Some(last), false) => {
                unused.push(last);
                Err(NoOutput::Several(unused))
            }
        }
    }

    /// Returns the output named `<node id>.<output name>` that produces data. A destination stands for
    /// the data that flows into it.
    ///
    /// # Errors
    ///
    /// [`NoOutput`] if the flow has no such output, or if its node neither produces data nor writes
    /// the data of exactly one node.
    pub fn choose(&self, wanted: &str) -> Result<OutputName, NoOutput> {
        let named = self.choose_or_destination(wanted)?;
        let inputs = match self.node(named.node_id()) {
            Some(node) if !node.carries_data() => node.inputs(),
            _ => return Ok(named),
        };
        match inputs {
            [input] => {
                Ok(OutputName { node_id: input.node_id.clone(), output: input.output_name.clone() })
            }
            _ => Err(NoOutput::GivesNoData {
                wanted: wanted.to_owned(),
                known: self.outputs_of(Node::carries_data),
            }),
        }
    }

    /// Returns the output named `<node id>.<output name>` of a node that produces data, or of a
    /// destination. The Data Wrangler container takes both as the output of a job.
    ///
    /// # Errors
    ///
    /// [`NoOutput`] if the flow has no such output, or if it belongs to a visualization.
    pub fn choose_or_destination(&self, wanted: &str) -> Result<OutputName, NoOutput> {
        let is_visualization = |node: &Node| *node.kind() == NodeKind::Visualization;
        let named = |output: &OutputName| output.to_string() == wanted;
        let mut known = self.outputs_of(|node| !is_visualization(node));
        if let Some(at) = known.iter().position(named) {
            return Ok(known.swap_remove(at));
        }
        if self.outputs_of(is_visualization).iter().any(named) {
            return Err(NoOutput::GivesNoData { wanted: wanted.to_owned(), known });
        }
        Err(NoOutput::Unknown { wanted: wanted.to_owned(), known })
    }

    /// Returns the source nodes that an output depends on, in the order of [`Graph::nodes`].
    #[must_use]
    pub fn sources_of(&self, output: &OutputName) -> Vec<&'a Node> {
        let mut nodes = self.nodes_of(output);
        nodes.retain(|node| *node.kind() == NodeKind::Source);
        nodes
    }

    /// Returns the nodes that an output depends on, in the order of [`Graph::nodes`]. The last one
    /// is the output's own node.
    #[must_use]
    pub fn nodes_of(&self, output: &OutputName) -> Vec<&'a Node> {
        let mut needed = HashSet::from([output.node_id()]);
        for node in self.nodes.iter().rev() {
            if needed.contains(node.id()) {
                needed.extend(node.inputs().iter().map(|input| input.node_id.as_str()));
            }
        }
        self.nodes.iter().filter(|node| needed.contains(node.id())).copied().collect()
    }

    fn data_nodes(&self) -> impl Iterator<Item = &'a Node> {
        self.nodes.iter().copied().filter(|node| node.carries_data())
    }

    fn outputs_of(&self, wanted: impl Fn(&Node) -> bool) -> Vec<OutputName> {
        let nodes = self.nodes.iter().filter(|node| wanted(node));
        let outputs = nodes.flat_map(|node| {
            node.outputs().iter().map(|output| OutputName {
                node_id: node.id().to_owned(),
                output: output.name.clone(),
            })
        });
        outputs.collect()
    }
}

fn duplicates(nodes: &[Node]) -> Vec<Problem> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    let mut problems = Vec::new();
    for node in nodes {
        *times.entry(node.id()).or_default() += 1;
        let mut names = HashSet::new();
        for output in node.outputs() {
            if !names.insert(&output.name) {
                let (node_id, output) = (node.id().to_owned(), output.name.clone());
                problems.push(Problem::DuplicateOutput { node_id, output });
            }
        }
    }
    let mut twice: Vec<_> = times.into_iter().filter(|(_, times)| *times > 1).collect();
    twice.sort_unstable();
    problems.extend(
        twice
            .into_iter()
            .map(|(node_id, times)| Problem::DuplicateNode { node_id: node_id.to_owned(), times }),
    );
    problems
}

fn dangling(nodes: &[Node], by_id: &HashMap<&str, &Node>) -> Vec<Problem> {
    let outputs: HashSet<_> = nodes
        .iter()
        .flat_map(|node| node.outputs().iter().map(|output| (node.id(), output.name.as_str())))
        .collect();
    let mut problems = Vec::new();
    for node in nodes {
        for input in node.inputs() {
            let (node_id, name) = (node.id().to_owned(), input.name.clone());
            let Some(from) = by_id.get(input.node_id.as_str()) else {
                let wanted = input.node_id.clone();
                problems.push(Problem::MissingNode { node_id, input: name, wanted });
                continue;
            };
            if !outputs.contains(&(from.id(), input.output_name.as_str())) {
                problems.push(Problem::MissingOutput {
                    node_id,
                    input: name,
                    from: input.node_id.clone(),
                    wanted: input.output_name.clone(),
                    known: from
                        .outputs()
                        .iter()
                        .take(SHOWN)
                        .map(|output| output.name.clone())
                        .collect(),
                });
            }
        }
    }
    problems
}

/// Sorts the nodes topologically. The error holds the nodes that cannot be sorted because they are
/// part of a cycle or depend on one.
fn in_order(nodes: &[Node]) -> Result<Vec<&Node>, Vec<&Node>> {
    let mut users: HashMap<&str, Vec<&Node>> = HashMap::new();
    let mut waits_for: HashMap<&str, usize> = HashMap::new();
    for node in nodes {
        waits_for.insert(node.id(), node.inputs().len());
        for input in node.inputs() {
            users.entry(&input.node_id).or_default().push(node);
        }
    }
    let mut ready: VecDeque<_> = nodes.iter().filter(|node| node.inputs().is_empty()).collect();
    let mut ordered = Vec::with_capacity(nodes.len());
    while let Some(node) = ready.pop_front() {
        ordered.push(node);
        for user in users.remove(node.id()).unwrap_or_default() {
            let Some(left) = waits_for.get_mut(user.id()) else { continue };
            *left -= 1;
            if *left == 0 {
                ready.push_back(user);
            }
        }
    }
    if ordered.len() == nodes.len() {
        return Ok(ordered);
    }
    Err(nodes
        .iter()
        .filter(|node| waits_for.get(node.id()).is_some_and(|left| *left > 0))
        .collect())
}

/// Finds one cycle among nodes that all depend on each other. The path follows the data, and its
/// first node is repeated at the end.
fn cycle(nodes: &[&Node]) -> Vec<String> {
    let by_id: HashMap<_, _> = nodes.iter().map(|node| (node.id(), *node)).collect();
    let mut seen: Vec<&str> = Vec::new();
    let mut position: HashMap<&str, usize> = HashMap::new();
    let mut next = nodes.first().copied();
    while let Some(node) = next {
        if let Some(start) = position.get(node.id()) {
            let mut path: Vec<_> = seen[*start..].iter().map(ToString::to_string).collect();
            path.push(node.id().to_owned());
            path.reverse();
            return path;
        }
        position.insert(node.id(), seen.len());
        seen.push(node.id());
        next = node.inputs().iter().find_map(|input| by_id.get(input.node_id.as_str()).copied());
    }
    Vec::new()
}
