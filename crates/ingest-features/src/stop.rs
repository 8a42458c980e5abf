//! Requests to stop the job.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Time between two checks for a signal.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Remembers the last signal. The signal has no other effect, so the job can end cleanly.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// Stops at SIGTERM, which `SageMaker` sends, and at Ctrl-C. A second Ctrl-C ends the process.
    ///
    /// # Errors
    ///
    /// If the signals cannot be handled.
    pub fn at_signals() -> io::Result<Self> {
        let stop = Self::default();
        let interrupted = Arc::new(AtomicBool::new(false));
        flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&interrupted))?;
        flag::register(SIGINT, interrupted)?;
        for signal in [SIGINT, SIGTERM] {
            flag::register_usize(signal, Arc::clone(&stop.0), signal.unsigned_abs() as usize)?;
        }
        Ok(stop)
    }

    /// Stops the job as a signal with this number would.
    pub fn set(&self, signal: u8) {
        self.0.store(signal.into(), Ordering::Relaxed);
    }

    /// Runs `work`. Returns `None` if the job is stopped meanwhile.
    pub(crate) async fn unless<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(CHECK_INTERVAL, &mut work).await {
                Ok(done) => return Some(done),
                Err(_) if self.signal().is_some() => return None,
                Err(_) => {}
            }
        }
    }

    /// The signal that was received, if any.
    #[must_use]
    pub fn signal(&self) -> Option<u8> {
        u8::try_from(self.0.load(Ordering::Relaxed)).ok().filter(|signal| *signal > 0)
    }
}
