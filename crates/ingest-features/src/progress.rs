//! Shows a job's progress: a bar on a terminal, log lines elsewhere.

use std::fmt;
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::stop::Stop;
use crate::write::Watch;

/// Minimum time between two log lines.
const LOG_INTERVAL: Duration = Duration::from_secs(5);

/// Shows a job's progress, and tells the flow engine to stop.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    stop: Stop,
    rows: AtomicU64,
    last_logged: Mutex<Instant>,
}

impl Progress {
    pub(crate) fn new(terminal: bool, stop: Stop) -> Self {
        let bar = terminal.then(ProgressBar::new_spinner);
        let (rows, last_logged) = (AtomicU64::new(0), Mutex::new(Instant::now()));
        Self { bar, stop, rows, last_logged }
    }

    /// Begins a phase of the job. `rows` is its total number of rows, if that is known.
    pub(crate) fn begin(&self, what: &'static str, rows: Option<u64>) {
        self.rows.store(0, Ordering::Relaxed);
        let Some(bar) = &self.bar else {
            tracing::info!(rows, "{what}");
            return;
        };
        let form = match rows {
            Some(_) => "{msg} {wide_bar} {pos}/{len} rows, {per_sec}, {eta}",
            None => "{spinner} {msg} {pos} rows",
        };
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        bar.set_position(0);
        if let Some(rows) = rows {
            bar.set_length(rows);
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(120));
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Reports something about the job.
    pub(crate) fn note(&self, what: impl fmt::Display) {
        if self.bar.is_some() {
            // If this fails, there is nowhere left to report it.
            let _ = writeln!(io::stderr(), "{}", terminal_text::lines(&what.to_string()));
        } else {
            tracing::info!("{what}");
        }
    }

    /// Shows a warning.
    pub(crate) fn warn(&self, what: impl fmt::Display) {
        if self.bar.is_some() {
            // If this fails, there is nowhere left to report it.
            let what = terminal_text::line(&what.to_string());
            let _ = writeln!(io::stderr(), "warning: {what}");
        } else {
            tracing::warn!("{what}");
        }
    }

    fn add(&self, rows: u64, what: &'static str) {
        if let Some(bar) = &self.bar {
            return bar.inc(rows);
        }
        let rows = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        // If another thread is logging, this line is not needed.
        if let Ok(mut last_logged) = self.last_logged.try_lock()
            && last_logged.elapsed() >= LOG_INTERVAL
        {
            tracing::info!(rows, "{what}");
            *last_logged = Instant::now();
        }
    }
}

impl flow_engine::Progress for Progress {
    fn read(&self, rows: u64, _bytes: u64) {
        self.add(rows, "rows read");
    }

    fn node(&self, id: &str, operator: &str) {
        if self.bar.is_none() {
            tracing::info!(node = id, operator, "running a node");
        }
    }

    fn cancelled(&self) -> bool {
        self.stop.signal().is_some()
    }
}

impl Watch for Progress {
    fn written(&self, rows: u64) {
        self.add(rows, "rows written");
    }
}
