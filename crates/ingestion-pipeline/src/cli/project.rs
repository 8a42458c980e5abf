//! Reads a project's settings and flow.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use data_wrangler_flow::Flow;
use terminal_text::Failure;

use super::args::Which;
use super::{Context, note, warn};
use crate::PipelineDefinition;
use crate::engine::{self, BuildError, JobFlow, StoredFile};
use crate::flow_file::{FlowFile, UnusableFlow};
use crate::service::{Aws, Service};
use crate::settings::{Engine, File, FlowLocation, Identity, InvalidSettings, Settings, Sources};
use crate::values::Region;

/// The settings file if the arguments name none.
const DEFAULT_FILE: &str = "pipeline.yaml";
/// Maximum number of bytes to read of a settings file: one more than allowed, to detect larger files.
const MAX_SETTINGS_BYTES: u64 = (1 << 20) + 1;

/// A flow's bytes, and its name for messages.
pub(super) struct FlowBytes {
    pub(super) bytes: Vec<u8>,
    name: String,
}

/// Reads the settings, and notes which environment variables they override.
pub(super) fn settings(context: &Context<'_>) -> Result<Settings, Failure> {
    let settings = Settings::read(sources(context)?).map_err(no_settings)?;
    for text in &settings.notes {
        note(context, &format!("note: {text}"));
    }
    Ok(settings)
}

/// Reads the pipeline's name and region.
pub(super) fn identity(context: &Context<'_>, which: &Which) -> Result<Identity, Failure> {
    let identity = Identity::read(sources(context)?, which.pipeline.as_deref());
    identity.map_err(no_settings)
}

/// Returns clients for AWS.
pub(super) async fn aws(context: &Context<'_>, region: &Region) -> Aws {
    let s3_endpoint =
        (context.variable)("AWS_ENDPOINT_URL_S3").and_then(|url| url.into_string().ok());
    Aws::from_environment(region, s3_endpoint.filter(|url| !url.is_empty())).await
}

/// Reads the flow if it is a local file: the copy from the arguments, or the file from the settings.
pub(super) fn local_flow(
    settings: &Settings,
    copy: Option<&Path>,
) -> Result<Option<FlowBytes>, Failure> {
    let path: PathBuf = match (copy, &settings.flow) {
        (Some(copy), _) => copy.to_owned(),
        (None, FlowLocation::Path(path)) => path.clone(),
        (None, FlowLocation::S3(_)) => return Ok(None),
    };
    // One byte more than allowed, to detect larger files.
    let bytes = read(&path, Flow::MAX_BYTES as u64 + 1).map_err(|error| {
        Failure::new(
            format!("the flow {} cannot be read: {error}", path.display()),
            "set `flow` to a path relative to pipeline.yaml, or to s3://<bucket>/<key>",
        )
    })?;
    Ok(Some(FlowBytes { bytes, name: path.display().to_string() }))
}

/// Reads the flow from a local file or from S3.
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

