//! `delete`: deletes the pipeline, after confirmation.

use std::io::{self, IsTerminal};

use serde_json::json;
use terminal_text::Failure;

use super::args::Delete;
use super::{Context, data, note, project};
use crate::service::{Service, is_over};

pub(super) async fn run(delete: &Delete, context: &Context<'_>) -> Result<(), Failure> {
    let identity = project::identity(context, &delete.which)?;
    let aws = project::aws(context, &identity.region).await;
    let name = identity.pipeline_name.as_str();
    let deployed = aws.describe(name).await?.ok_or_else(|| {
        Failure::new(
            format!("there is no pipeline {name} in {}", identity.region),
            "check the name and the region, or name another pipeline with --pipeline",
        )
    })?;
    let executions = aws.executions(name, usize::MAX).await?;
    let running = executions.iter().filter(|execution| !is_over(&execution.status)).count();
    let count = executions.len();
    note(
        context,
        &format!(
            "this deletes the pipeline {} and its execution history (executions: {count}, \
         running: {running}); data, features and the flow in S3 are kept",
            deployed.arn
        ),
    );
    if running > 0 {
        return Err(Failure::new(
            format!("the pipeline {name} has running executions: {running}"),
            "wait for them with `ingestion-pipeline wait`, or stop them in SageMaker Studio",
        ));
    }
    if !delete.yes {
        confirm(context)?;
    }
    aws.delete(name).await?;
    let arn = deployed.arn;
    let text = if context.json() { json!({ "deleted": arn }).to_string() } else { arn };
    data(&text)
}

fn confirm(context: &Context<'_>) -> Result<(), Failure> {
    // A prompt would not be JSON.
    if context.json() || !io::stdin().is_terminal() {
        return Err(Failure::new(
            "nothing was deleted: deleting needs confirmation",
            "pass --yes to delete without confirmation",
        ));
    }
    note(context, "delete it? [y/N]");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| Failure::output(&error))?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::new("nothing was deleted", "answer y to delete")),
    }
}
