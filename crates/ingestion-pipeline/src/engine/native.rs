//! `ingest-features` runs the flow. It downloads the uploaded object itself, so that it reads exactly
//! this object.

use super::{
    BuildError, FEATURE_GROUP_NAME, FLOW_FOLDER, FLOW_OUTPUT_NAME, INPUT_DATA_URL,
    INPUT_DATA_VERSION, INPUT_FLOW_URL, Job, feature_group_output, flow_cluster, flow_input,
    program,
};
use crate::definition::{ProcessingInput, Reference, Text};
use crate::flow_file::FlowFile;
use crate::images::SCIKIT_LEARN;
use crate::settings::Settings;

pub(super) fn job(settings: &Settings, flow: &FlowFile) -> Result<Job, BuildError> {
    let image = match &settings.image {
        Some(image) => image.clone(),
        None => SCIKIT_LEARN.in_region(&settings.region)?,
    };
    let mut arguments: Vec<Text> = vec![
        "--flow".into(),
        FLOW_FOLDER.into(),
        "--input-version".into(),
        Text::parameter(INPUT_DATA_VERSION),
    ];
    arguments.extend(writing(settings)?);
    if settings.requester_pays {
        arguments.push("--requester-pays".into());
    }
    if settings.refit {
        arguments.push("--refit".into());
    }
    Ok(Job {
        step_name: "native-processing-to-feature-store",
        depends_on: Vec::new(),
        cluster: flow_cluster(settings),
        container: program::container(settings, image, arguments)?,
        environment: program::environment(settings),
        inputs: vec![
            flow_input(Text::parameter(INPUT_FLOW_URL)),
            ProcessingInput::app_managed(&flow.source.dataset, Text::parameter(INPUT_DATA_URL)),
            program::input(settings)?,
        ],
        outputs: vec![feature_group_output()],
        network: settings.network.as_ref().map(super::network),
        cache: settings.cache.clone(),
    })
}

/// Returns the program's arguments that say which records to write, and how.
pub(super) fn writing(settings: &Settings) -> Result<Vec<Text>, BuildError> {
    let mut arguments: Vec<Text> = vec![
        "--output-node".into(),
        Text::parameter(FLOW_OUTPUT_NAME),
        "--feature-group".into(),
        Text::parameter(FEATURE_GROUP_NAME),
        // Not the job's clock: a retried job must write the same records.
        "--event-time".into(),
        Text::Get(Reference::StartDateTime),
        // A folder. Each job writes its rejected rows under its own name.
        "--rejected".into(),
        settings.artifacts.join("rejected/")?.as_str().into(),
    ];
    if let Some(stores) = settings.target_stores {
        arguments.extend(["--target-stores".into(), stores.name().into()]);
    }
    if let Some(ttl) = &settings.ttl {
        arguments.extend(["--ttl".into(), ttl.as_str().into()]);
    }
    Ok(arguments)
}
