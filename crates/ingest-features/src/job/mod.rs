//! One job: resolve the options, read the flow and the data, run the flow, write the result.

mod account;
mod connection;
mod create;
mod engine;
mod not_written;
mod read;
mod resolve;
mod rows;
mod spark;
mod spark_result;
mod spec;
mod write;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use arrow_schema::Schema;
use aws_common::RetryPolicy;
use flow_engine::{Output, RunError};
use terminal_text::Failure;

use crate::contract::{MlDir, check_one_instance};
use crate::data::Data;
use crate::export::{Target, export};
use crate::feature_group::{FeatureGroup, GroupOptions, NewGroup, definitions};
use crate::objects::Objects;
use crate::preview::preview;
use crate::progress::Progress;
use crate::schema_check::{Needed, absent, check};
use crate::stop::Stop;
use crate::store::Store;
use crate::summary::Summary;

use connection::Connection;
use engine::Ran;
use read::{Ready, read};
use resolve::Resolved;
use rows::FlowRows;
pub use spec::{JobSpec, MaxRejected, Purpose};

/// The environment of a job.
#[derive(Debug)]
pub struct JobContext {
    /// The folder of a processing job.
    pub ml: MlDir,
    /// Whether the job was stopped.
    pub stop: Stop,
    /// Whether standard error is a terminal.
    pub terminal: bool,
    /// How failed calls are retried.
    pub retries: RetryPolicy,
    /// The time between two looks at a feature group that is being created.
    pub poll: Duration,
    /// The memory of the machine in bytes, if it is known.
    pub memory: Option<u64>,
}

/// The AWS services that a job needs.
#[derive(Debug)]
pub struct Services<S, O> {
    /// Feature Store.
    pub store: S,
    /// S3.
    pub objects: O,
}

/// Runs a job: resolve, read, run, write. Writes data and the summary to `out`. Calls `connect` only if
/// the job needs AWS.
///
/// # Errors
///
/// [`Failure`] describes what went wrong and what to do.
pub async fn run<S: Store, O: Objects>(
    spec: &JobSpec,
    context: &JobContext,
    connect: impl AsyncFn() -> Result<Services<S, O>, Failure>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let started = Instant::now();
    check_one_instance(&context.ml)?;
    let config = context.ml.job_config()?;
    let job = Resolved::new(spec, &context.ml, config.as_ref())?;
    let connection = Connection::new(connect);
    let progress = Progress::new(context.terminal, context.stop.clone());
    let ready = read(&job, &connection, context).await?;
    let services = connection.connected();
    let (rows, mut summary) = run_flow(&ready, context, &progress)?;
    let done = match &spec.purpose {
        Purpose::PrintDefinitions => return print_definitions(&*rows.all()?, spec, out),
        Purpose::DryRun => return dry_run(&*rows.all()?, rows.len(), &ready, out),
        Purpose::CreateGroup(options) => {
            let services = connection.services().await?;
            return create_group(&*rows.all()?, options, spec, services, context, out).await;
        }
        Purpose::Export(target) => export_to(&*rows.all()?, target, &mut summary),
        Purpose::Ingest => match (&ready.group, &services) {
            (Some(group), Some(services)) => {
                let (data, progress) = (&ready.data, &progress);
                let ingest = write::Ingest { context, services, data, job: &job, group, progress };
                ingest.run(&rows, &mut summary).await
            }
            _ => Err(resolve::no_group()),
        },
    };
    summary.end(started.elapsed(), done.as_ref().err().map(Failure::exit_code));
    let reported = report(&summary, spec, out);
    done.and(reported)
}

/// Runs the flow, and warns about rows and values that it could not read.
fn run_flow(
    ready: &Ready<'_>,
    context: &JobContext,
    progress: &Progress,
) -> Result<(FlowRows, Summary), Failure> {
    let Ready { engine, output_name, group, data, job } = ready;
    engine.explain(job.spec, progress);
    if let Some(warning) = engine.too_large(data, context) {
        progress.warn(warning);
    }
    progress.begin("reading", None);
    let ran = engine.run(data, job.event_time, context, progress);
    progress.finish();
    let Ran { rows, rows_read, rows_malformed, rows_left_out, rows_undecoded, values_lost } = ran?;
    if rows_undecoded.rows > 0 {
        progress.warn(&rows_undecoded);
    }
    for lost in &values_lost {
        progress.warn(lost);
    }
    let summary = Summary {
        flow_output: output_name.clone(),
        feature_group: group.as_ref().map(|group| group.name.clone()),
        event_time: crate::event_time::shown(job.event_time),
        rows_read,
        rows_dropped: rows_read.saturating_sub(rows.len() + rows_left_out),
        rows_malformed,
        rows_unwritten: rows.len(),
        rows_undecoded,
        values_lost,
        ..Summary::default()
    };
    Ok((rows, summary))
}

