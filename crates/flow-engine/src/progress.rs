//! Progress and cancellation of a run.

/// The time that functions such as `unix_timestamp()` return, in seconds since 1970 UTC. It is an
/// argument, so that runs are reproducible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventTime(pub i64);

/// Observes a run. The methods are called from several threads.
pub trait Progress: Sync {
    /// Called after more rows, from more bytes of files, have been read.
    fn read(&self, _rows: u64, _bytes: u64) {}

    /// Called when a node starts.
    fn node(&self, _id: &str, _operator: &str) {}

    /// Whether to stop the run without a result. Called often.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Ignores all progress.
impl Progress for () {}
