//! The processing job. All code is in the library.

use std::process::ExitCode;

use ingest_features::{aws, cli};

fn main() -> ExitCode {
    let variable = |name: &str| std::env::var_os(name);
    let connect = async |requester_pays| aws::connect(variable, requester_pays).await;
    cli::main(std::env::args_os(), variable, connect)
}
