//! The first step of the engine `data-wrangler`: copies exactly the uploaded object to the project's
//! artifacts. See `docs/decisions/049-read-exactly-the-uploaded-object.md`.
//!
//! Without it, an execution for `a.csv` would also read `a.csv.bak`, because `SageMaker` takes an
//! input's URL as a prefix.

use super::{
    BuildError, INPUT_DATA_URL, INPUT_DATA_VERSION, INPUT_FLOW_URL, Job, cluster, execution_url,
    execution_url_length, flow_input, program,
};
use crate::definition::{Integer, ProcessingInput, ProcessingOutput, Reference, Text};
use crate::flow_file::FlowFile;
use crate::images::SCIKIT_LEARN;
use crate::settings::{Engine, FlowBinding, Settings};
use crate::values::InvalidValue;

/// The step's name.
const STEP: &str = "stage-input";
/// The output with the copy of the uploaded object.
const INPUT: &str = "input";
/// The output with the execution's own copy of the flow.
const FLOW: &str = "flow";
/// The outputs' folder in the job.
const STAGED_FOLDER: &str = "/opt/ml/processing/staged";

pub(super) fn job(settings: &Settings, flow: &FlowFile) -> Result<Job, BuildError> {
    let mut arguments: Vec<Text> =
        vec!["stage-input".into(), "--input-version".into(), Text::parameter(INPUT_DATA_VERSION)];
    if settings.requester_pays {
        arguments.push("--requester-pays".into());
    }
    let mut inputs = vec![
        ProcessingInput::app_managed(&flow.source.dataset, Text::parameter(INPUT_DATA_URL)),
        program::input(settings)?,
    ];
    let mut outputs = vec![output(settings, INPUT)?];
    if settings.flow_binding == FlowBinding::Rewrite {
        arguments.extend(["--source-node".into(), flow.source.node_id.as_str().into()]);
        inputs.push(flow_input(Text::parameter(INPUT_FLOW_URL)));
        outputs.push(output(settings, FLOW)?);
    }
    let instance_type = Engine::Native.default_instance_type();
    Ok(Job {
        step_name: STEP,
        depends_on: Vec::new(),
        cluster: cluster(settings, Some(instance_type.into()), Integer::Literal(1)),
        container: program::container(
            settings,
            SCIKIT_LEARN.in_region(&settings.region)?,
            arguments,
        )?,
        environment: program::environment(settings),
        inputs,
        outputs,
        network: settings.network.as_ref().map(super::network),
        cache: None,
    })
}

/// Returns the URL of the folder with the copy of the uploaded object.
pub(super) fn staged_input() -> Text {
    url_of(INPUT)
}

/// Returns the URL of the folder with the execution's own copy of the flow.
pub(super) fn staged_flow() -> Text {
    url_of(FLOW)
}

/// Returns the length of the URL of [`staged_input`], in characters.
pub(super) fn length_of_staged_input(settings: &Settings) -> Result<usize, InvalidValue> {
    execution_url_length(settings, INPUT)
}

fn url_of(output: &str) -> Text {
    Text::Get(Reference::OutputUrl { step: STEP.to_owned(), output: output.to_owned() })
}

/// Returns an output to a folder of the execution below the artifacts.
fn output(settings: &Settings, name: &str) -> Result<ProcessingOutput, InvalidValue> {
    let url = execution_url(settings, name)?;
    Ok(ProcessingOutput::files(name, url, &format!("{STAGED_FOLDER}/{name}")))
}
