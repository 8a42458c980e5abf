//! `start`: starts an execution.

use std::collections::BTreeMap;

use serde_json::json;
use terminal_text::Failure;

use super::args::Start;
use super::{Context, data, note, project, wait};
use crate::service::{self, Service};
use crate::start::{check_parameters, parameter_names};

pub(super) async fn run(start: &Start, context: &Context<'_>) -> Result<(), Failure> {
    let mut parameters = BTreeMap::new();
    for (name, value) in &start.parameters {
        if parameters.insert(name.clone(), value.clone()).is_some() {
            return Err(Failure::new(
                format!("`{name}` is given twice"),
                "pass each parameter once",
            ));
        }
    }
    let identity = project::identity(context, &start.which)?;
    let aws = project::aws(context, &identity.region).await;
    let name = identity.pipeline_name.as_str();
    let deployed = aws.describe(name).await?.ok_or_else(|| {
        Failure::new(
            format!("there is no pipeline {name} in {}", identity.region),
            "create it with `ingestion-pipeline upsert`, or name another pipeline with --pipeline",
        )
    })?;
    check_parameters(&deployed.definition, &parameters).map_err(|invalid| {
        let hint = match &parameter_names(&deployed.definition)[..] {
            [] => "the deployed pipeline has no parameters; start it without any".to_owned(),
            names => format!("the deployed pipeline's parameters are {}", names.join(", ")),
        };
        Failure::new(invalid, hint)
    })?;
    // Set up before the start, so that Ctrl-C still reports the execution's ARN.
    let interrupted = start.wait.then(wait::on_ctrl_c).transpose()?;
    let arn = aws.start(name, &service::Start { parameters }).await?;
    if let Some(interrupted) = interrupted {
        note(context, &format!("started {arn}"));
        return wait::follow_to_the_end(&aws, &arn, &interrupted, context).await;
    }
    let text = if context.json() { json!({ "arn": arn }).to_string() } else { arn };
    data(&text)
}
