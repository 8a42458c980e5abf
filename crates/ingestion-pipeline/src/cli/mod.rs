//! The command line: data on stdout, everything else on stderr.

mod args;
mod build;
mod delete;
mod failure;
mod format;
mod list;
mod progress;
mod project;
mod start;
mod upsert;
mod wait;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;
use terminal_text::Failure;
use tokio::runtime;

use args::{Arguments, Command};

/// What every command receives.
pub(crate) struct Context<'a> {
    arguments: &'a Arguments,
    variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// Runs the command line. Returns the exit code: 0 for success, 1 for a failure, 2 for invalid
/// arguments, 130 for an interrupted command.
pub fn main(
    arguments: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let json = arguments.iter().take_while(|a| *a != "--").any(|a| a == "--json");
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return no_command(&error, json),
    };
    let context = Context { arguments: &arguments, variable: &variable };
    match run(&context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // If stderr fails, there is nowhere left to report it.
            let _ = writeln!(io::stderr(), "{}", failure::shown(&failure, arguments.json));
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(context: &Context<'_>) -> Result<(), Failure> {
    let run = async {
        match &context.arguments.command {
            Command::Build(build) => build::run(build, context).await,
            Command::Upsert(upsert) => upsert::run(upsert, context).await,
            Command::Start(start) => start::run(start, context).await,
            Command::Wait(wait) => wait::run(wait, context).await,
            Command::List(list) => list::run(list, context).await,
            Command::Delete(delete) => delete::run(delete, context).await,
        }
    };
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::output(&error))?.block_on(run)
}

impl Context<'_> {
    /// Whether the output is JSON.
    fn json(&self) -> bool {
        self.arguments.json
    }
}

/// Writes data to stdout.
fn data(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout();
    let written = writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::output(&error))
}

/// Writes a note to stderr, except for scripts.
fn note(context: &Context<'_>, text: &str) {
    if context.json() {
        return;
    }
    // A closed stderr does not stop the command.
    let _ = writeln!(io::stderr(), "{}", format::lines(text));
}

/// Writes a warning to stderr, as JSON for scripts.
fn warn(context: &Context<'_>, text: &str) {
    let text = if context.json() {
        json!({ "warning": text }).to_string()
    } else {
        format!("warning: {}", format::lines(text))
    };
    // A closed stderr does not stop the command.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Writes help and version to stdout, and invalid arguments with a hint to stderr.
fn no_command(error: &clap::Error, json: bool) -> ExitCode {
    let text = error.to_string();
    if !error.use_stderr() {
        let written = write!(io::stdout(), "{text}");
        return if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let text = text.trim_end().trim_end_matches("For more information, try '--help'.").trim_end();
    let hint = "`ingestion-pipeline --help` lists the commands; \
                `ingestion-pipeline <command> --help` shows a command's options and examples";
    let failure = Failure::usage(text.strip_prefix("error: ").unwrap_or(text), hint);
    let _ = writeln!(io::stderr(), "{}", failure::shown(&failure, json));
    ExitCode::from(failure.exit_code())
}
