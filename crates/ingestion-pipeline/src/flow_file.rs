//! The parts of a flow that a pipeline's definition needs.

use data_wrangler_flow::{
    Flow, Graph, InvalidFlow, InvalidGraph, InvalidSource, NoOutput, OutputName, S3Source,
};
use sha2::{Digest, Sha256};

/// The parts of a flow that a definition needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowFile {
    /// The output whose records go to the feature group.
    pub output: OutputName,
    /// The source whose data an execution replaces.
    pub source: S3Source,
    /// The image that the flow was made with, if it names one.
    pub image: Option<String>,
    /// The flow.
    pub flow: Flow,
    /// The file's content.
    pub bytes: Vec<u8>,
}

/// A pipeline cannot run the flow.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableFlow {
    /// The file is not a flow.
    #[error(transparent)]
    Invalid(#[from] InvalidFlow),
    /// Its nodes are not connected.
    #[error(transparent)]
    Disconnected(#[from] InvalidGraph),
    /// The output is unknown.
    #[error("{0}")]
    NoOutput(#[from] NoOutput),
    /// An execution's data cannot replace the flow's source.
    #[error(transparent)]
    Source(#[from] InvalidSource),
    /// The flow reads several datasets, but an execution provides only one.
    #[error(
        "the output {output} depends on {} datasets ({}), but an execution provides only one; \
         use a flow that reads one dataset", sources.len(), sources.join(", ")
    )]
    SeveralSources {
        /// The output.
        output: String,
        /// The source nodes.
        sources: Vec<String>,
    },
    /// The flow reads no dataset.
    #[error("the output {0} has no source; connect its node to an S3 source")]
    NoSource(String),
    /// The dataset's name is not a valid folder name.
    #[error(
        "the flow's dataset is named `{0}`, which is not a valid folder name in the job; \
         rename the dataset in the flow"
    )]
    DatasetName(String),
    /// The output's name cannot be quoted in the container's argument.
    #[error(
        "the output `{}` of the node `{}` cannot be passed to the job: quotes, backslashes \
         and control characters are not allowed; change the node's node_id, or the output's name, \
         in the flow", .0.output().escape_debug(), .0.node_id().escape_debug()
    )]
    OutputName(OutputName),
}

impl FlowFile {
    /// Reads a flow, and selects the output `output_node` or the only one.
    ///
    /// # Errors
    ///
    /// [`UnusableFlow`] if the file is not a flow, or if a pipeline cannot run it.
    pub fn read(bytes: &[u8], output_node: Option<&str>) -> Result<Self, UnusableFlow> {
        let flow = Flow::parse(bytes)?;
        let graph = Graph::new(&flow)?;
        let output = match output_node {
            Some(wanted) => graph.choose(wanted)?,
            None => graph.output()?,
        };
        if !is_quotable(output.node_id()) || !is_quotable(output.output()) {
            return Err(UnusableFlow::OutputName(output));
        }
        let sources = graph.sources_of(&output);
        let source = match sources[..] {
            [source] => S3Source::of(source)?,
            [] => return Err(UnusableFlow::NoSource(output.to_string())),
            _ => {
                let sources = sources.iter().map(|node| node.id().to_owned()).collect();
                let output = output.to_string();
                return Err(UnusableFlow::SeveralSources { output, sources });
            }
        };
        if !is_folder_name(&source.dataset) {
            return Err(UnusableFlow::DatasetName(source.dataset));
        }
        let image = flow.container_image()?;
        Ok(Self { output, source, image, flow, bytes: bytes.to_owned() })
    }
}

/// Whether `/opt/ml/processing/<name>` is a separate folder. `flow` and `code` are the job's other
/// inputs.
fn is_folder_name(name: &str) -> bool {
    !matches!(name, "." | ".." | "flow" | "code")
        && name.len() <= 200
        && !name.chars().any(|character| character == '/' || is_unprintable(character))
}

/// Whether a name needs no escaping in a JSON string within shell quotes.
pub(crate) fn is_quotable(name: &str) -> bool {
    !name.chars().any(|character| "'\"\\".contains(character) || is_unprintable(character))
}

/// Whether a character is a control character or a line separator.
fn is_unprintable(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Returns the hex SHA-256 of `bytes`.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
