//! The progress of an execution: on a terminal a line that is updated, otherwise one line for each
//! change.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::format;
use crate::service::{Execution, Step, is_over};

/// Shows one execution on stderr.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    /// Whether to show nothing, because a script reads stderr.
    silent: bool,
    /// The status of each step, as last shown.
    shown: BTreeMap<String, String>,
}

impl Progress {
    pub(super) fn new(execution: &str, terminal: bool, silent: bool) -> Self {
        let bar = (terminal && !silent).then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar.set_message(format!("waiting for {execution}"));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, silent, shown: BTreeMap::new() }
    }

    pub(super) fn show(&mut self, now: &Execution, steps: &[Step]) {
        let elapsed = format::duration(elapsed(now));
        if let Some(bar) = &self.bar {
            let steps: Vec<_> = steps.iter().map(words).collect();
            bar.set_message(format!("{elapsed}  {}  {}", now.status, steps.join(", ")));
            return;
        }
        for step in steps {
            self.line(&elapsed, &step.name, &words(step));
        }
        self.line(&elapsed, "", &format!("execution {}", now.status));
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Writes a line unless it repeats the previous one.
    fn line(&mut self, elapsed: &str, what: &str, words: &str) {
        if self.silent || self.shown.get(what).is_some_and(|shown| shown == words) {
            return;
        }
        // A closed stderr does not stop the wait.
        let _ = writeln!(io::stderr(), "{elapsed:>10}  {words}");
        self.shown.insert(what.to_owned(), words.to_owned());
    }
}

fn words(step: &Step) -> String {
    let (name, status) = (format::line(&step.name), format::line(&step.status));
    match step.attempt {
        Some(attempt) if attempt > 1 => {
            format!("step {name} {status} (attempt {attempt})")
        }
        _ => format!("step {name} {status}"),
    }
}

/// Returns the time from the start until now, or until the end.
fn elapsed(of: &Execution) -> Duration {
    let end = of.changed.filter(|_| is_over(&of.status)).unwrap_or_else(format::now);
    of.started.and_then(|start| end.duration_since(start).ok()).unwrap_or_default()
}
