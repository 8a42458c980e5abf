//! What the engine refuses.

use std::fmt;

/// The flow has nodes that only Spark can run; every one of them is listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UnsupportedFlow(pub(super) Vec<Unsupported>);

/// One thing that the engine does not do as Spark does it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsupported {
    /// The node.
    pub node_id: String,
    /// Its operator, such as `sagemaker.spark.custom_pandas_0.1`.
    pub operator: String,
    /// What of it is refused, such as `output_style: Vector`, and why.
    pub problem: String,
}

impl UnsupportedFlow {
    /// All of them, at least one, in the order of the data.
    #[must_use]
    pub fn nodes(&self) -> &[Unsupported] {
        &self.0
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {} ({}): {}", self.node_id, self.operator, self.problem)
    }
}

impl fmt::Display for UnsupportedFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the native engine cannot run this flow:")?;
        for node in &self.0 {
            write!(f, "\n  {node}")?;
        }
        f.write_str("\nuse the data-wrangler engine, or replace these nodes by built-in operators")
    }
}
