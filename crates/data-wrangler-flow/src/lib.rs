//! Data Wrangler's `.flow` files.
//!
//! 1. [`Flow::parse`] reads a file. All members are kept as [`Object`]s of [`Json`], so that
//!    writing the flow preserves them.
//! 2. [`Graph::new`] checks the connections: no duplicate nodes, no dangling inputs, no cycles. The
//!    order of the nodes in the file has no meaning.
//! 3. [`Graph::output`] finds the only output that no other node uses. [`Graph::choose`] selects an
//!    output by name. [`Graph::sources_of`] returns the sources that it depends on.
//! 4. [`S3Source`] describes a source node's dataset. [`Flow::container_image`] is the image that
//!    created the flow.
//! 5. [`Flow::with_s3_sources`] and [`Flow::with_source_uri`] return the flow with other sources.
//!    [`Flow::to_json`] writes it.
//!
//! ```
//! use data_wrangler_flow::{Flow, Graph, S3Source};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let bytes = include_bytes!("../../../flows/abalone.flow");
//! let flow = Flow::parse(bytes)?;
//! let graph = Graph::new(&flow)?;
//! let output = graph.output()?;
//! assert_eq!(output.to_string(), "00000000-0000-4000-8000-000000000005.default");
//! let source = S3Source::of(graph.sources_of(&output)[0])?;
//! assert_eq!(source.dataset, "abalone.csv");
//! # Ok(())
//! # }
//! ```

mod flow;
mod graph;
mod json;
mod node;
mod output;
mod problem;
mod source;
mod stored;

pub use flow::{Flow, InvalidFlow};
pub use graph::Graph;
pub use json::{Json, Object};
pub use node::{Input, Node, NodeKind, Output};
pub use output::{NoOutput, OutputName};
pub use problem::{InvalidGraph, Problem};
pub use source::{InvalidSource, S3Source};
