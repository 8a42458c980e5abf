//! Problems in the connections of a flow's nodes.

use std::fmt;

/// The connections of the nodes are invalid. The error lists every problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidGraph(Vec<Problem>);

impl InvalidGraph {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    /// All problems. There is at least one.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for InvalidGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&problems.join("; "))
    }
}

/// A problem in the connections of the nodes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Several nodes have the same ID.
    #[error("node {node_id} occurs {times} times; give each node a unique node_id")]
    DuplicateNode {
        /// The ID.
        node_id: String,
        /// The number of nodes with this ID.
        times: usize,
    },
    /// A node has two outputs with the same name.
    #[error("node {node_id} has two outputs named `{output}`; rename one of them")]
    DuplicateOutput {
        /// The node.
        node_id: String,
        /// The name.
        output: String,
    },
    /// An input refers to a missing node.
    #[error(
        "node {node_id} takes its input `{input}` from node {wanted}, which is not in the flow; \
         reconnect the input or delete node {node_id}"
    )]
    MissingNode {
        /// The node with the input.
        node_id: String,
        /// The input's name.
        input: String,
        /// The missing node.
        wanted: String,
    },
    /// An input refers to a missing output.
    #[error(
        "node {node_id} takes its input `{input}` from the output `{wanted}` of node {from}, whose \
         outputs are: {}; reconnect the input",
        outputs(known)
    )]
    MissingOutput {
        /// The node with the input.
        node_id: String,
        /// The input's name.
        input: String,
        /// The node that the input refers to.
        from: String,
        /// The missing output.
        wanted: String,
        /// The existing outputs, at most ten.
        known: Vec<String>,
    },
    /// Nodes form a cycle.
    #[error(
        "the nodes {} form a cycle; change the input of one of them", .0.join(" -> ")
    )]
    Cycle(Vec<String>),
}

fn outputs(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}
