//! The dataset of a source node.

use serde::Deserialize;

use crate::node::Node;

/// A dataset in S3, as a flow's source node describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct S3Source {
    /// The dataset's name, such as `abalone.csv`. It identifies the dataset that new data replaces.
    pub dataset: String,
    /// The location of the data when the flow was created, such as
    /// `s3://amzn-s3-demo-bucket/abalone.csv`.
    pub uri: String,
    /// The data's format as given in the flow: `csv`, `parquet`, `jsonl` and others.
    pub content_type: Option<String>,
}

/// The node is not an S3 source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSource {
    /// The data is not in S3, but for example in Athena or Redshift.
    #[error("source node {node_id} reads from `{operator}`, not from S3; use an S3 source")]
    NotS3 {
        /// The node.
        node_id: String,
        /// Its operator.
        operator: String,
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
    s3_execution_context: S3ExecutionContext,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct S3ExecutionContext {
    s3_uri: String,
    s3_content_type: Option<String>,
}

impl S3Source {
    /// Reads the dataset of a source node.
    ///
    /// # Errors
    ///
    /// [`InvalidSource`] if the node does not read from S3, or if its parameters are invalid.
    pub fn of(node: &Node) -> Result<Self, InvalidSource> {
        let node_id = node.id().to_owned();
        if !node.operator().starts_with("sagemaker.s3_source_") {
            return Err(InvalidSource::NotS3 { node_id, operator: node.operator().to_owned() });
        }
        let unreadable = |problem: String| InvalidSource::Unreadable { node_id, problem };
        let Some(parameters) = node.members().get("parameters") else {
            return Err(unreadable("the node has no parameters".to_owned()));
        };
        match parameters.read() {
            Err(error) => Err(unreadable(error.to_string())),
            Ok(Parameters { dataset_definition: definition }) if definition.name.is_empty() => {
                let uri = definition.s3_execution_context.s3_uri;
                Err(unreadable(format!("the dataset at `{uri}` has no name")))
            }
            Ok(Parameters { dataset_definition: definition }) => Ok(Self {
                dataset: definition.name,
                uri: definition.s3_execution_context.s3_uri,
                content_type: definition.s3_execution_context.s3_content_type,
            }),
        }
    }
}
