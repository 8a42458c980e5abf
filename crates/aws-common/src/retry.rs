//! How often to retry a failed call, and how long to wait.

use std::time::Duration;

/// Attempts and the pauses between them: exponential backoff with full jitter. A pause is a random
/// fraction of a limit that doubles with each attempt, so that clients do not retry at the same time.
///
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Maximum number of failed attempts in a row, including the first.
    pub attempts: u32,
    /// Limit for the pause after the first attempt.
    pub first: Duration,
    /// Limit for every pause.
    pub longest: Duration,
}

impl RetryPolicy {
    /// Returns the pause after `failed` failed attempts in a row, or `None` after the last attempt.
    #[must_use]
    pub fn pause(&self, failed: u32) -> Option<Duration> {
        (failed < self.attempts).then(|| self.limit(failed).mul_f64(fastrand::f64()))
    }

    fn limit(&self, failed: u32) -> Duration {
        let factor = 2u32.saturating_pow(failed.saturating_sub(1));
        self.first.saturating_mul(factor).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts: 10,
        first: Duration::from_millis(200),
        longest: Duration::from_secs(20),
    };

    #[test]
    fn limits_double_up_to_the_longest() {
        let limits = [1, 2, 3, 7, 8, 100].map(|failed| POLICY.limit(failed).as_millis());
        assert_eq!(limits, [200, 400, 800, 12_800, 20_000, 20_000]);
    }

    #[test]
    fn pause_is_a_random_fraction_of_its_limit() {
        let pauses: Vec<_> = (0..100).map(|_| POLICY.pause(3).unwrap()).collect();
        assert!(pauses.iter().all(|pause| *pause <= POLICY.limit(3)));
        assert!(pauses.iter().any(|pause| *pause > POLICY.limit(2)));
        assert!(pauses.iter().any(|pause| *pause < POLICY.limit(1)));
    }

    #[test]
    fn no_pause_after_the_last_attempt() {
        assert!(POLICY.pause(9).is_some());
        assert_eq!(POLICY.pause(10), None);
        assert_eq!(POLICY.pause(u32::MAX), None);
    }
}
