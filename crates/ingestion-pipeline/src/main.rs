//! The command line; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ingestion_pipeline::cli::main(std::env::args_os(), |name| std::env::var_os(name))
}
