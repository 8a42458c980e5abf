//! What a run tells while it runs, and what it is told.

/// The time that `unix_timestamp()` and its like mean, in whole seconds since 1970 UTC. An
/// argument, so that a run can be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventTime(pub i64);

/// Watches a run, from whichever threads it uses.
pub trait Progress: Sync {
    /// So many more rows, from so many more bytes of files, have been read.
    fn read(&self, _rows: u64, _bytes: u64) {}

    /// A node's work begins.
    fn node(&self, _id: &str, _operator: &str) {}

    /// Whether the run shall end now, without a result. Asked often.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Watches nothing.
impl Progress for () {}
