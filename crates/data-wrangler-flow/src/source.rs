//! The dataset of a source node.

use serde::Deserialize;

use crate::node::{Node, NodeKind};

/// The `datasetSourceType` of a dataset in S3.
const S3: &str = "S3";
/// The `datasetSourceType` of a dataset of `SageMaker` Canvas. Its files are in S3 too.
const CANVAS: &str = "Canvas Dataset";

/// A dataset in S3, as a flow's source node describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct S3Source {
    /// The source node's ID.
    pub node_id: String,
    /// The dataset's name, such as `abalone.csv`. It identifies the dataset that new data replaces.
    pub dataset: String,
    /// The location of the data when the flow was created, such as
    /// `s3://amzn-s3-demo-bucket/abalone.csv`. It can hold references to the flow's parameters; see
    /// [`S3Source::parameters`].
    pub uri: String,
    /// The data's format as given in the flow: `csv`, `parquet`, `jsonl` and others.
    pub content_type: Option<String>,
    /// Whether `SageMaker` Canvas registered the dataset. The Data Wrangler container reads such a
    /// dataset only after [`Flow::with_s3_sources`](crate::Flow::with_s3_sources).
    pub in_canvas: bool,
}

/// The node is not an S3 source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSource {
    /// The flow has no such source node.
    #[error("the flow has no source node {0}")]
    Missing(String),
    /// The data is not in S3, but for example in Athena or Redshift.
    #[error(
        "source node {node_id} reads from {kind} (`{operator}`), not from S3; store the data in S3, \
         and import it from there"
    )]
    NotS3 {
        /// The node.
        node_id: String,
        /// The kind of source, such as `Athena`.
        kind: String,
        /// The node's operator.
        operator: String,
    },
    /// The flow does not say where in S3 the dataset is.
    #[error(
        "source node {node_id}: the flow does not say where in S3 the {kind} `{dataset}` is; import \
         its files from S3"
    )]
    NoLocation {
        /// The node.
        node_id: String,
        /// The kind of dataset.
        kind: &'static str,
        /// The dataset's name.
        dataset: String,
    },
    /// The dataset's definition cannot be read.
    #[error(
        "source node {node_id}: parameters.dataset_definition cannot be read: {problem}; import \
         the dataset again"
    )]
    Unreadable {
        /// The node.
        node_id: String,
        /// The problem.
        problem: String,
    },
}

#[derive(Deserialize)]
struct Parameters {
    dataset_definition: DatasetDefinition,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DatasetDefinition {
    name: String,
    s3_execution_context: Option<S3ExecutionContext>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct S3ExecutionContext {
    s3_uri: Option<String>,
    s3_content_type: Option<String>,
}

/// The part of a dataset's definition that all kinds of sources share.
#[derive(Deserialize)]
struct AnyParameters {
    dataset_definition: AnyDefinition,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyDefinition {
    dataset_source_type: Option<String>,
}

impl S3Source {
    /// Reads the dataset of a source node.
    ///
    /// # Errors
    ///
    /// [`InvalidSource`] if the node does not read from S3, or if its parameters are invalid.
    pub fn of(node: &Node) -> Result<Self, InvalidSource> {
        let node_id = node.id().to_owned();
        if *node.kind() != NodeKind::Source {
            return Err(InvalidSource::Missing(node_id));
        }
        let source_type = source_type(node);
        let kind = match source_type.as_deref() {
            None | Some("" | S3) => "dataset",
            Some(CANVAS) => "Canvas dataset",
            Some(other) => return Err(not_s3(node, other)),
        };
        if !node.operator().starts_with("sagemaker.s3_source_") {
            return Err(not_s3(node, source_type.as_deref().unwrap_or_default()));
        }
        let unreadable =
            |problem: String| InvalidSource::Unreadable { node_id: node_id.clone(), problem };
        let Some(parameters) = node.members().get("parameters") else {
            return Err(unreadable("the node has no parameters".to_owned()));
        };
        let Parameters { dataset_definition: definition } =
            parameters.read().map_err(|error| unreadable(error.to_string()))?;
        let (dataset, context) = (definition.name, definition.s3_execution_context);
        let location = context.and_then(|context| Some((context.s3_uri?, context.s3_content_type)));
        match location.filter(|(uri, _)| !uri.is_empty()) {
            None => Err(InvalidSource::NoLocation { node_id, kind, dataset }),
            Some((uri, _)) if dataset.is_empty() => {
                Err(unreadable(format!("the dataset at `{uri}` has no name")))
            }
            Some((uri, content_type)) => {
                let in_canvas = source_type.as_deref() == Some(CANVAS);
                Ok(Self { node_id, dataset, uri, content_type, in_canvas })
            }
        }
    }

    /// Returns the names of the flow's parameters to which the URI refers, such as `year` in
    /// `s3://amzn-s3-demo-bucket/{{year}}/`.
    /// <https://docs.aws.amazon.com/sagemaker/latest/dg/data-wrangler-parameterize.html>
    #[must_use]
    pub fn parameters(&self) -> Vec<&str> {
        let after = self.uri.split("{{").skip(1);
        after.filter_map(|text| text.split_once("}}")).map(|(name, _)| name.trim()).collect()
    }
}

/// Reads a source node's `datasetSourceType`. Data Wrangler's first versions wrote none.
fn source_type(node: &Node) -> Option<String> {
    let parameters: AnyParameters = node.members().get("parameters")?.read().ok()?;
    parameters.dataset_definition.dataset_source_type
}

/// Reports a source outside S3. A source without a type is named after its operator:
/// `sagemaker.athena_source_0.1`.
fn not_s3(node: &Node, source_type: &str) -> InvalidSource {
    let operator = node.operator().to_owned();
    let of_operator = || {
        let name = operator.strip_prefix("sagemaker.").unwrap_or(&operator);
        name.split_once("_source_").map_or(name, |(name, _)| name).to_owned()
    };
    let kind = match source_type {
        "" | S3 | CANVAS => of_operator(),
        named => named.to_owned(),
    };
    InvalidSource::NotS3 { node_id: node.id().to_owned(), kind, operator }
}
