//! `build`: prints the definition without calling AWS.

use terminal_text::Failure;

use super::args::Build;
use super::{Context, data, project};

#[expect(clippy::unused_async, reason = "all commands have the same signature")]
pub(super) async fn run(build: &Build, context: &Context<'_>) -> Result<(), Failure> {
    let settings = project::settings(context)?;
    let flow = project::local_flow(&settings, build.flow_file.as_deref())?.ok_or_else(|| {
        Failure::new(
            "the flow is in S3, but `build` reads only local files",
            "pass a local copy with --flow-file, or set `flow` to a local file",
        )
    })?;
    let (definition, _) = project::definition(&settings, &flow, context)?;
    let text = if context.json() {
        serde_json::to_string(&definition)
    } else {
        serde_json::to_string_pretty(&definition)
    };
    data(&text.map_err(|error| Failure::output(&error.into()))?)
}
