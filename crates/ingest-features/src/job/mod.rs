//! The way through a job: flow, plan, data, run, and what is done with the rows.

mod account;
mod ingest;
mod spec;

use std::io::{self, Write};
use std::time::Instant;

use arrow_schema::ArrowError;
use aws_common::RetryPolicy;
use data_wrangler_flow::Graph;
use flow_engine::{Output, Plan, PlanOptions, RunError};

use crate::cli::Arguments;
use crate::contract::{MlDir, check_one_instance};
use crate::data::{self, Data};
use crate::export::export;
use crate::failure::Failure;
use crate::feature_group::{FeatureGroup, definitions};
use crate::flow_file;
use crate::lost::{lost, undecoded};
use crate::objects::Objects;
use crate::preview::preview;
use crate::progress::Progress;
use crate::retry::retrying;
use crate::schema_check::{Needed, absent, check, check_group};
use crate::stop::Stop;
use crate::store::{Store, StoreError};
use crate::summary::Summary;
use spec::JobSpec;

/// What a job is given besides its arguments.
#[derive(Debug)]
pub struct JobContext {
    /// The folder of a processing job.
    pub ml: MlDir,
    /// Whether it shall stop.
    pub stop: Stop,
    /// Whether somebody watches standard error.
    pub terminal: bool,
    /// How calls that fail are tried again.
    pub retries: RetryPolicy,
}

/// What of AWS a job needs.
#[derive(Debug)]
pub struct Services<S, O> {
    /// Feature Store.
    pub store: S,
    /// S3.
    pub objects: O,
}

/// Does what the arguments say; data and summary go to `out`. `connect` is called if AWS is needed.
///
/// # Errors
///
/// [`Failure`] says what went wrong and what to do.
pub async fn run<S: Store, O: Objects>(
    arguments: &Arguments,
    context: &JobContext,
    connect: impl AsyncFnOnce() -> Result<Services<S, O>, Failure>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let started = Instant::now();
    let ml = &context.ml;
    check_one_instance(ml)?;
    let config = ml.job_config()?;
    let spec = JobSpec::new(arguments, ml, config.as_ref())?;
    let services = if spec.needs_aws() { Some(connect().await?) } else { None };
    let objects = services.as_ref().map(|services| &services.objects);

    let flow = flow_file::read(&spec.flow, objects).await?;
    let graph = Graph::new(&flow).map_err(|error| Failure::new(error, "correct the flow"))?;
    let output_name = match &spec.output_node {
        Some(name) => graph.choose(name),
        None => graph.output(),
    };
    let output_name =
        output_name.map_err(|error| Failure::new(error, "name the output with --output-node"))?;
    let options = PlanOptions { refit: arguments.refits() };
    let plan = Plan::new(&flow, &output_name, &options).map_err(|error| {
        Failure::new(error, "`engine: data-wrangler` in pipeline.yaml runs the flow as it is")
    })?;
    let places = data::locations(plan.sources(), &arguments.inputs, ml, config.as_ref())?;
    let feature_group = spec.feature_group(&output_name, config.as_ref())?;
    let group = match (&services, feature_group) {
        (Some(services), Some(name)) => Some(describe(&services.store, name, context).await?),
        _ => None,
    };

    let progress = Progress::new(context.terminal, context.stop.clone());
    let found = data::find(plan.sources(), &places, objects);
    let found = context.stop.unless(found).await;
    let data = found.ok_or_else(|| stopped_early(&context.stop))??;
    progress.begin("reading", None);
    let output = plan.run(&data.inputs, spec.event_time, &progress);
    progress.finish();
    let output = output.map_err(|error| not_run(&error, &data, context))?;
    if let Some(warning) = malformed(&output, &data) {
        progress.warn(warning);
    }
    let rows_undecoded = undecoded(&output, |path| data.name(path));
    if rows_undecoded.rows > 0 {
        progress.warn(&rows_undecoded);
    }
    let values_lost = lost(&output, |path| data.name(path));
    for lost in &values_lost {
        progress.warn(lost);
    }
    let rows: u64 = output.chunks.iter().map(|chunk| chunk.records.num_rows() as u64).sum();
    let mut summary = Summary {
        flow_output: output_name.to_string(),
        feature_group: group.as_ref().map(|group| group.name.clone()),
        event_time: crate::event_time::shown(spec.event_time),
        rows_read: output.rows_read,
        rows_dropped: output.rows_read.saturating_sub(rows),
        rows_malformed: output.malformed.len() as u64,
        rows_unwritten: rows,
        rows_undecoded,
        values_lost,
        ..Summary::default()
    };

    if arguments.print_feature_definitions {
        let request = definitions(&output.schema, arguments.feature_group.as_deref());
        let request = request.map_err(|error| Failure::new(error, "correct the flow"))?;
        return writeln!(out, "{request:#}").map_err(|error| no_output(&error));
    }
    if arguments.dry_run {
        let shown = preview(&output, rows).map_err(|error| no_text(&error))?;
        out.write_all(shown.as_bytes()).map_err(|error| no_output(&error))?;
        return group.map_or(Ok(()), |group| fit(&output, &group, arguments).map(drop));
    }
    let done = match (&arguments.output, &group, &services) {
        (Some(target), _, _) => export(&output, target)
            .map(|()| (summary.rows_written, summary.rows_unwritten) = (rows, 0))
            .map_err(|error| {
                let problem = format!("{} cannot be written: {error}", target.path().display());
                Failure::new(problem, "name a file that can be made, with --output")
            }),
        (None, Some(group), Some(services)) => {
            let ingest = ingest::Ingest { arguments, context, services, data: &data, spec: &spec };
            ingest.run(&output, group, &progress, &mut summary).await
        }
        _ => Err(spec::no_group()),
    };
    summary.end(started.elapsed(), done.as_ref().err().map(Failure::exit_code));
    let told = tell(&summary, arguments, out).map_err(|error| match &arguments.summary {
        Some(path) => Failure::new(
            format!("the summary cannot be kept in {}: {error}", path.display()),
            "name a file that can be made, with --summary; what the job has done is done",
        ),
        None => no_output(&error),
    });
    done.and(told)
}

