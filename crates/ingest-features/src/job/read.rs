//! Reads the flow, the feature group's description and the data.

use data_wrangler_flow::{Graph, OutputName};
use terminal_text::Failure;

use super::connection::Connection;
use super::engine::Engine;
use super::resolve::Resolved;
use super::{JobContext, Services, stopped_early};
use crate::data::{self, Data, DataLocation, Dataset};
use crate::feature_group::FeatureGroup;
use crate::flow_file;
use crate::objects::Objects;
use crate::retry::retrying;
use crate::schema_check::check_group;
use crate::store::{Destination, Store};

/// Everything that a run needs, on the local machine.
pub(super) struct Ready<'a> {
    pub(super) engine: Engine,
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
    let engine = Engine::choose(flow, &output_name, job.spec)?;
    let datasets = engine.sources().iter();
    let datasets: Vec<_> =
        datasets.map(|source| Dataset { name: &source.dataset, uri: &source.uri }).collect();
    let locations = data::locations(&datasets, job.spec, &context.ml, job.config)?;
    let group = match job.feature_group(&output_name)? {
        Some(name) => {
            let services = connection.services().await?;
            Some(describe(&services.store, &job.destination(name), context).await?)
        }
        None => None,
    };
    let objects = objects_if(locations.values().any(DataLocation::is_in_s3)).await?;
    let found = data::find(engine.sources(), &locations, objects);
    let found = context.stop.unless(found).await;
    let data = found.ok_or_else(|| stopped_early(&context.stop))??;
    Ok(Ready { engine, output_name, group, data, job })
}

/// Describes the group, and checks that it is writable, before the data is read.
async fn describe(
    store: &impl Store,
    to: &Destination,
    context: &JobContext,
) -> Result<FeatureGroup, Failure> {
    let call = async || store.describe(&to.group).await;
    let group = retrying(&context.retries, &context.stop, call).await;
    let group = group.map_err(|error| {
        Failure::new(format!("describing the feature group {}: {error}", to.group), error.hint())
    })?;
    check_group(&group, to).map_err(|error| {
        let hint = "use a feature group with the status Created, and stores that it has";
        Failure::new(error, hint)
    })?;
    Ok(group)
}
