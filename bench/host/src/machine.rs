//! The machine that ran the benchmark.

use std::thread::available_parallelism;

use serde::Serialize;

/// The machine, and its load when the benchmark began.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) kernel: String,
    /// The load average of the last minute.
    pub(crate) load: String,
}

impl Machine {
    /// Describes this machine. Values that Linux does not provide are `unknown`.
    pub(crate) fn here() -> Self {
        let processor = value("/proc/cpuinfo", "model name").unwrap_or("unknown".to_owned());
        let memory = value("/proc/meminfo", "MemTotal");
        let kibibytes = memory.and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok());
        Self {
            processor,
            cores: available_parallelism().map_or(0, usize::from),
            memory_gib: kibibytes.unwrap_or(0).div_ceil(1024 * 1024),
            kernel: first_word("/proc/sys/kernel/osrelease"),
            load: first_word("/proc/loadavg"),
        }
    }
}

fn value(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn first_word(file: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}
