//! Reads the flow, the feature group's description and the data.

use std::rc::Rc;

use data_wrangler_flow::Graph;
use terminal_text::Failure;

use super::connection::Connection;
use super::engine::Engine;
use super::resolve::{Resolved, Source};
use super::spark_result::SparkResult;
use super::{JobContext, Services, stopped_early};
use crate::data::{self, Data, DataLocation, Dataset, Locations};
use crate::feature_group::FeatureGroup;
use crate::flow_file;
use crate::objects::Objects;
use crate::retry::retrying;
use crate::schema_check::check_group;
use crate::store::{Destination, Store};

/// Everything that a run needs, on the local machine.
pub(super) struct Ready<'a> {
    pub(super) engine: Engine,
    /// The flow's output, `<node id>.<output>`.
    pub(super) output_name: String,
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
    let (engine, output_name) = match &job.source {
        Source::Flow(flow) => {
            let flow = flow_file::read(flow, objects_if(flow.is_in_s3()).await?).await?;
            let graph =
                Graph::new(&flow).map_err(|error| Failure::new(error, "correct the flow"))?;
            let name = match &job.spec.output_node {
                Some(name) => graph.choose(name),
                None => graph.output(),
            };
            let name =
                name.map_err(|error| Failure::new(error, "name the output with --output-node"))?;
            (Engine::choose(flow, &name, job.spec)?, name.to_string())
        }
        Source::SparkResult(location) => {
            let found = SparkResult::find(location, objects_if(location.is_in_s3()).await?);
            let found = context.stop.unless(found).await;
            let result = found.ok_or_else(|| stopped_early(&context.stop))??;
            let name = job.spec.output_node.clone().unwrap_or_default();
            (Engine::Result(Rc::new(result)), name)
        }
    };
    let datasets = engine.sources().iter();
    let datasets: Vec<_> =
        datasets.map(|source| Dataset { name: &source.dataset, uri: &source.uri }).collect();
    let locations = match engine {
        Engine::Result(_) => Locations::new(),
        _ => data::locations(&datasets, job.spec, &context.ml, job.config)?,
    };
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
