//! Data Wrangler's `.flow` files.
//!
//! 1. [`Flow::parse`] reads a file: its [`Node`]s, and whatever else is in it, kept as written in
//!    [`Object`]s of [`Json`]. Writing a flow gives all of it back.
//! 2. [`Graph::new`] checks how the nodes are connected: no node twice, no input from nowhere, no
//!    cycle. The order of the nodes in the file means nothing.
//! 3. [`Graph::output`] finds the one output that nothing else uses; [`Graph::choose`] takes one
//!    by name; [`Graph::sources_of`] says what it is made from.
//! 4. [`S3Source`] is what a source node says of its dataset; [`Flow::container_image`] is the
//!    image that the flow was made with.
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

pub use flow::{Flow, InvalidFlow};
pub use graph::Graph;
pub use json::{Json, Object};
pub use node::{Input, Node, NodeKind, Output};
pub use output::{NoOutput, OutputName};
pub use problem::{InvalidGraph, Problem};
pub use source::{InvalidSource, S3Source};
