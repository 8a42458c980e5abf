//! Calls that fail, tried again.

use std::time::Duration;

use aws_common::RetryPolicy;

use crate::stop::Stop;
use crate::store::StoreError;

/// Ten attempts, with half a minute of pauses on average, and five minutes more if none of them is
/// answered at all.
pub const RETRIES: RetryPolicy = RetryPolicy {
    attempts: 10,
    first: Duration::from_millis(200),
    longest: Duration::from_secs(20),
};

/// Longest that a pause goes on after the job was told to stop.
const SLICE: Duration = Duration::from_millis(100);

/// Calls again as long as that may help, and the job is not told to stop.
pub(crate) async fn retrying<T>(
    policy: &RetryPolicy,
    stop: &Stop,
    mut call: impl AsyncFnMut() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut failed = 0;
    loop {
        match call().await {
            Err(error) if error.is_transient() => {
                failed += 1;
                let Some(pause) = policy.pause(failed) else { return Err(error) };
                if !sleep(pause, || stop.signal().is_some()).await {
                    return Err(error);
                }
            }
            result => return result,
        }
    }
}

/// Waits; `false` if the job is to end meanwhile.
pub(crate) async fn sleep(pause: Duration, ends: impl Fn() -> bool) -> bool {
    let mut left = pause;
    while !ends() {
        if left.is_zero() {
            return true;
        }
        tokio::time::sleep(left.min(SLICE)).await;
        left = left.saturating_sub(SLICE);
    }
    false
}
