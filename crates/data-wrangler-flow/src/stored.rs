//! Copies of a flow whose sources are where the Data Wrangler container finds them.

use crate::flow::Flow;
use crate::json::{Json, Object};
use crate::node::Node;
use crate::source::{InvalidSource, S3Source};

impl Flow {
    /// Returns a copy in which one source node reads from `uri`: an S3 URI, or text that refers to the
    /// flow's parameters.
    ///
    /// In the node's `parameters.dataset_definition`, this changes the following members. All others
    /// keep their text.
    ///
    /// - `s3ExecutionContext.s3Uri` is `uri`.
    /// - `s3ExecutionContext.s3DataType` is `S3Prefix` if the flow has this member, and the list of
    ///   files `s3ExecutionContext.s3ManifestPlain.s3Uris` is `null`. Otherwise, the container would
    ///   read the listed files.
    /// - A Canvas dataset becomes an S3 dataset, as in [`Flow::with_s3_sources`].
    ///
    /// # Errors
    ///
    /// [`InvalidSource`] if the flow has no such source, or if the source is not in S3.
    pub fn with_source_uri(&self, node_id: &str, uri: &str) -> Result<Self, InvalidSource> {
        let node = self.nodes().iter().find(|node| node.id() == node_id);
        let source = match node {
            Some(node) => S3Source::of(node)?,
            None => return Err(InvalidSource::Missing(node_id.to_owned())),
        };
        self.with_definition(&source, |definition| {
            to_s3(&source, definition)?;
            definition.change("s3ExecutionContext", |context| read_from(uri, context))
        })
    }

    /// Returns a copy in which every Canvas dataset is an S3 dataset. The container does not know the
    /// datasets that Canvas registered, but reads their files in S3.
    ///
    /// In the node's `parameters.dataset_definition`, `datasetSourceType` changes from `Canvas Dataset`
    /// to `S3`, and `canvasDatasetMetadata` to `null`. All other members keep their text. A Canvas
    /// dataset without a location in S3 stays as it is.
    ///
    /// # Errors
    ///
    /// [`InvalidSource`] if a dataset's definition cannot be written.
    pub fn with_s3_sources(&self) -> Result<Self, InvalidSource> {
        let sources = self.nodes().iter().filter_map(|node| S3Source::of(node).ok());
        let in_canvas = sources.filter(|source| source.in_canvas);
        in_canvas.into_iter().try_fold(self.clone(), |flow, source| {
            flow.with_definition(&source, |definition| to_s3(&source, definition))
        })
    }

    fn with_definition(
        &self,
        source: &S3Source,
        change: impl Fn(&mut Object) -> Result<(), serde_json::Error>,
    ) -> Result<Self, InvalidSource> {
        let changed = |node: &Node| {
            if node.id() != source.node_id {
                return Ok(node.clone());
            }
            node.with_parameters(|parameters| parameters.change("dataset_definition", &change))
        };
        let nodes: Result<_, _> = self.nodes().iter().map(changed).collect();
        let flow = nodes.and_then(|nodes| self.with_nodes(nodes));
        flow.map_err(|error| InvalidSource::Unreadable {
            node_id: source.node_id.clone(),
            problem: error.to_string(),
        })
    }
}

/// Makes a Canvas dataset an S3 dataset.
/// <https://github.com/aws-samples/sample-canvas-to-pipelines-mlops/blob/547badff83d6364816aa76f3f3d4bf99aff2453f/docs/USAGE.md>
fn to_s3(source: &S3Source, definition: &mut Object) -> Result<(), serde_json::Error> {
    if source.in_canvas {
        definition.set("datasetSourceType", Json::of("S3")?);
        definition.set("canvasDatasetMetadata", Json::of(&())?);
    }
    Ok(())
}

/// Makes `uri` the only location of an `s3ExecutionContext`.
fn read_from(uri: &str, context: &mut Object) -> Result<(), serde_json::Error> {
    context.set("s3Uri", Json::of(uri)?);
    if context.get("s3DataType").is_some() {
        context.set("s3DataType", Json::of("S3Prefix")?);
    }
    if context.get("s3ManifestPlain").is_some_and(|manifest| manifest.kind() == "an object") {
        context.change("s3ManifestPlain", |manifest| {
            manifest.set("s3Uris", Json::of(&())?);
            Ok(())
        })?;
    }
    Ok(())
}
