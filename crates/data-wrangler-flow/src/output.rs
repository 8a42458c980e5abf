//! The name of a flow's output.

use std::fmt;

/// An output of a node, written `<node id>.<output name>` as the Data Wrangler container expects.
/// Only a [`Graph`](crate::Graph) creates it, so the output exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OutputName {
    pub(crate) node_id: String,
    pub(crate) output: String,
}

impl OutputName {
    /// The node's ID.
    #[must_use]
    pub fn node_id(&self) -> &str {
        &self.node_id
    }

    /// The output's name.
    #[must_use]
    pub fn output(&self) -> &str {
        &self.output
    }
}

impl fmt::Display for OutputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.node_id, self.output)
    }
}

/// The output does not exist or is ambiguous.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoOutput {
    /// The flow has no output that is not used by another node.
    #[error(
        "the flow has no usable output; destinations and visualizations do not count; add a \
         transform"
    )]
    None,
    /// The flow has more than one output that no other node uses.
    #[error("the flow has {} candidate outputs; choose one of: {}", .0.len(), list(.0))]
    Several(Vec<OutputName>),
    /// The requested name is not a `<node id>.<output name>` of this flow.
    #[error("the flow has no output `{wanted}`; it has: {}", list(known))]
    Unknown {
        /// The requested name.
        wanted: String,
        /// Every output that produces or writes data.
        known: Vec<OutputName>,
    },
    /// The requested node is a visualization, or a destination without data.
    #[error(
        "`{wanted}` is a visualization, or a destination with no single input, and produces no data; \
         choose one of: {}",
        list(known)
    )]
    GivesNoData {
        /// The requested name.
        wanted: String,
        /// Every output that produces or writes data.
        known: Vec<OutputName>,
    },
}

fn list(outputs: &[OutputName]) -> String {
    let outputs: Vec<_> = outputs.iter().map(ToString::to_string).collect();
    outputs.join(", ")
}
