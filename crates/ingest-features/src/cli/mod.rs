//! The command line. Data and the summary go to stdout, everything else to stderr.

mod args;
mod container_arguments;
mod new_group;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use terminal_text::Failure;
use tokio::runtime;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use args::{Arguments, Command};

use crate::contract::{MlDir, write_message};
use crate::job::{self, JobContext, JobSpec, Services};
use crate::memory;
use crate::objects::Objects;
use crate::retry::RETRIES;
use crate::stage::{StageSpec, stage};
use crate::stop::Stop;
use crate::store::Store;

/// The time between two looks at a feature group that is being created.
const POLL: Duration = Duration::from_secs(2);

/// Runs the command line. Returns 0, or the exit code of the [`Failure`]. In a processing job, the
/// failure is also the job's exit message.
pub fn main<S: Store, O: Objects>(
    arguments: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
    connect: impl AsyncFn(bool) -> Result<Services<S, O>, Failure>,
) -> ExitCode {
    let ml = MlDir::new(variable);
    let terminal = io::stderr().is_terminal();
    if !terminal {
        log_to_stderr();
    }
    let result = match parse(arguments) {
        Ok(task) => run(&task, &ml, terminal, connect),
        Err(NoJob::Failure(failure)) => Err(failure),
        Err(NoJob::HelpOrVersion(text)) => {
            let written = write!(io::stdout(), "{text}");
            return if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    };
    let Err(failure) = result else { return ExitCode::SUCCESS };
    // If this fails, there is nowhere left to report it.
    let _ = writeln!(io::stderr(), "error: {failure}");
    if ml.is_a_job() {
        let _ = write_message(&ml, &failure.to_string());
    }
    ExitCode::from(failure.exit_code())
}

/// What the arguments request.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
pub enum Task {
    /// Run a flow.
    Ingest(JobSpec),
    /// Stage the input of another job.
    Stage(StageSpec),
}

impl Task {
    /// Runs the task. `connect` learns whether to pay for requests to S3.
    ///
    /// # Errors
    ///
    /// [`Failure`] describes what went wrong and what to do.
    pub async fn run<S: Store, O: Objects>(
        &self,
        context: &JobContext,
        connect: impl AsyncFn(bool) -> Result<Services<S, O>, Failure>,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let requester_pays = match self {
            Self::Ingest(spec) => spec.requester_pays,
            Self::Stage(spec) => spec.requester_pays,
        };
        let connect = async || connect(requester_pays).await;
        match self {
            Self::Ingest(spec) => job::run(spec, context, connect, out).await,
            Self::Stage(spec) => stage(spec, context, connect).await,
        }
    }
}

/// The arguments do not describe a job.
#[derive(Debug, thiserror::Error)]
pub enum NoJob {
    /// They request help or the version: the text to print.
    #[error("{0}")]
    HelpOrVersion(String),
    /// They are invalid.
    #[error(transparent)]
    Failure(Failure),
}

/// Parses the arguments. Accepts those of the Data Wrangler container, too.
///
/// # Errors
///
/// [`NoJob`] if there is no job to run.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Task, NoJob> {
    let arguments = arguments.into_iter().flat_map(container_arguments::split);
    let mut arguments = Arguments::try_parse_from(arguments).map_err(|error| {
        if error.use_stderr() {
            NoJob::Failure(no_job(&error))
        } else {
            NoJob::HelpOrVersion(error.to_string())
        }
    })?;
    match arguments.command.take() {
        Some(Command::StageInput(stage)) => Ok(Task::Stage(stage.into_spec())),
        None => arguments.into_spec().map(Task::Ingest).map_err(NoJob::Failure),
    }
}

fn run<S: Store, O: Objects>(
    task: &Task,
    ml: &MlDir,
    terminal: bool,
    connect: impl AsyncFn(bool) -> Result<Services<S, O>, Failure>,
) -> Result<(), Failure> {
    let cannot = |error: io::Error| {
        Failure::new(
            format!("the job cannot start: {error}"),
            "check the operating system's limits",
        )
    };
    let stop = Stop::at_signals().map_err(cannot)?;
    let context = JobContext {
        ml: ml.clone(),
        stop,
        terminal,
        retries: RETRIES,
        poll: POLL,
        memory: memory::available(),
    };
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    runtime.block_on(task.run(&context, connect, &mut io::stdout()))
}

/// Converts clap's error. Our hint replaces clap's.
fn no_job(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let text = text.trim_end().trim_end_matches("For more information, try '--help'.").trim_end();
    let text = text.strip_prefix("error: ").unwrap_or(text);
    Failure::usage(text, "see `ingest-features --help` for the options and examples")
}

/// Logs JSON lines. Other crates may only log warnings: at lower levels, the SDK logs parts of requests.
fn log_to_stderr() {
    let filter = Targets::new()
        .with_default(LevelFilter::WARN)
        // It warns about each source without a region; if none has one, our error says so.
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