/// Builds the definition; returns it with the files to store, which its jobs read.
pub(super) fn definition(
    settings: &Settings,
    flow: &FlowBytes,
    context: &Context<'_>,
) -> Result<(PipelineDefinition, Vec<StoredFile>), Failure> {
    let file = FlowFile::read(&flow.bytes, settings.into()).map_err(|error| {
        let hint = match &error {
            UnusableFlow::NoOutput(_) => "set output_node in pipeline.yaml, or DW_FLOW_OUTPUT_NAME",
            UnusableFlow::SeveralDatasets { .. } | UnusableFlow::UnknownDataset { .. } => {
                "set input_dataset in pipeline.yaml, or DW_FLOW_INPUT_DATASET"
            }
            _ => "correct the flow in Data Wrangler and export it again",
        };
        Failure::new(format!("{}: {error}", flow.name), hint)
    })?;
    let built = engine::build(settings, &file).and_then(|definition| {
        Ok((definition, engine::stored_files(settings, JobFlow::new(settings, &file)?)?))
    });
    let built = built.map_err(|error| {
        let hint = match error {
            BuildError::NoImage(_) => {
                "set `image` in pipeline.yaml, or use an engine or region that has an image"
            }
            BuildError::Value(_) => "shorten `artifacts` or the flow's file name",
            BuildError::NoSparkEngine => {
                "set spark_engine in pipeline.yaml, or SPARK_ENGINE_URL"
            }
            BuildError::NoBinary => "set native_binary in pipeline.yaml, or INGEST_FEATURES_URL",
            BuildError::OutputTooLong { .. } => "rename it, or use the engine native",
            BuildError::NotOneParameter { .. } => {
                "edit the dataset's address in Data Wrangler, or set another flow_binding"
            }
            BuildError::UrlTooLong(_) => {
                "shorten `artifacts` or the name of the flow's parameter, or set another flow_binding"
            }
            BuildError::Source(_) => "correct the flow in Data Wrangler and export it again",
            BuildError::Invalid(_) => {
                "correct the setting or the part of the flow that this value comes from"
            }
        };
        Failure::new(error, hint)
    })?;
    if settings.cache.is_some() {
        warn(context, cache_warning(settings));
    }
    if settings.engine == Engine::DataWrangler && !settings.stages_input() {
        warn(context, NEIGHBOURS);
    }
    Ok(built)
}

/// What an input's URL matches if no step stages the uploaded object.
const NEIGHBOURS: &str = "native_binary is not set, so SageMaker takes the data's URL as a prefix: an \
     execution for `a.csv` also reads `a.csv.bak`. Set native_binary to stage exactly the uploaded \
     object";

/// Returns a warning: a step cache can skip new data.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-caching.html>
fn cache_warning(settings: &Settings) -> &'static str {
    match settings.engine {
        Engine::DataWrangler if settings.stages_input() => {
            "cache: each execution stages its data under an address of its own, so no result is ever \
             reused; remove `cache`"
        }
        Engine::DataWrangler => {
            "cache: SageMaker compares the step's arguments, which contain the data's URL but not \
             the data. If an upload reuses a key that was ingested before, its execution succeeds, \
             but nothing is ingested. Remove `cache` unless every upload has a new key"
        }
        Engine::Native | Engine::Spark => {
            "cache: the step's arguments contain the execution's start time, so no result is ever \
             reused; remove `cache`"
        }
    }
}

/// Reads the settings file and the environment.
fn sources(context: &Context<'_>) -> Result<Sources, Failure> {
    let file = settings_file(context.arguments.file.as_deref())?;
    Sources::new(file.as_ref(), context.variable).map_err(|error| {
        Failure::new(
            error,
            "a settings file is YAML: write each key once, one `key: value` per line; indent with \
             spaces; quote values with special characters",
        )
    })
}

fn settings_file(named: Option<&Path>) -> Result<Option<File>, Failure> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let bytes = match read(path, MAX_SETTINGS_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => return Ok(None),
        Err(error) => {
            let hint = "pass the settings file with --file, or set all settings in the environment";
            return Err(Failure::new(format!("{}: {error}", path.display()), hint));
        }
    };
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(format!("{} is not UTF-8", path.display()), "save the file as UTF-8")
    })?;
    let requirements = requirements(&path.with_file_name("requirements.txt"))?;
    Ok(Some(File { path: path.to_owned(), text, requirements }))
}

/// Reads the `requirements.txt` next to the settings file, if there is one.
fn requirements(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    // One byte more than allowed, to detect larger files.
    match read(path, File::MAX_REQUIREMENTS as u64 + 1) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(
            format!("{}: {error}", path.display()),
            "make it a readable file, or remove it",
        )),
    }
}

fn no_settings(invalid: InvalidSettings) -> Failure {
    Failure::new(
        invalid,
        "`ingestion-pipeline --help` lists all settings and their environment variables",
    )
}

fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
