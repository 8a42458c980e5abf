//! The output of a flow that is wanted.

use std::fmt;

/// One output of one node, written `<node id>.<output name>`, as the Data Wrangler container wants
/// it. Only a [`Graph`](crate::Graph) makes one, so it names an output that exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OutputName {
    pub(crate) node_id: String,
    pub(crate) output: String,
}

impl OutputName {
    /// The node.
    #[must_use]
    pub fn node_id(&self) -> &str {
        &self.node_id
    }

    /// The name of its output.
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

/// There is no such output, or not just one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoOutput {
    /// Nothing in the flow gives data that nothing else uses.
    #[error(
        "the flow has no node whose output could be taken: there are only destinations and \
         visualizations; add a transform"
    )]
    None,
    /// More than one output is used by nothing else.
    #[error("the flow has {} outputs that could be meant; choose one of: {}", .0.len(), list(.0))]
    Several(Vec<OutputName>),
    /// The name that was asked for is not `<node id>.<output name>` of this flow.
    #[error("the flow has no output `{wanted}`; it has: {}", list(known))]
    Unknown {
        /// As it was asked for.
        wanted: String,
        /// Every output of the flow.
        known: Vec<OutputName>,
    },
    /// The node that was asked for is a destination or a visualization.
    #[error(
        "`{wanted}` is a destination or a visualization, which gives no data; choose one of: {}",
        list(known)
    )]
    GivesNoData {
        /// As it was asked for.
        wanted: String,
        /// Every output that gives data.
        known: Vec<OutputName>,
    },
}

fn list(outputs: &[OutputName]) -> String {
    let outputs: Vec<_> = outputs.iter().map(ToString::to_string).collect();
    outputs.join(", ")
}
