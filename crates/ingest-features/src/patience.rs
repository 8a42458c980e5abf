//! How long to go on trying, and how long to wait between attempts.

use std::time::Duration;

use crate::stop::Stop;
use crate::store::StoreError;

/// Longest that a pause goes on after the job was told to stop.
const SLICE: Duration = Duration::from_millis(100);

/// How a call that fails is tried again.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Most attempts in a row that achieve nothing.
    pub attempts: u32,
    /// At most so long before the second attempt; twice as long before each further one.
    pub first: Duration,
    /// At most so long before any attempt.
    pub longest: Duration,
}

impl Default for Patience {
    /// Ten attempts, which take about half a minute of pauses, and five minutes more if none of them
    /// is answered at all.
    fn default() -> Self {
        Self { attempts: 10, first: Duration::from_millis(200), longest: Duration::from_secs(20) }
    }
}

impl Patience {
    /// The pause after the attempt with this number, from 1: a random part of what is possible, so
    /// that calls that failed together do not come back together.
    fn pause(&self, attempt: u32) -> Duration {
        self.most(attempt).mul_f64(fastrand::f64())
    }

    fn most(&self, attempt: u32) -> Duration {
        let factor = 2u32.saturating_pow(attempt.saturating_sub(1));
        self.first.saturating_mul(factor).min(self.longest)
    }

    /// Waits after the attempt with this number, from 1; `false` if the job is to end meanwhile.
    pub(crate) async fn wait(&self, attempt: u32, ends: impl Fn() -> bool) -> bool {
        let mut left = self.pause(attempt);
        while !ends() {
            if left.is_zero() {
                return true;
            }
            tokio::time::sleep(left.min(SLICE)).await;
            left = left.saturating_sub(SLICE);
        }
        false
    }

    /// Calls again as long as that may help.
    pub(crate) async fn insist<T>(
        &self,
        stop: &Stop,
        mut call: impl AsyncFnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut attempt = 1;
        loop {
            match call().await {
                Err(error) if error.is_transient() && attempt < self.attempts => {
                    if !self.wait(attempt, || stop.signal().is_some()).await {
                        return Err(error);
                    }
                    attempt += 1;
                }
                result => return result,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let patience = Patience::default();
        let most = [1, 2, 3, 7, 8, 100].map(|attempt| patience.most(attempt).as_millis());
        assert_eq!(most, [200, 400, 800, 12_800, 20_000, 20_000]);
        let pauses: Vec<_> = (0..100).map(|_| patience.pause(3)).collect();
        assert!(pauses.iter().all(|pause| *pause <= patience.most(3)));
        assert!(pauses.iter().any(|pause| *pause > patience.most(2)));
    }
}
