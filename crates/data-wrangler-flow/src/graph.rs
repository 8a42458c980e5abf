//! How the nodes of a flow are connected.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::flow::Flow;
use crate::node::{Node, NodeKind};
use crate::output::{NoOutput, OutputName};
use crate::problem::{InvalidGraph, Problem};

/// Most outputs that one problem lists.
const SHOWN: usize = 10;

/// A flow whose nodes are connected: every input has its output, and no node needs itself.
#[derive(Debug)]
pub struct Graph<'a> {
    /// In an order in which every node comes after the nodes that it needs.
    nodes: Vec<&'a Node>,
    by_id: HashMap<&'a str, &'a Node>,
}

impl<'a> Graph<'a> {
    /// Connects the nodes of a flow.
    ///
    /// # Errors
    ///
    /// [`InvalidGraph`] lists every node that occurs twice, every input that comes from nowhere,
    /// and, if there are none of these, a cycle.
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

    /// The nodes, each after those that it needs.
    #[must_use]
    pub fn nodes(&self) -> &[&'a Node] {
        &self.nodes
    }

    /// The node with this identity.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<&'a Node> {
        self.by_id.get(id).copied()
    }

    /// The one output that no other node uses, destinations and visualizations aside.
    ///
    /// # Errors
    ///
    /// [`NoOutput`] if there is none, or more than one; then all are listed.
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

    /// The output called `<node id>.<output name>`.
    ///
    /// # Errors
    ///
    /// [`NoOutput`] if the flow has no such output, or if its node gives no data.
    pub fn choose(&self, wanted: &str) -> Result<OutputName, NoOutput> {
        let known = self.outputs_of(Node::carries_data);
        if let Some(output) = known.iter().find(|output| output.to_string() == wanted) {
            return Ok(output.clone());
        }
        let wanted = wanted.to_owned();
        let end = |node: &&&Node| {
            !node.carries_data()
                && wanted.strip_prefix(node.id()).is_some_and(|r| r.starts_with('.'))
        };
        Err(match self.nodes.iter().find(end) {
            Some(_) => NoOutput::GivesNoData { wanted, known },
            None => NoOutput::Unknown { wanted, known },
        })
    }

    /// The source nodes that an output is made from, in the order of [`Graph::nodes`].
    #[must_use]
    pub fn sources_of(&self, output: &OutputName) -> Vec<&'a Node> {
        let mut nodes = self.nodes_of(output);
        nodes.retain(|node| *node.kind() == NodeKind::Source);
        nodes
    }

    /// The nodes that an output is made by, in the order of [`Graph::nodes`]: the last one is the
    /// output's own.
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

/// The nodes, each after those that it needs; or those that cannot be ordered, being in a cycle or
/// behind one.
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

/// One cycle among nodes that each need another of them, in the direction of the data; the first
/// node is repeated at the end.
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
