//! How much of an invocation's time is left.

use std::time::{Duration, SystemTime};

/// Kept for the answer, so that a failure is reported before Lambda ends the function.
const RESERVE: Duration = Duration::from_millis(200);
/// What an invocation without a usable deadline may take.
const WITHOUT_DEADLINE: Duration = Duration::from_secs(30);

/// The moment by which an invocation has to be answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(SystemTime);

impl Deadline {
    /// Takes the invocation's deadline as Lambda gives it. One that has passed before the
    /// invocation begins is none: local emulators send such ones.
    pub(crate) fn new(given: SystemTime) -> Self {
        let now = now();
        if given > now { Self(given) } else { Self(now + WITHOUT_DEADLINE) }
    }

    /// The time left for work.
    pub(crate) fn left(self) -> Duration {
        self.0.duration_since(now()).unwrap_or_default().saturating_sub(RESERVE)
    }
}

#[expect(clippy::disallowed_methods, reason = "a deadline is about now; no request is made of it")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_reserve_for_the_answer() {
        let hour = Duration::from_hours(1);
        let left = Deadline::new(now() + hour).left();
        assert!(left + RESERVE <= hour, "{left:?}");
        assert!(left > hour / 2, "{left:?}");
    }

    #[test]
    fn is_none_left_when_only_the_reserve_remains() {
        assert_eq!(Deadline::new(now() + RESERVE).left(), Duration::ZERO);
    }

    #[test]
    fn a_deadline_in_the_past_counts_as_none() {
        assert!(Deadline::new(SystemTime::UNIX_EPOCH).left() > Duration::from_secs(10));
    }
}
