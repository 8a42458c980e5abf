//! Whether the job was told to stop.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Between two looks at whether a signal has come.
const BETWEEN: Duration = Duration::from_millis(100);

/// Remembers the first signal; nothing else happens at it, so that the job can end in order.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// Stops at SIGTERM, which `SageMaker` sends, and at Ctrl-C; a second Ctrl-C ends the process.
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

    /// Tells the job to stop, as a signal with this number does.
    pub fn set(&self, signal: u8) {
        self.0.store(signal.into(), Ordering::Relaxed);
    }

    /// Does some work, unless the job is told to stop meanwhile.
    pub(crate) async fn unless<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(BETWEEN, &mut work).await {
                Ok(done) => return Some(done),
                Err(_) if self.signal().is_some() => return None,
                Err(_) => {}
            }
        }
    }

    /// The signal that came.
    #[must_use]
    pub fn signal(&self) -> Option<u8> {
        u8::try_from(self.0.load(Ordering::Relaxed)).ok().filter(|signal| *signal > 0)
    }
}
