//! Follows an execution to its end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_common::ErrorClass;
use tokio::time::sleep;

use crate::service::{Execution, Service, ServiceError, Step, is_over};

/// Between two looks, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How soon an interruption is noticed.
const NOTICE: Duration = Duration::from_millis(100);
/// Looks in a row that may fail; each has been retried by the SDK.
const FAILURES: u32 = 5;

/// How following ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// The execution is over.
    ToTheEnd(Execution, Vec<Step>),
    /// It goes on, and was not followed further.
    Interrupted,
}

/// Looks at an execution until it is over, or until `interrupted` becomes true; the execution goes
/// on then. `seen` is told what each look saw.
///
/// # Errors
///
/// [`ServiceError`] if the service refuses, or cannot be reached five times in a row.
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
    // The execution first: once it is over, its steps do not change any more.
    let now = service.execution(execution).await?;
    let steps = service.steps(execution).await?;
    Ok((now, steps))
}

fn may_heal(class: ErrorClass) -> bool {
    matches!(class, ErrorClass::Throttled | ErrorClass::Fault | ErrorClass::Unreachable)
}
