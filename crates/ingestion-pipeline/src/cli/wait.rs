//! `wait`: follows an execution and fails unless it succeeds.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::json;
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use terminal_text::Failure;

use super::args::Wait;
use super::progress::Progress;
use super::{Context, data, format, project};
use crate::follow::{Followed, follow};
use crate::service::{Aws, Execution, Service, Step};
use crate::values::Region;

/// The number of SIGINT, on which the exit code of an interrupted command depends.
const INTERRUPT_SIGNAL: u8 = 2;

pub(super) async fn run(wait: &Wait, context: &Context<'_>) -> Result<(), Failure> {
    if let Some(arn) = &wait.execution {
        let region = region_of(arn).ok_or_else(|| {
            Failure::new(
                format!("`{arn}` is not an execution ARN"),
                "find the ARN with `ingestion-pipeline list --json`",
            )
        })?;
        let aws = project::aws(context, &region).await;
        return follow_to_the_end(&aws, arn, &*on_ctrl_c()?, context).await;
    }
    let identity = project::identity(context, &wait.which)?;
    let aws = project::aws(context, &identity.region).await;
    let name = identity.pipeline_name.as_str();
    let newest = aws.executions(name, 1).await?.pop().ok_or_else(|| {
        Failure::new(
            format!("the pipeline {name} has no executions"),
            "start one with `ingestion-pipeline start`",
        )
    })?;
    follow_to_the_end(&aws, &newest.arn, &*on_ctrl_c()?, context).await
}

/// Follows an execution, shows its progress, and fails unless it succeeds.
pub(super) async fn follow_to_the_end(
    aws: &Aws,
    arn: &str,
    interrupted: &AtomicBool,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let mut progress = Progress::new(arn, io::stderr().is_terminal(), context.json());
    let followed = follow(aws, arn, interrupted, |now, steps| progress.show(now, steps)).await;
    progress.finish();
    match followed? {
        Followed::ToTheEnd(execution, steps) => end(arn, &execution, &steps, context),
        Followed::Interrupted => Err(Failure::stopped(
            INTERRUPT_SIGNAL,
            format!("interrupted; the execution {arn} continues"),
            format!("`ingestion-pipeline wait {arn}` resumes waiting"),
        )),
    }
}

fn end(
    arn: &str,
    execution: &Execution,
    steps: &[Step],
    context: &Context<'_>,
) -> Result<(), Failure> {
    let took = execution.started.zip(execution.changed);
    let took = took.and_then(|(start, end)| end.duration_since(start).ok()).unwrap_or_default();
    if context.json() {
        let steps = steps.iter().map(|step| {
            json!({ "name": step.name, "status": step.status, "failure": step.failure, "job": step.job })
        });
        let end = json!({
            "arn": arn,
            "status": execution.status,
            "failure": execution.failure,
            "seconds": took.as_secs(),
            "steps": steps.collect::<Vec<_>>(),
        });
        data(&end.to_string())?;
    } else {
        data(&format!("{} after {}", execution.status, format::duration(took)))?;
    }
    if execution.status == "Succeeded" {
        return Ok(());
    }
    let shown = |text: &str| if context.json() { text.to_owned() } else { format::line(text) };
    let mut message = format!("the execution {arn} is {}", execution.status);
    if let Some(failure) = &execution.failure {
        message = format!("{message}: {}", shown(failure));
    }
    let failed: Vec<_> = steps.iter().filter(|step| step.status == "Failed").collect();
    for step in &failed {
        let failure = step.failure.as_deref().unwrap_or("no reason given");
        message = format!("{message}\n  step {}: {}", shown(&step.name), shown(failure));
    }
    let job = failed.iter().find_map(|step| step.job.as_deref()?.rsplit('/').next());
    let hint = match job {
        Some(job) => format!(
            "see the job's log: log group /aws/sagemaker/ProcessingJobs, streams that begin with {job}/"
        ),
        None => "see the execution's steps and logs in SageMaker Studio".to_owned(),
    };
    Err(Failure::new(message, hint))
}

/// Returns a flag that the first Ctrl-C sets. The second Ctrl-C ends the process.
pub(super) fn on_ctrl_c() -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&interrupted))
        .and_then(|_| flag::register(SIGINT, Arc::clone(&interrupted)))
        .map_err(|error| Failure::output(&error))?;
    Ok(interrupted)
}

/// Returns the region in an execution's ARN.
fn region_of(arn: &str) -> Option<Region> {
    let fields: Vec<_> = arn.splitn(6, ':').collect();
    let ["arn", _, "sagemaker", region, _, resource] = fields[..] else { return None };
    let is_execution = resource.starts_with("pipeline/") && resource.contains("/execution/");
    Region::new(region).ok().filter(|_| is_execution)
}
