//! The command line. The library has all the code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ingestion_pipeline::cli::main(std::env::args_os(), |name| std::env::var_os(name))
}
