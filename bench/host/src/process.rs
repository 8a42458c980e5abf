//! The CPU time and memory of a candidate's process.

use std::process::Child;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

/// A child process that is killed when this value is dropped.
#[derive(Debug)]
pub(crate) struct Guarded(pub(crate) Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        // Fails if it has already ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the CPU time that all threads of a process have used so far.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(pid)?))
        .context("the process has no clock; it may have ended")?;
    Ok(Duration::from(clock.now()?))
}

/// Returns the peak resident memory of a process in bytes (`VmHWM`).
pub(crate) fn peak_memory(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    peak_in(&status).context("/proc/<pid>/status has no VmHWM; the process may have ended")
}

fn peak_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_peak_memory_from_status_file() {
        assert_eq!(peak_in("Name:\tx\nVmHWM:\t    5904 kB\nVmRSS:\t 1 kB\n"), Some(5904 * 1024));
        assert_eq!(peak_in("Name:\tx\n"), None);
    }

    #[test]
    fn reads_cpu_time_and_memory_of_this_process() {
        let pid = std::process::id();
        assert!(cpu_time(pid).unwrap() > Duration::ZERO);
        assert!(peak_memory(pid).unwrap() > 100_000);
    }
}
