//! `ingest-features` in a stock AWS image: no image to build, no registry.

use std::collections::BTreeMap;

use super::BuildError;
use crate::definition::{AppSpecification, ProcessingInput, Text};
use crate::settings::Settings;
use crate::values::ImageUri;

/// The folder of the program in the job.
pub(super) const CODE_FOLDER: &str = "/opt/ml/processing/code";

/// Copies the program and makes the copy executable: files from S3 are not, and the input may be mounted
/// without the right to execute. `$0` is the program's path, `$@` its arguments. `exec` makes it the
/// container's main process, which receives `SageMaker`'s signals.
const SHELL: &str = "copy=\"${TMPDIR:-/tmp}/ingest-features\" && cp \"$0\" \"$copy\" && \
                     chmod +x \"$copy\" && exec \"$copy\" \"$@\"";

/// Returns the container that runs the program with these arguments.
///
/// # Errors
///
/// [`BuildError::NoBinary`] if the settings do not say where the program is.
pub(super) fn container(
    settings: &Settings,
    image_uri: ImageUri,
    container_arguments: Vec<Text>,
) -> Result<AppSpecification, BuildError> {
    let binary = settings.native_binary.as_ref().ok_or(BuildError::NoBinary)?;
    let name = binary.key().rsplit('/').next().unwrap_or_default();
    let container_entrypoint =
        vec!["/bin/sh".into(), "-c".into(), SHELL.into(), format!("{CODE_FOLDER}/{name}").into()];
    Ok(AppSpecification { image_uri, container_entrypoint, container_arguments })
}

/// Returns the environment variables that choose the program's endpoints, as AWS's SDKs define them:
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html>.
pub(super) fn environment(settings: &Settings) -> BTreeMap<&'static str, &'static str> {
    let variables = [
        ("AWS_USE_FIPS_ENDPOINT", settings.use_fips),
        ("AWS_USE_DUALSTACK_ENDPOINT", settings.use_dual_stack),
    ];
    variables.into_iter().filter(|(_, used)| *used).map(|(name, _)| (name, "true")).collect()
}

/// Returns the input with the program.
///
/// # Errors
///
/// [`BuildError::NoBinary`] if the settings do not say where the program is.
pub(super) fn input(settings: &Settings) -> Result<ProcessingInput, BuildError> {
    let binary = settings.native_binary.as_ref().ok_or(BuildError::NoBinary)?;
    Ok(ProcessingInput::files("code", binary.as_str(), CODE_FOLDER))
}
