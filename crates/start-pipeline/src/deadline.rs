//! The time that is left for an invocation.

use std::time::{Duration, SystemTime};

/// Reserved for the response, so that a failure is reported before Lambda stops the function.
const RESERVE: Duration = Duration::from_millis(200);
/// Time limit for an invocation without a valid deadline.
const WITHOUT_DEADLINE: Duration = Duration::from_secs(30);

/// The time by which the function must respond to an invocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(SystemTime);

impl Deadline {
    /// Takes the deadline from Lambda. A deadline in the past is ignored: local emulators send such
    /// deadlines.
    pub(crate) fn new(given: SystemTime) -> Self {
        let now = now();
        if given > now { Self(given) } else { Self(now + WITHOUT_DEADLINE) }
    }

    /// Returns the time left, without the reserve.
    pub(crate) fn left(self) -> Duration {
        self.0.duration_since(now()).unwrap_or_default().saturating_sub(RESERVE)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a deadline depends on the current time; no request contains it"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_reserve_for_response() {
        let hour = Duration::from_hours(1);
        let left = Deadline::new(now() + hour).left();
        assert!(left + RESERVE <= hour, "{left:?}");
        assert!(left > hour / 2, "{left:?}");
    }

    #[test]
    fn has_no_time_left_when_only_reserve_remains() {
        assert_eq!(Deadline::new(now() + RESERVE).left(), Duration::ZERO);
    }

    #[test]
    fn ignores_deadline_in_the_past() {
        assert!(Deadline::new(SystemTime::UNIX_EPOCH).left() > Duration::from_secs(10));
    }
}
