//! Stages the input of one execution for the Data Wrangler container: copies exactly the uploaded
//! object, and writes a flow that reads this copy.
//!
//! The job's outputs are named `input` and `flow`; `SageMaker` uploads their folders when the job has
//! succeeded. See `docs/decisions/049-read-exactly-the-uploaded-object.md`.

mod copy;

use std::fs;
use std::path::Path;

use aws_common::ObjectUrl;
use data_wrangler_flow::Flow;
use terminal_text::Failure;

use crate::contract::{Input, JobConfig};
use crate::data::S3Data;
use crate::flow_file;
use crate::job::{JobContext, Services, stopped_early};
use crate::location::{InputVersion, Location};
use crate::objects::Objects;
use crate::store::Store;

/// The output with the copy of the uploaded object.
const INPUT: &str = "input";
/// The output with the rewritten flow.
const FLOW: &str = "flow";
/// The rewritten flow's file name.
const FLOW_FILE: &str = "staged.flow";

const DEPLOY: &str = "deploy the pipeline again with `ingestion-pipeline upsert`";

/// What to stage. Everything else comes from the processing job's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSpec {
    /// The version of the uploaded object.
    pub version: InputVersion,
    /// The source node that reads the staged copy in the rewritten flow. Without it, no flow is written.
    pub source_node: Option<String>,
    /// Whether to pay for requests to S3 buckets whose owners let the requester pay.
    pub requester_pays: bool,
}

/// Stages the input of the job.
///
/// # Errors
///
/// [`Failure`] if this is not a processing job with the inputs and outputs above, or if something cannot
/// be read or written.
pub async fn stage<S: Store, O: Objects>(
    spec: &StageSpec,
    context: &JobContext,
    connect: impl AsyncFnOnce() -> Result<Services<S, O>, Failure>,
) -> Result<(), Failure> {
    let config = context.ml.job_config()?.ok_or_else(|| {
        Failure::usage(
            "there is no processing job whose input could be staged",
            "this command is the first step of a pipeline with the engine data-wrangler",
        )
    })?;
    let data = S3Data { url: uploaded(&config)?, version: spec.version.id().map(str::to_owned) };
    let input = output(&config, INPUT)?;
    let folder = context.ml.here(Path::new(input.local_path));
    let objects = connect().await?.objects;
    let copied = copy::copy(&data, &folder, &objects);
    let copied =
        context.stop.unless(copied).await.ok_or_else(|| stopped_early(&context.stop))??;
    tracing::info!(objects = copied.objects, bytes = copied.bytes, "staged the input");
    let Some(node) = &spec.source_node else { return Ok(()) };
    let flow = flow_file::read(&Location::Local(context.ml.flow()), None::<&O>).await?;
    let uri = format!("{}/{}", input.s3_uri.trim_end_matches('/'), copied.name);
    let flow = rewritten(&flow, node, &uri)?;
    let folder = context.ml.here(Path::new(output(&config, FLOW)?.local_path));
    write(&folder, flow.to_json().as_bytes())
}

/// Returns the URL of the uploaded object: of the only input that the job fetches itself.
fn uploaded(config: &JobConfig) -> Result<ObjectUrl, Failure> {
    let mut inputs = config.processing_inputs.iter().filter(|input| input.app_managed);
    let (Some(url), None) = (inputs.next().and_then(Input::s3_uri), inputs.next()) else {
        let problem = "the job must have exactly one input with AppManaged and an S3Uri";
        return Err(Failure::new(problem, DEPLOY));
    };
    url.parse().map_err(|error| Failure::new(error, "name an object or a folder in S3"))
}

/// Where SageMaker takes an output from, and where it puts it.
struct Target<'a> {
    local_path: &'a str,
    s3_uri: &'a str,
}

fn output<'a>(config: &'a JobConfig, name: &str) -> Result<Target<'a>, Failure> {
    let outputs = &config.processing_output_config.outputs;
    let named = outputs.iter().find(|output| output.output_name == name);
    let s3 = named.and_then(|output| output.s3_output.as_ref());
    let target = s3.and_then(|s3| {
        Some(Target { local_path: s3.local_path.as_deref()?, s3_uri: s3.s3_uri.as_deref()? })
    });
    target.ok_or_else(|| {
        Failure::new(
            format!("the job has no output `{name}` with an S3Output.S3Uri and LocalPath"),
            DEPLOY,
        )
    })
}

/// Returns the flow in which one source node reads the staged copy.
fn rewritten(flow: &Flow, node: &str, uri: &str) -> Result<Flow, Failure> {
    let bound = flow.with_s3_sources().and_then(|flow| flow.with_source_uri(node, uri));
    bound.map_err(|error| {
        Failure::new(
            error,
            "start the execution without InputFlowUrl, or deploy that flow with `ingestion-pipeline \
             upsert`",
        )
    })
}

fn write(folder: &Path, flow: &[u8]) -> Result<(), Failure> {
    let path = folder.join(FLOW_FILE);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, flow));
    written.map_err(|error| copy::not_written(&path, &error))
}
