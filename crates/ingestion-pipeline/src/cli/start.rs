//! `start`: an execution on demand.

use std::collections::BTreeMap;

use serde_json::json;

use super::args::Start;
use super::failure::Failure;
use super::{Context, data, note, project, wait};
use crate::service::{self, Service};
use crate::start::check_parameters;

pub(super) async fn run(start: &Start, context: &Context<'_>) -> Result<(), Failure> {
    let mut parameters = BTreeMap::new();
    for (name, value) in &start.parameters {
        if parameters.insert(name.clone(), value.clone()).is_some() {
            return Err(Failure::new(
                format!("`{name}` is given twice"),
                "give each parameter once",
            ));
        }
    }
    let identity = project::identity(context, &start.which)?;
    let aws = project::aws(context, &identity.region).await;
    let name = identity.pipeline_name.as_str();
    let deployed = aws.describe(name).await?.ok_or_else(|| {
        Failure::new(
            format!("there is no pipeline {name} in {}", identity.region),
            "`ingestion-pipeline upsert` makes it; --pipeline names another one",
        )
    })?;
    check_parameters(&deployed.definition, &parameters).map_err(|invalid| {
        Failure::new(invalid, "`ingestion-pipeline build` shows the parameters and their defaults")
    })?;
    let arn = aws.start(name, &service::Start { parameters, display_name: None }).await?;
    if start.wait {
        note(&format!("started {arn}"));
        return wait::follow_to_the_end(&aws, &arn, context).await;
    }
    let text = if context.json() { json!({ "arn": arn }).to_string() } else { arn };
    data(&text)
}
