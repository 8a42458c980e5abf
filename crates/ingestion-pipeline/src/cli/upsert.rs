//! `upsert`: creates the pipeline, or updates it to match the settings.

use serde_json::json;
use terminal_text::Failure;

use super::args::Upsert;
use super::{Context, data, format, note, project};
use crate::upsert::{Action, Deployment};

pub(super) async fn run(upsert: &Upsert, context: &Context<'_>) -> Result<(), Failure> {
    let settings = project::settings(context)?;
    let service = project::aws(context, &settings.region).await;
    let flow = project::any_flow(&settings, upsert.flow_file.as_deref(), &service).await?;
    let (definition, files) = project::definition(&settings, &flow, context)?;
    let deployment = Deployment::new(&settings, &definition, files);
    if upsert.dry_run {
        let changes = deployment.plan(&service).await?;
        let json = context.json().then(|| changes.to_json().to_string());
        return data(&json.unwrap_or_else(|| format::lines(&changes.to_string())));
    }
    let upserted = deployment.upsert(&service).await?;
    let action = match upserted.action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Nothing => "unchanged",
    };
    if context.json() {
        return data(&json!({ "arn": upserted.arn, "action": action }).to_string());
    }
    note(context, &format!("pipeline {}: {action}", settings.pipeline_name));
    data(&upserted.arn)
}
