//! Reads the flow, the feature group's description and the data.

use data_wrangler_flow::{Graph, OutputName};
use flow_engine::{Plan, PlanOptions};
use terminal_text::Failure;

use super::connection::Connection;
use super::resolve::Resolved;
use super::{JobContext, Services, stopped_early};
use crate::data::{self, Data, DataLocation, Dataset};
use crate::feature_group::FeatureGroup;
use crate::flow_file;
use crate::objects::Objects;
use crate::retry::retrying;
use crate::schema_check::check_group;
use crate::store::Store;

/// Everything that a run needs, on the local machine.
pub(super) struct Ready<'a> {
    pub(super) plan: Plan,
    pub(super) output_name: OutputName,
    pub(super) group: Option<FeatureGroup>,
    pub(super) data: Data,
    pub(super) job: &'a Resolved<'a>,
}

/// Reads the flow, the feature group's description and the data.
///
/// # Errors
///
/// [`Failure`] if the flow cannot run, the group is not ready, or the data cannot be read.
pub(super) async fn read<'a, C, S, O>(
    job: &'a Resolved<'a>,
    connection: &Connection<C, S, O>,
    context: &JobContext,
) -> Result<Ready<'a>, Failure>
where
    C: AsyncFn() -> Result<Services<S, O>, Failure>,
    S: Store,
    O: Objects,
{
    let objects_if = async |needed: bool| {
        let services = if needed { Some(connection.services().await?) } else { None };
        Ok(services.map(|services| &services.objects))
    };
    let objects = objects_if(job.flow.is_in_s3()).await?;
    let flow = flow_file::read(&job.flow, objects).await?;
    let graph = Graph::new(&flow).map_err(|error| Failure::new(error, "correct the flow"))?;
    let output_name = match &job.spec.output_node {
        Some(name) => graph.choose(name),
        None => graph.output(),
    };
    let output_name =
        output_name.map_err(|error| Failure::new(error, "name the output with --output-node"))?;
    let options = PlanOptions { refit: job.spec.refit };
    let plan = Plan::new(&flow, &output_name, &options).map_err(|error| {
        Failure::new(error, "set `engine: data-wrangler` in pipeline.yaml, or change the flow")
    })?;
    let datasets = plan.sources().iter();
    let datasets: Vec<_> =
        datasets.map(|source| Dataset { name: &source.dataset, uri: &source.uri }).collect();
    let locations = data::locations(&datasets, job.spec, &context.ml, job.config)?;
    let group = match job.feature_group(&output_name)? {
        Some(name) => {
            let services = connection.services().await?;
            Some(describe(&services.store, name, context).await?)
        }
        None => None,
    };
    let objects = objects_if(locations.values().any(DataLocation::is_in_s3)).await?;
    let found = data::find(plan.sources(), &locations, objects);
    let found = context.stop.unless(found).await;
    let data = found.ok_or_else(|| stopped_early(&context.stop))??;
    Ok(Ready { plan, output_name, group, data, job })
}

/// Describes the group, and checks that it is writable, before the data is read.
async fn describe(
    store: &impl Store,
    name: &str,
    context: &JobContext,
) -> Result<FeatureGroup, Failure> {
    let call = async || store.describe(name).await;
    let group = retrying(&context.retries, &context.stop, call).await;
    let group = group.map_err(|error| {
        Failure::new(format!("describing the feature group {name}: {error}"), error.hint())
    })?;
    check_group(&group)
        .map_err(|error| Failure::new(error, "use a feature group with the status Created"))?;
    Ok(group)
}
