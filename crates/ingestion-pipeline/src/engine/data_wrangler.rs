//! AWS's Data Wrangler container, as the predecessor ran it. For the differences from the
//! predecessor, see `docs/decisions/027-definition-data-wrangler.md`.

use super::{BuildError, Parts};
use crate::definition::{AppSpecification, Text};
use crate::flow_file::FlowFile;
use crate::images::DATA_WRANGLER;
use crate::settings::Settings;

/// Maximum length of one argument of the container, in characters.
const MAX_ARGUMENT: usize = 256;

pub(super) fn parts(settings: &Settings, flow: &FlowFile) -> Result<Parts, BuildError> {
    let image_uri = match (&settings.image, &flow.image) {
        (Some(image), _) => image.clone(),
        (None, Some(image)) => DATA_WRANGLER.as_named(image, &settings.region)?,
        (None, None) => DATA_WRANGLER.in_region(&settings.region)?,
    };
    // Option and value are one argument, as in Data Wrangler's own exports. The key must equal the
    // output's name.
    let argument =
        format!("--output-config '{{\"{}\": {{\"content_type\": \"CSV\"}}}}'", flow.output);
    let length = argument.chars().count();
    if length > MAX_ARGUMENT {
        let node = flow.output.node_id().to_owned();
        return Err(BuildError::OutputTooLong { node, excess: length - MAX_ARGUMENT });
    }
    let mut container_arguments = vec![Text::Literal(argument)];
    if settings.refit {
        container_arguments.push("--refit-trained-params '{\"refit\": true}'".into());
    }
    Ok(Parts {
        step_name: "datawrangler-processing-to-feature-store",
        application: AppSpecification {
            image_uri,
            container_entrypoint: Vec::new(),
            container_arguments,
        },
        code: None,
    })
}
