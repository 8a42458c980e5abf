//! How often a call that fails is tried again, and how long to wait before.

use std::time::Duration;

/// Attempts and the pauses between them. A pause is a random part of a limit that doubles from one
/// attempt to the next ("full jitter"), so that clients that failed together do not come back
/// together.
///
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Most attempts in a row that achieve nothing, the first included.
    pub attempts: u32,
    /// Limit of the pause after the first attempt.
    pub first: Duration,
    /// Limit of any pause.
    pub longest: Duration,
}

impl RetryPolicy {
    /// The pause after so many failed attempts in a row; `None` if there are to be no more.
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
    fn a_pause_is_a_random_part_of_its_limit() {
        let pauses: Vec<_> = (0..100).map(|_| POLICY.pause(3).unwrap()).collect();
        assert!(pauses.iter().all(|pause| *pause <= POLICY.limit(3)));
        assert!(pauses.iter().any(|pause| *pause > POLICY.limit(2)));
        assert!(pauses.iter().any(|pause| *pause < POLICY.limit(1)));
    }

    #[test]
    fn the_last_attempt_is_followed_by_no_pause() {
        assert!(POLICY.pause(9).is_some());
        assert_eq!(POLICY.pause(10), None);
        assert_eq!(POLICY.pause(u32::MAX), None);
    }
}
