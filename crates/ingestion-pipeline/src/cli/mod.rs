//! The command line: data on stdout, everything else on stderr.

mod args;
mod build;
mod failure;
mod project;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use failure::Failure;

/// Where a command's words go.
pub(crate) struct Output<'a> {
    /// For data.
    pub(crate) data: &'a mut dyn Write,
    /// For people: notes, progress, errors.
    pub(crate) notes: &'a mut dyn Write,
    /// Whether data and errors are written for scripts.
    pub(crate) json: bool,
}

/// Runs the command line. The exit code is 0, or 1 for a failure, or 2 for arguments that make no
/// command.
pub fn main(
    arguments: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> ExitCode {
    let (mut data, mut notes) = (io::stdout().lock(), io::stderr().lock());
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return no_command(&error, &mut data, &mut notes),
    };
    let json = arguments.json;
    let mut output = Output { data: &mut data, notes: &mut notes, json };
    match run(&arguments, &variable, &mut output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // There is nobody left to tell if this fails.
            let _ = failure.write(&mut notes, json);
            ExitCode::FAILURE
        }
    }
}

fn run(
    arguments: &Arguments,
    variable: &dyn Fn(&str) -> Option<OsString>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    match &arguments.command {
        Command::Build(build) => build::run(build, arguments, variable, output),
    }
}

/// Help and version go to stdout; what is wrong with the arguments to stderr, ending in a hint.
fn no_command(error: &clap::Error, data: &mut dyn Write, notes: &mut dyn Write) -> ExitCode {
    let text = error.to_string();
    if !error.use_stderr() {
        return if write!(data, "{text}").is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let text = text.trim_end().trim_end_matches("For more information, try '--help'.").trim_end();
    let _ = writeln!(
        notes,
        "{text}\n\nhint: `ingestion-pipeline --help` shows the commands, `ingestion-pipeline <command> --help` its options and examples"
    );
    ExitCode::from(2)
}
