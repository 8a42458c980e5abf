//! What can be wrong with the connections of a flow's nodes.

use std::fmt;

/// The nodes are not connected as they must be; every problem is listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidGraph(Vec<Problem>);

impl InvalidGraph {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    /// All problems, at least one.
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

/// One fault in the connections of the nodes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Two nodes have one identity.
    #[error("node {node_id} occurs {times} times; give each node a node_id of its own")]
    DuplicateNode {
        /// The identity.
        node_id: String,
        /// How often it occurs.
        times: usize,
    },
    /// A node has two outputs of one name.
    #[error("node {node_id} has the output `{output}` twice; name its outputs differently")]
    DuplicateOutput {
        /// The node.
        node_id: String,
        /// The name.
        output: String,
    },
    /// An input names a node that is not there.
    #[error(
        "node {node_id} takes its input `{input}` from node {wanted}, which is not in the flow; \
         connect the input again or delete node {node_id}"
    )]
    MissingNode {
        /// The node with the input.
        node_id: String,
        /// The input's name.
        input: String,
        /// The node that is not there.
        wanted: String,
    },
    /// An input names an output that its node does not have.
    #[error(
        "node {node_id} takes its input `{input}` from the output `{wanted}` of node {from}, which \
         has {}; connect the input again",
        outputs(known)
    )]
    MissingOutput {
        /// The node with the input.
        node_id: String,
        /// The input's name.
        input: String,
        /// The node that the input names.
        from: String,
        /// The output that is not there.
        wanted: String,
        /// The outputs that are there, at most ten of them.
        known: Vec<String>,
    },
    /// Nodes that need one another.
    #[error(
        "the nodes {} form a cycle; connect the input of one of them elsewhere", .0.join(" -> ")
    )]
    Cycle(Vec<String>),
}

fn outputs(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}
