//! The command line: data and summary on stdout, everything else on stderr.

mod args;
mod container_arguments;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use args::Arguments;

use crate::contract::{MlDir, write_message};
use crate::failure::Failure;
use crate::job::{self, JobContext, JobSpec, Services};
use crate::objects::Objects;
use crate::retry::RETRIES;
use crate::stop::Stop;
use crate::store::Store;

/// Runs the command line. The exit code is 0, or that of the [`Failure`], which in a processing job is
/// its exit message, too.
pub fn main<S: Store, O: Objects>(
    arguments: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
    connect: impl AsyncFnOnce() -> Result<Services<S, O>, Failure>,
) -> ExitCode {
    let ml = MlDir::new(variable);
    let terminal = io::stderr().is_terminal();
    if !terminal {
        log_to_stderr();
    }
    let result = match parse(arguments) {
        Ok(spec) => run(&spec, &ml, terminal, connect),
        Err(NoJob::Failure(failure)) => Err(failure),
        Err(NoJob::HelpOrVersion(text)) => {
            let written = write!(io::stdout(), "{text}");
            return if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    };
    let Err(failure) = result else { return ExitCode::SUCCESS };
    // There is nobody left to tell if this fails.
    let _ = writeln!(io::stderr(), "error: {failure}");
    if ml.is_a_job() {
        let _ = write_message(&ml, &failure.to_string());
    }
    ExitCode::from(failure.exit_code())
}

/// Why the arguments give no job.
#[derive(Debug, thiserror::Error)]
pub enum NoJob {
    /// They ask for help or the version; the text to print.
    #[error("{0}")]
    HelpOrVersion(String),
    /// They are wrong.
    #[error(transparent)]
    Failure(Failure),
}

/// Reads the arguments, also in the form of the Data Wrangler container.
///
/// # Errors
///
/// [`NoJob`] if there is nothing to run.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<JobSpec, NoJob> {
    let arguments = arguments.into_iter().flat_map(container_arguments::split);
    let arguments = Arguments::try_parse_from(arguments).map_err(|error| {
        if error.use_stderr() {
            NoJob::Failure(no_job(&error))
        } else {
            NoJob::HelpOrVersion(error.to_string())
        }
    })?;
    arguments.into_spec().map_err(NoJob::Failure)
}

fn run<S: Store, O: Objects>(
    spec: &JobSpec,
    ml: &MlDir,
    terminal: bool,
    connect: impl AsyncFnOnce() -> Result<Services<S, O>, Failure>,
) -> Result<(), Failure> {
    let cannot = |error: io::Error| {
        Failure::new(format!("the job cannot start: {error}"), "see what the system lacks")
    };
    let stop = Stop::at_signals().map_err(cannot)?;
    let context = JobContext { ml: ml.clone(), stop, terminal, retries: RETRIES };
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    runtime.block_on(job::run(spec, &context, connect, &mut io::stdout()))
}

/// What is wrong with the arguments, ending in a hint.
fn no_job(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let text = text.trim_end().trim_end_matches("For more information, try '--help'.").trim_end();
    let text = text.strip_prefix("error: ").unwrap_or(text);
    Failure::usage(text, "`ingest-features --help` explains the options and has examples")
}

/// Lines of JSON. Of others than ourselves only warnings: below that, the SDK logs parts of requests.
fn log_to_stderr() {
    let filter = Targets::new()
        .with_default(LevelFilter::WARN)
        // Whether a place that may hold a region does is told by the error, if none does.
        .with_target("aws_config", LevelFilter::ERROR)
        .with_target("ingest_features", LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(io::stderr);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}
