//! The parts of a flow that a pipeline's definition needs.

use data_wrangler_flow::{
    Flow, Graph, InvalidFlow, InvalidGraph, InvalidSource, NoOutput, OutputName, S3Source,
};
use sha2::{Digest, Sha256};

use crate::settings::{Engine, Settings};

/// The settings that say what to run of a flow.
#[derive(Debug, Clone, Copy, Default)]
pub struct FlowChoice<'a> {
    /// What runs the flow.
    pub engine: Engine,
    /// The output, `<node id>.<output>`; the flow's only output if not set.
    pub output_node: Option<&'a str>,
    /// The dataset that an execution's data replaces: its name, or its source node's ID.
    pub input_dataset: Option<&'a str>,
}

impl<'a> From<&'a Settings> for FlowChoice<'a> {
    fn from(settings: &'a Settings) -> Self {
        Self {
            engine: settings.engine,
            output_node: settings.output_node.as_deref(),
            input_dataset: settings.input_dataset.as_deref(),
        }
    }
}

/// The parts of a flow that a definition needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowFile {
    /// The output whose records go to the feature group. For the engine data-wrangler, it can belong
    /// to a destination.
    pub output: OutputName,
    /// The source whose data an execution replaces.
    pub source: S3Source,
    /// The other sources of the output. Each is read from its own location.
    pub other_sources: Vec<S3Source>,
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
    /// A source of the output is not in S3.
    #[error(transparent)]
    Source(#[from] InvalidSource),
    /// The flow reads several datasets, but an execution provides only one.
    #[error(
        "the output {output} reads {} datasets, but an execution provides only one; set \
         input_dataset to one of: {}", datasets.len(), datasets.join(", ")
    )]
    SeveralDatasets {
        /// The output.
        output: String,
        /// The datasets with their nodes.
        datasets: Vec<String>,
    },
    /// The output does not read the dataset that an execution's data is to replace.
    #[error(
        "the output {output} does not read a dataset `{wanted}`; set input_dataset to one of: {}",
        datasets.join(", ")
    )]
    UnknownDataset {
        /// The output.
        output: String,
        /// The requested name.
        wanted: String,
        /// The datasets with their nodes.
        datasets: Vec<String>,
    },
    /// Several datasets have the same name.
    #[error(
        "the output {output} reads several datasets named `{dataset}`, of the nodes {}; give each its \
         own name in the flow", nodes.join(", ")
    )]
    SharedName {
        /// The output.
        output: String,
        /// The name.
        dataset: String,
        /// The source nodes with this name.
        nodes: Vec<String>,
    },
    /// The location of a dataset that is not replaced is not in S3.
    #[error(
        "the dataset `{dataset}` is at `{uri}`, which is not an S3 location; import it from S3"
    )]
    Location {
        /// The dataset.
        dataset: String,
        /// Its location.
        uri: String,
    },
    /// The location of a dataset that is not replaced refers to the flow's parameters.
    #[error(
        "the dataset `{dataset}` is at `{uri}`, but only the engine data-wrangler knows the flow's \
         parameters; write the location into the flow, or use the engine data-wrangler"
    )]
    Parameters {
        /// The dataset.
        dataset: String,
        /// Its location.
        uri: String,
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
    /// Reads a flow, and selects its output and the source that an execution's data replaces.
    ///
    /// # Errors
    ///
    /// [`UnusableFlow`] if the file is not a flow, or if a pipeline cannot run it.
    pub fn read(bytes: &[u8], choice: FlowChoice<'_>) -> Result<Self, UnusableFlow> {
        let flow = Flow::parse(bytes)?;
        let graph = Graph::new(&flow)?;
        let output = match (choice.output_node, choice.engine) {
            (Some(wanted), Engine::DataWrangler) => graph.choose_or_destination(wanted)?,
            (Some(wanted), Engine::Native | Engine::Spark) => graph.choose(wanted)?,
            (None, _) => graph.output()?,
        };
        if !is_quotable(output.node_id()) || !is_quotable(output.output()) {
            return Err(UnusableFlow::OutputName(output));
        }
        let sources: Result<Vec<_>, _> =
            graph.sources_of(&output).into_iter().map(S3Source::of).collect();
        let (source, other_sources) = bind(sources?, &output, choice)?;
        let image = flow.container_image()?;
        Ok(Self { output, source, other_sources, image, flow, bytes: bytes.to_owned() })
    }
}

/// Separates the source that an execution's data replaces from the others, and checks that each can be
/// read.
fn bind(
    mut sources: Vec<S3Source>,
    output: &OutputName,
    choice: FlowChoice<'_>,
) -> Result<(S3Source, Vec<S3Source>), UnusableFlow> {
    check_names(&sources, output)?;
    let source = sources.remove(bound(&sources, output, choice.input_dataset)?);
    if !is_folder_name(&source.dataset) {
        return Err(UnusableFlow::DatasetName(source.dataset));
    }
    for other in &sources {
        check_location(other, choice.engine)?;
    }
    Ok((source, sources))
}

/// Checks that each dataset has its own name. Both engines find a dataset's data by the name.
fn check_names(sources: &[S3Source], output: &OutputName) -> Result<(), UnusableFlow> {
    for source in sources {
        let same = sources.iter().filter(|other| other.dataset == source.dataset);
        let nodes: Vec<_> = same.map(|other| other.node_id.clone()).collect();
        if nodes.len() > 1 {
            let (output, dataset) = (output.to_string(), source.dataset.clone());
            return Err(UnusableFlow::SharedName { output, dataset, nodes });
        }
    }
    Ok(())
}

/// Returns the index of the source that an execution's data replaces.
fn bound(
    sources: &[S3Source],
    output: &OutputName,
    wanted: Option<&str>,
) -> Result<usize, UnusableFlow> {
    let output = output.to_string();
    let datasets = || {
        let named = |source: &S3Source| format!("`{}` (node {})", source.dataset, source.node_id);
        sources.iter().map(named).collect()
    };
    match (wanted, sources) {
        (_, []) => Err(UnusableFlow::NoSource(output)),
        (None, [_]) => Ok(0),
        (None, _) => Err(UnusableFlow::SeveralDatasets { output, datasets: datasets() }),
        (Some(wanted), _) => {
            let named = sources.iter().position(|source| source.dataset == wanted);
            let found =
                named.or_else(|| sources.iter().position(|source| source.node_id == wanted));
            let wanted = wanted.to_owned();
            found.ok_or_else(|| UnusableFlow::UnknownDataset {
                output,
                wanted,
                datasets: datasets(),
            })
        }
    }
}

/// Checks the location of a dataset that is not replaced.
fn check_location(source: &S3Source, engine: Engine) -> Result<(), UnusableFlow> {
    let (dataset, uri) = (source.dataset.clone(), source.uri.clone());
    match (source.parameters().is_empty(), engine) {
        (false, Engine::Native | Engine::Spark) => Err(UnusableFlow::Parameters { dataset, uri }),
        (true, _) if !uri.starts_with("s3://") => Err(UnusableFlow::Location { dataset, uri }),
        _ => Ok(()),
    }
}

/// Whether `/opt/ml/processing/<name>` is a separate folder. The other names are those of the job's
/// other inputs.
fn is_folder_name(name: &str) -> bool {
    !matches!(name, "." | ".." | "flow" | "code" | "requirements")
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
