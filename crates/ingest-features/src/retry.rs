//! Retries calls.

use std::time::Duration;

use aws_common::RetryPolicy;

use crate::stop::Stop;
use crate::store::StoreError;

/// Ten attempts. The pauses add up to half a minute on average. If every attempt times out, that takes
/// another five minutes.
pub const RETRIES: RetryPolicy = RetryPolicy {
    attempts: 10,
    first: Duration::from_millis(200),
    longest: Duration::from_secs(20),
};

/// Maximum time that a pause continues after the job was stopped.
const SLICE: Duration = Duration::from_millis(100);

/// Repeats `call` while its error is transient, up to the policy's limit or until the job is stopped.
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

/// Waits. Returns `false` if `ends` becomes true meanwhile.
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
