//! One turn of a candidate: a new process, its first answer and its warm answers.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::authority::Authority;
use crate::candidate::Candidate;
use crate::events::Event;
use crate::process::{self, Guarded};
use crate::runtime_api::RuntimeApi;
use crate::sagemaker::{SageMaker, Traffic};

/// Time limit for a turn.
const LIMIT: Duration = Duration::from_mins(2);
/// Length of a failed candidate's output in the error message, in bytes.
const OUTPUT_SHOWN: usize = 2000;

/// The measurements, and the data to check.
#[derive(Debug)]
pub(crate) struct Turn {
    /// From before the process is started to its first request for an event.
    pub(crate) spawn_to_next: Duration,
    /// From before the process is started to the end of its first answer.
    pub(crate) spawn_to_answer: Duration,
    /// From the first byte of the first event to the last byte of its answer.
    pub(crate) first: Duration,
    /// From the first byte of each later event to the last byte of its answer.
    pub(crate) warm: Vec<Duration>,
    /// CPU time up to the first answer.
    pub(crate) cpu_to_answer: Duration,
    /// Average CPU time of a warm invocation.
    pub(crate) cpu_warm: Duration,
    /// Peak resident memory up to the first answer, in bytes.
    pub(crate) memory_at_answer: u64,
    /// Peak resident memory of the whole turn, in bytes.
    pub(crate) memory: u64,
    /// The answers' bodies.
    pub(crate) answers: Vec<Vec<u8>>,
    /// The traffic to SageMaker.
    pub(crate) traffic: Traffic,
}

/// Starts the candidate and sends it all `events`.
pub(crate) fn take(
    candidate: &Candidate,
    events: &[Event],
    sagemaker: &SageMaker,
    authority: &Authority,
    work: &Path,
) -> Result<Turn> {
    let api = RuntimeApi::start(events.iter().map(|event| event.payload.clone()).collect())?;
    let log = work.join(format!("{}.log", candidate.name));
    let output = File::create(&log).with_context(|| format!("{}", log.display()))?;
    let mut command = candidate.command();
    command
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "en_US.UTF-8")
        .env("TZ", ":UTC")
        .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "f")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/22/[$LATEST]0")
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        .env("AWS_SESSION_TOKEN", "example")
        .env("AWS_ENDPOINT_URL_SAGEMAKER", &sagemaker.url)
        .env("SM_PIPELINE_NAME", "ingest-abalone")
        // OpenSSL and rustls read the first one, botocore the second one.
        .env("SSL_CERT_FILE", &authority.bundle)
        .env("AWS_CA_BUNDLE", &authority.bundle)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);

    sagemaker.take_traffic(); // discards what the previous candidate left
    let spawned = Instant::now();
    let mut child = Guarded(api.spawn(&mut command)?);
    let pid = child.0.id();
    let record = api.wait(LIMIT, || match child.0.try_wait()? {
        Some(status) => bail!("it ended with {status}"),
        None => Ok(()),
    });
    let traffic = sagemaker.take_traffic();
    let record = record.with_context(|| {
        format!("its output ends with:\n{}\n{}", end_of(&log), traffic.problems.join("\n"))
    })?;
    let (cpu, memory) = (process::cpu_time(pid)?, process::peak_memory(pid)?);
    let (cpu_to_answer, memory_at_answer) = record.after_first.context("no first answer")?;
    ensure!(record.latencies.len() == events.len(), "not every event was answered");
    let warm = record.latencies[1..].to_vec();
    Ok(Turn {
        spawn_to_next: record.first_next.context("no first request")? - spawned,
        spawn_to_answer: record.first_answer.context("no first answer")? - spawned,
        first: record.latencies[0],
        cpu_to_answer,
        cpu_warm: cpu.saturating_sub(cpu_to_answer) / u32::try_from(warm.len().max(1))?,
        warm,
        memory_at_answer,
        memory,
        answers: record.answers,
        traffic,
    })
}

fn end_of(log: &Path) -> String {
    let output = std::fs::read(log).unwrap_or_default();
    let begin = output.len().saturating_sub(OUTPUT_SHOWN);
    String::from_utf8_lossy(&output[begin..]).into_owned()
}
