//! `build`: the definition, without AWS.

use std::ffi::OsString;

use super::args::{Arguments, Build};
use super::failure::Failure;
use super::{Output, project};
use crate::engine::{self, BuildError};

pub(super) fn run(
    build: &Build,
    arguments: &Arguments,
    variable: &dyn Fn(&str) -> Option<OsString>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let settings = project::settings(arguments.file.as_deref(), variable, output)?;
    let path =
        project::local_flow(&settings, build.flow.flow_file.as_deref()).ok_or_else(|| {
            Failure::new(
                "the flow is in S3, and building needs to read its output and source",
                "pass a local copy with --flow-file, or let `flow` name a file of the project",
            )
        })?;
    let bytes = project::flow_bytes(&path)?;
    let flow = project::flow(&settings, &bytes, &path.display().to_string())?;
    let definition = engine::build(&settings, &flow).map_err(|error| no_definition(&error))?;
    let text = if output.json {
        serde_json::to_string(&definition)
    } else {
        serde_json::to_string_pretty(&definition)
    };
    let text = text.map_err(|error| Failure::output(&error.into()))?;
    writeln!(output.data, "{text}").map_err(|error| Failure::output(&error))
}

pub(super) fn no_definition(error: &BuildError) -> Failure {
    let hint = match error {
        BuildError::NoImage(_) => {
            "name an image with `image` in pipeline.yaml, or take the engine or region that has one"
        }
        BuildError::Value(_) => "shorten `artifacts` or the flow's file name",
        BuildError::NoBinary => "set native_binary in pipeline.yaml, or INGEST_FEATURES_URL",
        BuildError::Invalid(_) => "correct the setting or the flow that the place comes from",
    };
    Failure::new(error, hint)
}
