//! The flow that the job reads.

use std::borrow::Cow;

use super::BuildError;
use super::data_wrangler::flow_parameter;
use crate::flow_file::{FlowFile, sha256_hex};
use crate::settings::{Engine, FlowBinding, FlowLocation, Settings};
use crate::values::ParameterUrl;

/// A folder below the artifacts in which no object exists. The project's template denies storing any.
const NO_INPUT: &str = "input-was-not-bound";

/// A file to store before the pipeline is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Where to store it. The URL contains the content's hash, so that a stored file never changes.
    pub url: ParameterUrl,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The flow that the job reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobFlow {
    /// A flow to store before the pipeline is deployed.
    Stored(StoredFile),
    /// A flow that is in S3 already.
    InS3(ParameterUrl),
}

impl JobFlow {
    /// Determines the flow that the job reads.
    ///
    /// For the engine `data-wrangler`, this is always a changed copy: the source that an execution's
    /// data replaces has an address that does not exist. So a container that ignores the data fails, and
    /// names this address. Datasets of Canvas become datasets in S3.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the URL is too long, or if the flow has no parameter to bind.
    pub fn new(settings: &Settings, flow: &FlowFile) -> Result<Self, BuildError> {
        let bytes = match (settings.engine, &settings.flow) {
            (Engine::Native | Engine::Spark, FlowLocation::S3(url)) => {
                return Ok(Self::InS3(url.clone()));
            }
            (Engine::Native | Engine::Spark, FlowLocation::Path(_)) => flow.bytes.clone(),
            (Engine::DataWrangler, _) => unbound(settings, flow)?,
        };
        let file = format!("flows/{}/{}", sha256_hex(&bytes), file_name(&settings.flow));
        Ok(Self::Stored(StoredFile { url: settings.artifacts.join(&file)?, bytes }))
    }

    /// Returns the flow's URL.
    #[must_use]
    pub fn url(&self) -> &ParameterUrl {
        match self {
            Self::Stored(StoredFile { url, .. }) | Self::InS3(url) => url,
        }
    }

    /// Returns the flow to store.
    #[must_use]
    pub fn into_stored(self) -> Option<StoredFile> {
        match self {
            Self::Stored(file) => Some(file),
            Self::InS3(_) => None,
        }
    }
}

fn file_name(flow: &FlowLocation) -> Cow<'_, str> {
    match flow {
        FlowLocation::Path(path) => {
            path.file_name().map_or("flow.flow".into(), |name| name.to_string_lossy())
        }
        FlowLocation::S3(url) => url.key().rsplit('/').next().unwrap_or_default().into(),
    }
}

/// Returns the flow without the address of the data that it was made with.
fn unbound(settings: &Settings, flow: &FlowFile) -> Result<Vec<u8>, BuildError> {
    let uri = match settings.flow_binding {
        FlowBinding::Parameter => format!("{{{{{}}}}}", flow_parameter(flow)?),
        FlowBinding::Rewrite | FlowBinding::Mount => {
            settings.artifacts.join(&format!("{NO_INPUT}/{}", flow.source.dataset))?.to_string()
        }
    };
    let in_s3 = flow.flow.with_s3_sources()?;
    Ok(in_s3.with_source_uri(&flow.source.node_id, &uri)?.to_json().into_bytes())
}