/// Describes the group, and checks that it can be written to, before the data is read.
async fn describe(
    store: &impl Store,
    name: &str,
    context: &JobContext,
) -> Result<FeatureGroup, Failure> {
    let call = async || store.describe(name).await;
    let group = retrying(&context.retries, &context.stop, call).await;
    let group = group.map_err(|error| not_described(name, &error))?;
    check_group(&group)
        .map_err(|error| Failure::new(error, "name a feature group that is Created"))?;
    Ok(group)
}

fn not_described(name: &str, error: &StoreError) -> Failure {
    Failure::new(format!("describing the feature group {name}: {error}"), error.hint())
}

/// Checks that an output fits a feature group, and warns of the features that it has no column for;
/// gives them.
fn fit(
    output: &Output,
    group: &FeatureGroup,
    arguments: &Arguments,
) -> Result<Vec<String>, Failure> {
    let needed = if arguments.require_all_features { Needed::All } else { Needed::Keys };
    check(&output.schema, group, needed).map_err(|error| {
        let hint = "correct the flow, or make a group that fits; `--print-feature-definitions` prints \
                    what that needs";
        Failure::new(error, hint)
    })?;
    let absent = absent(&output.schema, group);
    if !absent.is_empty() {
        tracing::warn!(
            features = absent.join(", "),
            "the flow's output has no column for these features; the records are written without \
             them, and --require-all-features makes this a failure"
        );
    }
    Ok(absent)
}

/// What is said of the rows that do not have the form of their file.
fn malformed(output: &Output, data: &Data) -> Option<String> {
    let first = output.malformed.first()?;
    let file = usize::try_from(first.origin.file).ok().and_then(|file| output.files.get(file));
    let file = file.map(|file| data.name(file)).unwrap_or_default();
    let (line, reason) = (first.origin.position, &first.reason);
    let rows = match output.malformed.len() {
        1 => "1 row does".to_owned(),
        count => format!("{count} rows do"),
    };
    Some(format!("{rows} not have the form of the file (first: {file}, line {line}: {reason})"))
}

fn stopped_early(stop: &Stop) -> Failure {
    let message = "the job was stopped while it read the data; nothing was written";
    Failure::stopped(stop.signal().unwrap_or(15), message, "run it again")
}

fn not_run(error: &RunError, data: &Data, context: &JobContext) -> Failure {
    let hint = "correct the data or the flow";
    match (error, context.stop.signal()) {
        (RunError::Cancelled, Some(_)) => stopped_early(&context.stop),
        (RunError::Data { path, problem }, _) => {
            Failure::new(format!("{}: {problem}", data.name(path)), hint)
        }
        (RunError::Unreadable { path, source }, _) => {
            Failure::new(format!("{}: {source}", data.name(path)), hint)
        }
        _ => Failure::new(error, hint),
    }
}

fn tell(summary: &Summary, arguments: &Arguments, out: &mut dyn Write) -> io::Result<()> {
    let mut text = serde_json::to_string(summary)?;
    text.push('\n');
    let kept = arguments.summary.as_ref().map(|path| std::fs::write(path, &text));
    if !matches!(kept, Some(Ok(()))) {
        // What was done is done, and whoever watches shall know of it.
        out.write_all(text.as_bytes()).and_then(|()| out.flush())?;
    }
    kept.unwrap_or(Ok(()))
}

fn no_output(error: &io::Error) -> Failure {
    Failure::new(format!("the result cannot be told: {error}"), "check where standard output goes")
}

fn no_text(error: &ArrowError) -> Failure {
    Failure::new(format!("the rows cannot be shown: {error}"), "use --output")
}
