//! The flow, as a pipeline's definition needs it.

use data_wrangler_flow::{
    Flow, Graph, InvalidFlow, InvalidGraph, InvalidSource, NoOutput, OutputName, S3Source,
};
use sha2::{Digest, Sha256};

/// What a definition takes from a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowFile {
    /// The output whose records are stored.
    pub output: OutputName,
    /// The name of the dataset that the flow reads, which the data of an execution replaces.
    pub dataset: String,
    /// The image that the flow was made with, if it says so.
    pub image: Option<String>,
    /// The hex SHA-256 of the file.
    pub sha256: String,
}

/// The flow cannot be run by a pipeline; the text says why and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableFlow {
    /// The file is no flow.
    #[error(transparent)]
    Invalid(#[from] InvalidFlow),
    /// Its nodes are not connected.
    #[error(transparent)]
    Disconnected(#[from] InvalidGraph),
    /// Its output is not known.
    #[error("{0}")]
    NoOutput(#[from] NoOutput),
    /// Its data cannot be replaced by an execution's.
    #[error(transparent)]
    Source(#[from] InvalidSource),
    /// It reads several datasets, and an execution brings one.
    #[error(
        "the output {output} is made from {} datasets ({}), and an execution brings the data of \
         one; make a flow that reads one dataset", sources.len(), sources.join(", ")
    )]
    SeveralSources {
        /// The output.
        output: String,
        /// The source nodes.
        sources: Vec<String>,
    },
    /// It reads no dataset.
    #[error("the output {0} is made from no source; connect its node to an S3 source")]
    NoSource(String),
    /// The dataset's name cannot be the name of a folder.
    #[error(
        "the flow's dataset is called `{0}`, which cannot be the name of a folder of the job; \
         rename the dataset in the flow"
    )]
    DatasetName(String),
    /// The output's name would break the container's argument, which quotes it.
    #[error(
        "the output `{}` of the node `{}` cannot be named to the job: quotes, backslashes and \
         control characters are not possible; give the node another node_id, or its output \
         another name, in the flow", .0.output().escape_debug(), .0.node_id().escape_debug()
    )]
    OutputName(OutputName),
}

impl FlowFile {
    /// Reads a flow, and takes the output called `output_node`, or the only one.
    ///
    /// # Errors
    ///
    /// [`UnusableFlow`] if the file is no flow, or not one that a pipeline can run.
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
        Ok(Self { output, dataset: source.dataset, image, sha256: sha256_hex(bytes) })
    }
}

/// Whether `/opt/ml/processing/<name>` is a folder of its own. The other names are those of
/// the job's inputs beside the data.
fn is_folder_name(name: &str) -> bool {
    !matches!(name, "." | ".." | "flow" | "code")
        && name.len() <= 200
        && !name.chars().any(|character| character == '/' || is_unprintable(character))
}

/// Whether a text may stand in JSON's quotes within the shell's, as it is.
fn is_quotable(name: &str) -> bool {
    !name.chars().any(|character| "'\"\\".contains(character) || is_unprintable(character))
}

/// What a pattern's `.` does not take, and all else that controls a terminal.
fn is_unprintable(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// The hex SHA-256 of `bytes`.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
