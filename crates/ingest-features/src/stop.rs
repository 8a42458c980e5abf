//! Whether the job was told to stop.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

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

    /// The signal that came.
    #[must_use]
    pub fn signal(&self) -> Option<u8> {
        u8::try_from(self.0.load(Ordering::Relaxed)).ok().filter(|signal| *signal > 0)
    }
}
