//! Follows an execution until it ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_common::ErrorClass;
use tokio::time::sleep;

use crate::service::{Execution, Service, ServiceError, Step, is_over};

/// The pause between two polls: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often to check for an interruption.
const NOTICE: Duration = Duration::from_millis(100);
/// Consecutive failed polls before following fails. The SDK already retries each one.
const FAILURES: u32 = 5;

/// The result of following an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// The execution ended.
    ToTheEnd(Execution, Vec<Step>),
    /// The user interrupted; the execution continues.
    Interrupted,
}

/// Polls an execution until it ends, or until `interrupted` becomes true. An interruption does not stop
/// the execution. Calls `seen` after each poll.
///
/// # Errors
///
/// [`ServiceError`] if the service rejects a request, or fails five times in a row.
pub async fn follow(
    service: &impl Service,
    execution: &str,
    interrupted: &AtomicBool,
    mut seen: impl FnMut(&Execution, &[Step]),
) -> Result<Followed, ServiceError> {
    let (mut pause, mut failures) = (FIRST_PAUSE, 0);
    loop {
        let looked = tokio::select! {
            biased;
            () = raised(interrupted) => return Ok(Followed::Interrupted),
            looked = look(service, execution) => looked,
        };
        match looked {
            Ok((now, steps)) => {
                failures = 0;
                seen(&now, &steps);
                if is_over(&now.status) {
                    return Ok(Followed::ToTheEnd(now, steps));
                }
            }
            Err(error) if failures + 1 < FAILURES && may_heal(error.class()) => failures += 1,
            Err(error) => return Err(error),
        }
        tokio::select! {
            biased;
            () = raised(interrupted) => return Ok(Followed::Interrupted),
            () = sleep(pause) => {}
        }
        pause = LONGEST_PAUSE.min(pause * 3 / 2);
    }
}

/// Waits until the flag is true.
async fn raised(flag: &AtomicBool) {
    while !flag.load(Ordering::Relaxed) {
        sleep(NOTICE).await;
    }
}

async fn look(
    service: &impl Service,
    execution: &str,
) -> Result<(Execution, Vec<Step>), ServiceError> {
    // The execution first: after it ends, its steps no longer change.
    let now = service.execution(execution).await?;
    let steps = service.steps(execution).await?;
    Ok((now, steps))
}

fn may_heal(class: ErrorClass) -> bool {
    matches!(class, ErrorClass::Throttled | ErrorClass::Fault | ErrorClass::Unreachable)
}
