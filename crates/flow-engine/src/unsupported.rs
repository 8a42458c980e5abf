//! Nodes that the engine does not support.

use std::fmt;

use data_wrangler_flow::Node;

/// The flow has nodes that only Spark can run. The error lists all of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UnsupportedFlow(pub(super) Vec<Unsupported>);

/// A node for which the engine cannot match Spark exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsupported {
    /// The node.
    pub node_id: String,
    /// Its operator, such as `sagemaker.spark.custom_pandas_0.1`.
    pub operator: String,
    /// The unsupported part, such as an option, and the reason.
    pub problem: String,
}

impl Unsupported {
    /// The fix.
    pub const REMEDY: &'static str = "use the data-wrangler engine";

    pub(super) fn of(node: &Node, problem: String) -> Self {
        let (node_id, operator) = (node.id().to_owned(), node.operator().to_owned());
        Self { node_id, operator, problem }
    }
}

impl UnsupportedFlow {
    /// All unsupported nodes in topological order. There is at least one.
    #[must_use]
    pub fn nodes(&self) -> &[Unsupported] {
        &self.0
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node_id, operator, problem } = self;
        write!(f, "node {node_id} ({operator}): {problem}; {}", Self::REMEDY)
    }
}

impl fmt::Display for UnsupportedFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the native engine does not support this flow:")?;
        self.0.iter().try_for_each(|node| write!(f, "\n  {node}"))
    }
}
