//! Two steps: our Spark engine runs the flow in AWS's Spark image, and `ingest-features` writes the
//! result to the feature group. See `docs/decisions/056-spark-on-aws.md`.
//!
//! Spark reads the uploaded object from the execution's URL. So nothing binds the flow to it.

use super::{
    BuildError, FLOW_OUTPUT_NAME, INPUT_DATA_URL, INPUT_DATA_VERSION, INPUT_FLOW_URL, Job,
    StoredFile, cluster, execution_url, execution_url_length, feature_group_output, flow_cluster,
    flow_input, native, program,
};
use crate::definition::{
    AppSpecification, Integer, MAX_ARGUMENT, NetworkConfig, ProcessingInput, Reference, Text,
};
use crate::flow_file::{FlowFile, sha256_hex};
use crate::images::{SCIKIT_LEARN, SPARK};
use crate::settings::{Engine, Settings};
use crate::values::ImageUri;

/// The step that runs the flow.
const RUN: &str = "spark-processing";
/// The step that writes the records.
const WRITE: &str = "spark-processing-to-feature-store";
/// The folder of an execution with the flow's result.
const RESULT: &str = "result";
/// The Spark engine in the job.
const ENGINE: &str = "/opt/ml/processing/code/spark-engine.zip";
/// Unpacks the engine, whose path is `$0`, and starts it. It reads the container's arguments itself,
/// because AWS's image would pass them on through a shell, unquoted.
const SHELL: &str = "folder=\"${TMPDIR:-/tmp}/spark-engine\" && \
                     python3 -m zipfile -e \"$0\" \"$folder\" && \
                     exec /bin/bash \"$folder/processing-job.sh\"";

pub(super) fn jobs(settings: &Settings, flow: &FlowFile) -> Result<Vec<Job>, BuildError> {
    let length = execution_url_length(settings, RESULT)?;
    if length > MAX_ARGUMENT {
        return Err(BuildError::UrlTooLong(length - MAX_ARGUMENT));
    }
    Ok(vec![run(settings, flow)?, write(settings)?])
}

fn run(settings: &Settings, flow: &FlowFile) -> Result<Job, BuildError> {
    let engine = settings.spark_engine.as_ref().ok_or(BuildError::NoSparkEngine)?;
    let mut arguments: Vec<Text> = vec![
        "--flow".into(),
        super::FLOW_FOLDER.into(),
        "--input-version".into(),
        Text::parameter(INPUT_DATA_VERSION),
        "--output".into(),
        execution_url(settings, RESULT)?,
        "--output-name".into(),
        Text::parameter(FLOW_OUTPUT_NAME),
        "--event-time".into(),
        Text::Get(Reference::StartDateTime),
    ];
    if settings.refit {
        arguments.push("--refit".into());
    }
    if settings.requester_pays {
        arguments.push("--requester-pays".into());
    }
    let mut inputs = vec![
        flow_input(Text::parameter(INPUT_FLOW_URL)),
        ProcessingInput::app_managed(&flow.source.dataset, Text::parameter(INPUT_DATA_URL)),
        ProcessingInput::files("code", engine.as_str(), program::CODE_FOLDER),
    ];
    if let Some(StoredFile { url, .. }) = requirements(settings)? {
        let folder = "/opt/ml/processing/requirements";
        inputs.push(ProcessingInput::files("requirements", url.as_str(), folder));
    }
    let entrypoint = ["/bin/bash", "-c", SHELL, ENGINE];
    Ok(Job {
        step_name: RUN,
        depends_on: Vec::new(),
        cluster: flow_cluster(settings),
        container: AppSpecification {
            image_uri: match &settings.image {
                Some(image) => image.clone(),
                None => SPARK.in_region(&settings.region)?,
            },
            container_entrypoint: entrypoint.map(Text::from).to_vec(),
            container_arguments: arguments,
        },
        environment: program::environment(settings),
        inputs,
        outputs: Vec::new(),
        // The instances exchange rows.
        network: settings
            .network
            .as_ref()
            .map_or_else(NetworkConfig::encrypted, super::network)
            .into(),
        cache: settings.cache.clone(),
    })
}

fn write(settings: &Settings) -> Result<Job, BuildError> {
    let mut arguments: Vec<Text> = vec!["--spark-result".into(), execution_url(settings, RESULT)?];
    arguments.extend(native::writing(settings)?);
    let instance_type = Engine::Native.default_instance_type();
    Ok(Job {
        step_name: WRITE,
        depends_on: vec![RUN.to_owned()],
        cluster: cluster(settings, Some(instance_type.into()), Integer::Literal(1)),
        container: program::container(settings, small_image(settings)?, arguments)?,
        environment: program::environment(settings),
        inputs: vec![program::input(settings)?],
        outputs: vec![feature_group_output()],
        network: settings.network.as_ref().map(super::network),
        cache: None,
    })
}

/// Returns the image for `ingest-features`: the small one, or Spark's in regions without it.
fn small_image(settings: &Settings) -> Result<ImageUri, BuildError> {
    let small = SCIKIT_LEARN.in_region(&settings.region);
    Ok(small.or_else(|_| SPARK.in_region(&settings.region))?)
}

/// Returns the list of the Python packages that the flow's code needs.
pub(super) fn requirements(settings: &Settings) -> Result<Option<StoredFile>, BuildError> {
    let Some(bytes) = &settings.requirements else { return Ok(None) };
    let file = format!("requirements/{}/requirements.txt", sha256_hex(bytes));
    Ok(Some(StoredFile { url: settings.artifacts.join(&file)?, bytes: bytes.clone() }))
}
