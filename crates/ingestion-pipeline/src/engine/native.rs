//! `ingest-features` in a stock AWS image: no image to build, no registry.

use super::{BuildError, FEATURE_GROUP_NAME, FLOW_FOLDER, FLOW_OUTPUT_NAME, Parts, data_folder};
use crate::definition::{AppSpecification, ProcessingInput, Reference, Text};
use crate::flow_file::FlowFile;
use crate::images::SCIKIT_LEARN;
use crate::settings::Settings;

/// The folder of the binary in the job.
const CODE_FOLDER: &str = "/opt/ml/processing/code";

/// Copies the binary and makes the copy executable: files from S3 are not, and the input may be mounted
/// without the right to execute. `$0` is the binary's path, `$@` its arguments. `exec` makes it the
/// container's main process, which receives `SageMaker`'s signals.
const SHELL: &str = "copy=\"${TMPDIR:-/tmp}/ingest-features\" && cp \"$0\" \"$copy\" && \
                     chmod +x \"$copy\" && exec \"$copy\" \"$@\"";

pub(super) fn parts(settings: &Settings, flow: &FlowFile) -> Result<Parts, BuildError> {
    let image_uri = match &settings.image {
        Some(image) => image.clone(),
        None => SCIKIT_LEARN.in_region(&settings.region)?,
    };
    let binary = settings.native_binary.as_ref().ok_or(BuildError::NoBinary)?;
    let name = binary.key().rsplit('/').next().unwrap_or_default();
    let mut container_arguments: Vec<Text> = vec![
        "--flow".into(),
        FLOW_FOLDER.into(),
        "--input".into(),
        data_folder(&flow.dataset).into(),
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
        container_arguments.extend(["--target-stores".into(), stores.name().into()]);
    }
    if let Some(ttl) = &settings.ttl {
        container_arguments.extend(["--ttl".into(), ttl.as_str().into()]);
    }
    if settings.refit {
        container_arguments.push("--refit".into());
    }
    Ok(Parts {
        step_name: "native-processing-to-feature-store",
        application: AppSpecification {
            image_uri,
            container_entrypoint: vec![
                "/bin/sh".into(),
                "-c".into(),
                SHELL.into(),
                format!("{CODE_FOLDER}/{name}").into(),
            ],
            container_arguments,
        },
        code: Some(ProcessingInput::files("code", binary.as_str(), CODE_FOLDER)),
    })
}
