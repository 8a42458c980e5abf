//! Reads a project's settings and flow from where the arguments say.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use data_wrangler_flow::Flow;

use super::args::Which;
use super::failure::Failure;
use super::{Context, note, warn};
use crate::PipelineDefinition;
use crate::engine::{self, BuildError};
use crate::flow_file::{FlowFile, UnusableFlow};
use crate::service::{Aws, Service};
use crate::settings::{Engine, File, FlowLocation, Identity, InvalidSettings, Settings, Sources};
use crate::values::Region;

/// The file that is read if the arguments name none.
const DEFAULT_FILE: &str = "pipeline.yaml";
/// Most bytes of a settings file that are read; what is longer is refused with its size.
const MAX_SETTINGS_BYTES: u64 = (1 << 20) + 1;

/// A flow's bytes, and what to call it in messages.
pub(super) struct FlowBytes {
    pub(super) bytes: Vec<u8>,
    name: String,
}

/// Reads the settings, and tells which of them the environment says otherwise.
pub(super) fn settings(context: &Context<'_>) -> Result<Settings, Failure> {
    let settings = Settings::read(sources(context)?).map_err(no_settings)?;
    for text in &settings.notes {
        note(context, &format!("note: {text}"));
    }
    Ok(settings)
}

/// Reads which pipeline is meant, and where it is.
pub(super) fn identity(context: &Context<'_>, which: &Which) -> Result<Identity, Failure> {
    let identity = Identity::read(sources(context)?, which.pipeline.as_deref());
    identity.map_err(no_settings)
}

/// Clients for AWS.
pub(super) async fn aws(context: &Context<'_>, region: &Region) -> Aws {
    let s3_endpoint =
        (context.variable)("AWS_ENDPOINT_URL_S3").and_then(|url| url.into_string().ok());
    Aws::from_environment(region, s3_endpoint.filter(|url| !url.is_empty())).await
}

/// The flow, if it is on this machine: the copy that the arguments name, or the settings' file.
pub(super) fn local_flow(
    settings: &Settings,
    copy: Option<&Path>,
) -> Result<Option<FlowBytes>, Failure> {
    let path: PathBuf = match (copy, &settings.flow) {
        (Some(copy), _) => copy.to_owned(),
        (None, FlowLocation::Path(path)) => path.clone(),
        (None, FlowLocation::S3(_)) => return Ok(None),
    };
    // One byte more than a flow may have, so that a larger file is noticed.
    let bytes = read(&path, Flow::MAX_BYTES as u64 + 1).map_err(|error| {
        Failure::new(
            format!("the flow {} cannot be read: {error}", path.display()),
            "`flow` in pipeline.yaml is relative to that file; it may also be s3://<bucket>/<key>",
        )
    })?;
    Ok(Some(FlowBytes { bytes, name: path.display().to_string() }))
}

/// The flow, from this machine or from S3.
pub(super) async fn any_flow(
    settings: &Settings,
    copy: Option<&Path>,
    service: &impl Service,
) -> Result<FlowBytes, Failure> {
    match (local_flow(settings, copy)?, &settings.flow) {
        (None, FlowLocation::S3(url)) => {
            Ok(FlowBytes { bytes: service.get_object(url).await?, name: url.to_string() })
        }
        (Some(flow), _) => Ok(flow),
        (None, FlowLocation::Path(path)) => {
            Err(Failure::new(format!("there is no flow {}", path.display()), "check `flow`"))
        }
    }
}

/// Builds the definition, and says what it took from the flow.
pub(super) fn definition(
    settings: &Settings,
    flow: &FlowBytes,
    context: &Context<'_>,
) -> Result<(PipelineDefinition, FlowFile), Failure> {
    let file = FlowFile::read(&flow.bytes, settings.output_node.as_deref()).map_err(|error| {
        let hint = match &error {
            UnusableFlow::NoOutput(_) => {
                "name the output with output_node in pipeline.yaml, or DW_FLOW_OUTPUT_NAME"
            }
            _ => "correct the flow in Data Wrangler and export it again",
        };
        Failure::new(format!("{}: {error}", flow.name), hint)
    })?;
    let definition = engine::build(settings, &file).map_err(|error| {
        let hint = match error {
            BuildError::NoImage(_) => {
                "name an image with `image` in pipeline.yaml, or take the engine or region that has one"
            }
            BuildError::Value(_) => "shorten `artifacts` or the flow's file name",
            BuildError::NoBinary => "set native_binary in pipeline.yaml, or INGEST_FEATURES_URL",
            BuildError::OutputTooLong { .. } => "rename it, or take the engine native",
            BuildError::Invalid(_) => "correct the setting or the flow that the place comes from",
        };
        Failure::new(error, hint)
    })?;
    if settings.cache.is_some() {
        warn(context, cache_warning(settings.engine));
    }
    Ok((definition, file))
}

/// What a step cache does, which is not what its name says.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-caching.html>
fn cache_warning(engine: Engine) -> &'static str {
    match engine {
        Engine::DataWrangler => {
            "cache: SageMaker compares the step's arguments, which hold the URL of the data and not \
             the data: an upload under a key that was ingested before finds the earlier result, its \
             execution succeeds, and nothing is ingested; leave `cache` out unless every upload has \
             a new key"
        }
        Engine::Native => {
            "cache: the step's arguments hold the execution's start, so no result is ever reused; \
             leave `cache` out"
        }
    }
}

/// The settings' file and the environment.
fn sources(context: &Context<'_>) -> Result<Sources, Failure> {
    let file = settings_file(context.arguments.file.as_deref())?;
    Sources::new(file.as_ref(), context.variable).map_err(|error| {
        Failure::new(
            error,
            "a settings file is YAML: one `key: value` on each line, indented with spaces, each key \
             once; put a value with special characters in quotes",
        )
    })
}

fn settings_file(named: Option<&Path>) -> Result<Option<File>, Failure> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let bytes = match read(path, MAX_SETTINGS_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => return Ok(None),
        Err(error) => {
            let hint = "name the settings file with --file, or set everything in the environment";
            return Err(Failure::new(format!("{}: {error}", path.display()), hint));
        }
    };
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(format!("{} is not UTF-8", path.display()), "save the file as UTF-8")
    })?;
    Ok(Some(File { path: path.to_owned(), text }))
}

fn no_settings(invalid: InvalidSettings) -> Failure {
    Failure::new(invalid, "`ingestion-pipeline --help` lists all settings and their variables")
}

fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
