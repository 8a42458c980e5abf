//! AWS's Data Wrangler container. For the differences from the predecessor, see
//! `docs/decisions/027-definition-data-wrangler.md`; for how an execution's data replaces the flow's
//! source, `docs/decisions/051-flow-binding.md`.

use std::collections::BTreeMap;

use super::{
    BuildError, INPUT_DATA_URL, INPUT_FLOW_URL, Job, feature_group_output, flow_cluster,
    flow_input, stage_input,
};
use crate::definition::{AppSpecification, MAX_ARGUMENT, ProcessingInput, Text};
use crate::flow_file::{FlowFile, is_quotable};
use crate::images::DATA_WRANGLER;
use crate::settings::{FlowBinding, Settings};
use crate::values::ImageUri;

/// Returns the job of the container, after the job that stages its input. Without the program in S3,
/// the container reads the uploaded object's URL itself, as a prefix.
pub(super) fn jobs(settings: &Settings, flow: &FlowFile) -> Result<Vec<Job>, BuildError> {
    let stage = settings.stages_input().then(|| stage_input::job(settings, flow)).transpose()?;
    let depends_on = stage.iter().map(|stage| stage.step_name.to_owned()).collect();
    let container = Job { depends_on, ..job(settings, flow)? };
    Ok(stage.into_iter().chain([container]).collect())
}

fn job(settings: &Settings, flow: &FlowFile) -> Result<Job, BuildError> {
    let mut arguments: Vec<Text> = vec![output_config(flow)?.into()];
    if settings.refit {
        arguments.push("--refit-trained-params '{\"refit\": true}'".into());
    }
    let flow_url = match settings.flow_binding {
        FlowBinding::Rewrite => stage_input::staged_flow(),
        FlowBinding::Mount | FlowBinding::Parameter => Text::parameter(INPUT_FLOW_URL),
    };
    let mut inputs = vec![flow_input(flow_url)];
    if settings.flow_binding == FlowBinding::Parameter {
        arguments.push(parameter_override(settings, flow)?);
    } else {
        inputs.push(mounted(&flow.source.dataset, data_url(settings)));
    }
    Ok(Job {
        step_name: "datawrangler-processing-to-feature-store",
        depends_on: Vec::new(),
        cluster: flow_cluster(settings),
        container: AppSpecification {
            image_uri: image(settings, flow)?,
            container_entrypoint: Vec::new(),
            container_arguments: arguments,
        },
        environment: BTreeMap::new(),
        inputs,
        outputs: vec![feature_group_output()],
        network: settings.network.as_ref().map(super::network),
        cache: settings.cache.clone(),
    })
}

/// Returns where the container's data is: where the first step staged it, or where it was uploaded.
fn data_url(settings: &Settings) -> Text {
    if settings.stages_input() {
        stage_input::staged_input()
    } else {
        Text::parameter(INPUT_DATA_URL)
    }
}

fn image(settings: &Settings, flow: &FlowFile) -> Result<ImageUri, BuildError> {
    Ok(match (&settings.image, &flow.image) {
        (Some(image), _) => image.clone(),
        (None, Some(image)) => DATA_WRANGLER.as_named(image, &settings.region)?,
        (None, None) => DATA_WRANGLER.in_region(&settings.region)?,
    })
}

/// Returns the argument that names the output. Option and value are one argument, as in Data Wrangler's
/// own exports. The key must equal the output's name.
fn output_config(flow: &FlowFile) -> Result<String, BuildError> {
    let argument =
        format!("--output-config '{{\"{}\": {{\"content_type\": \"CSV\"}}}}'", flow.output);
    let length = argument.chars().count();
    if length > MAX_ARGUMENT {
        let node = flow.output.node_id().to_owned();
        return Err(BuildError::OutputTooLong { node, excess: length - MAX_ARGUMENT });
    }
    Ok(argument)
}

/// Returns the flow's parameter that takes the data's URL: the one to which the source's address refers.
///
/// # Errors
///
/// [`BuildError::NotOneParameter`] if it refers to none or several.
pub(super) fn flow_parameter(flow: &FlowFile) -> Result<&str, BuildError> {
    match flow.source.parameters()[..] {
        [name] if is_quotable(name) => Ok(name),
        ref names => Err(BuildError::NotOneParameter {
            dataset: flow.source.dataset.clone(),
            uri: flow.source.uri.clone(),
            count: names.len(),
        }),
    }
}

/// Returns the argument that sets the flow's parameter to the data's URL.
fn parameter_override(settings: &Settings, flow: &FlowFile) -> Result<Text, BuildError> {
    let (before, after) =
        (format!("--parameter-override '{{\"{}\": \"", flow_parameter(flow)?), "\"}'");
    if settings.stages_input() {
        let length = before.len() + stage_input::length_of_staged_input(settings)? + after.len();
        if length > MAX_ARGUMENT {
            return Err(BuildError::UrlTooLong(length - MAX_ARGUMENT));
        }
    }
    Ok(Text::join([before.into(), data_url(settings), after.into()]))
}

/// Returns the input that replaces the dataset of its name.
fn mounted(dataset: &str, url: Text) -> ProcessingInput {
    ProcessingInput::files(dataset, url, &format!("/opt/ml/processing/{dataset}"))
}