fn print_definitions(output: &Output, spec: &JobSpec, out: &mut dyn Write) -> Result<(), Failure> {
    let request = definitions(&output.schema, spec.feature_group.as_deref());
    let request = request.map_err(|error| Failure::new(error, "correct the flow"))?;
    writeln!(out, "{request:#}").map_err(|error| no_output(&error))
}

async fn create_group<S: Store, O>(
    output: &Output,
    options: &GroupOptions,
    spec: &JobSpec,
    services: &Services<S, O>,
    context: &JobContext,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let name = spec.feature_group.as_ref().ok_or_else(resolve::no_group)?;
    let group = NewGroup::new(&output.schema, name, options);
    let group = group.map_err(|error| Failure::new(error, "correct the flow or the options"))?;
    let done = create::create(&services.store, &group, context).await?;
    writeln!(out, "{done}").map_err(|error| no_output(&error))
}

fn dry_run(
    output: &Output,
    rows: u64,
    ready: &Ready<'_>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let shown = preview(output, rows).map_err(|error| {
        Failure::new(
            format!("the rows cannot be shown: {error}"),
            "write the result to a file with --output",
        )
    })?;
    out.write_all(shown.as_bytes()).map_err(|error| no_output(&error))?;
    ready
        .group
        .as_ref()
        .map_or(Ok(()), |group| fit(&output.schema, group, ready.job.spec).map(drop))
}

fn export_to(output: &Output, target: &Target, summary: &mut Summary) -> Result<(), Failure> {
    export(output, target).map_err(|error| {
        let problem = format!("{} cannot be written: {error}", target.path().display());
        Failure::new(problem, "name a writable file with --output")
    })?;
    summary.rows_written = summary.rows_unwritten;
    summary.rows_unwritten = 0;
    Ok(())
}

/// Checks that an output fits a feature group. Warns about features without a column, and returns
/// them.
fn fit(schema: &Schema, group: &FeatureGroup, spec: &JobSpec) -> Result<Vec<String>, Failure> {
    let needed = if spec.require_all_features { Needed::All } else { Needed::Keys };
    check(schema, group, needed).map_err(|error| {
        let hint = "correct the flow, or create a group that fits; `--print-feature-definitions` \
                    prints the input for it";
        Failure::new(error, hint)
    })?;
    let absent = absent(schema, group);
    if !absent.is_empty() {
        tracing::warn!(
            features = absent.join(", "),
            "the flow's output has no column for these features, so the records are written \
             without them; use --require-all-features to fail instead"
        );
    }
    Ok(absent)
}

/// Returns a warning about rows that do not match their file's format.
fn malformed(output: &Output, data: &Data) -> Option<String> {
    let first = output.malformed.first()?;
    let file = usize::try_from(first.origin.file).ok().and_then(|file| output.files.get(file));
    let file = file.map(|file| data.name(file)).unwrap_or_default();
    let (line, reason) = (first.origin.position, &first.reason);
    let rows = match output.malformed.len() {
        1 => "1 row does".to_owned(),
        count => format!("{count} rows do"),
    };
    Some(format!("{rows} not match the file's format (first: {file}, line {line}: {reason})"))
}

pub(crate) fn stopped_early(stop: &Stop) -> Failure {
    let message = "the job was stopped while it read the data; nothing was written";
    Failure::stopped(stop.signal().unwrap_or(15), message, "run it again")
}

/// Explains why the native engine could not run the flow on the data.
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

/// Writes the summary to the requested file, or else to `out`.
fn report(summary: &Summary, spec: &JobSpec, out: &mut dyn Write) -> Result<(), Failure> {
    let mut text = serde_json::to_string(summary).map_err(|error| no_output(&error.into()))?;
    text.push('\n');
    let kept = spec.summary.as_ref().map(|path| (path, std::fs::write(path, &text)));
    if !matches!(kept, Some((_, Ok(())))) {
        // The job has already written its rows, so the summary must not get lost.
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(|error| no_output(&error))?;
    }
    match kept {
        Some((path, Err(error))) => Err(Failure::new(
            format!("the summary cannot be written to {}: {error}", path.display()),
            "name a writable file with --summary; the job's result was written",
        )),
        _ => Ok(()),
    }
}

fn no_output(error: &io::Error) -> Failure {
    Failure::new(
        format!("the result cannot be printed: {error}"),
        "check where standard output goes",
    )
}
