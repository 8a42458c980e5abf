//! Runs a flow with the Spark engine, a program of its own. `spark-engine/README.md` describes it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use data_wrangler_flow::{Flow, OutputName};
use flow_engine::{EventTime, Plan, Progress as _, SourcePlan};
use terminal_text::Failure;

use super::JobContext;
use super::spark_result::{Account, SparkResult};
use crate::data::{Data, TemporaryFolder};
use crate::progress::Progress;

/// The time between two looks at the program.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);
const CORRECT: &str = "correct the data or the flow";

/// A flow that the Spark engine runs.
pub(super) struct SparkFlow {
    flow: Flow,
    output: String,
    program: PathBuf,
    refit: bool,
    reject_malformed: bool,
    sources: Vec<SourcePlan>,
}

/// What the program has written to standard error so far.
#[derive(Default)]
struct Said {
    /// The node that runs.
    node: Option<String>,
    error: Option<String>,
}

impl SparkFlow {
    pub(super) fn new(
        flow: Flow,
        output: &OutputName,
        program: &Path,
        refit: bool,
        reject_malformed: bool,
    ) -> Result<Self, Failure> {
        let sources = Plan::sources_of(&flow, output).map_err(|error| {
            Failure::new(error, "store the data in S3 in a supported format, and import it again")
        })?;
        let program = std::path::absolute(program).unwrap_or_else(|_| program.to_owned());
        let output = output.to_string();
        Ok(Self { flow, output, program, refit, reject_malformed, sources })
    }

    pub(super) fn sources(&self) -> &[SourcePlan] {
        &self.sources
    }

    /// Runs the program on the data, and reads its result.
    pub(super) fn run(
        &self,
        data: &Data,
        now: EventTime,
        context: &JobContext,
        progress: &Progress,
    ) -> Result<SparkResult, Failure> {
        let folder = TemporaryFolder::new().map_err(|error| not_started(&self.program, &error))?;
        let result = folder.path().join("result");
        let command = self.command(data, now, folder.path(), &result);
        let command = command.map_err(|error| not_started(&self.program, &error))?;
        let account = self.account(command, context, progress)?;
        SparkResult::new(Some(folder), &result, account)
            .map_err(|error| not_started(&self.program, &error))
    }

    fn command(
        &self,
        data: &Data,
        now: EventTime,
        folder: &Path,
        result: &Path,
    ) -> io::Result<Command> {
        let (flow, inputs) = (folder.join("flow.flow"), folder.join("inputs.json"));
        fs::write(&flow, self.flow.to_json())?;
        let files = |source: &SourcePlan| data.inputs.files(&source.dataset).unwrap_or_default();
        let by_dataset: BTreeMap<_, _> =
            self.sources.iter().map(|source| (&source.dataset, absolute(files(source)))).collect();
        fs::write(&inputs, serde_json::to_vec(&by_dataset)?)?;
        let mut command = Command::new(&self.program);
        command.arg("--flow").arg(flow).arg("--inputs").arg(inputs);
        command.arg("--output").arg(result).arg("--output-name").arg(&self.output);
        command.arg("--event-time").arg(now.0.to_string());
        if self.refit {
            command.arg("--refit");
        }
        if self.reject_malformed {
            command.arg("--reject-malformed");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command)
    }

    /// Runs the command until it ends, and returns its account.
    fn account(
        &self,
        mut command: Command,
        context: &JobContext,
        progress: &Progress,
    ) -> Result<Account, Failure> {
        let mut child = command.spawn().map_err(|error| not_started(&self.program, &error))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let said = Mutex::new(Said::default());
        let (printed, ended) = thread::scope(|scope| {
            let reader = scope.spawn(|| stdout.map(io::read_to_string).transpose());
            scope.spawn(|| listen(stderr, &said, progress));
            let ended = wait(&mut child, context);
            (reader.join(), ended)
        });
        let said = said.into_inner().unwrap_or_else(PoisonError::into_inner);
        let running = said.node.as_deref().unwrap_or("no node");
        if let Some(signal) = ended.map_err(|error| not_started(&self.program, &error))? {
            let message = format!("the job was stopped while {running} ran; nothing was written");
            let hint = "check the node for a loop without an end, or allow the job more time";
            return Err(Failure::stopped(signal, message, hint));
        }
        let printed = printed.ok().and_then(Result::ok).flatten().unwrap_or_default();
        if let Some(error) = said.error {
            let (problem, remedy) = error.rsplit_once("; ").unwrap_or((&error, CORRECT));
            return Err(Failure::new(problem, remedy));
        }
        serde_json::from_str(&printed).map_err(|_| {
            let message = format!("the Spark engine ended unexpectedly while {running} ran");
            Failure::new(message, "see the log for its last lines; check the code of the node")
        })
    }
}

/// Waits until the program ends. Ends it if the job is stopped, and returns the signal.
fn wait(child: &mut Child, context: &JobContext) -> io::Result<Option<u8>> {
    while child.try_wait()?.is_none() {
        if let Some(signal) = context.stop.signal() {
            child.kill()?;
            child.wait()?;
            return Ok(Some(signal));
        }
        thread::sleep(CHECK_INTERVAL);
    }
    Ok(None)
}

/// Passes on what the program writes to standard error, and remembers the node and the error.
fn listen(stderr: Option<ChildStderr>, said: &Mutex<Said>, progress: &Progress) {
    let lines = stderr.map(BufReader::new).into_iter().flat_map(BufRead::lines);
    for line in lines.map_while(Result::ok) {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = line.strip_prefix("error: ") {
            said.error = Some(error.to_owned());
        } else if let Some((id, operator)) = started(&line) {
            said.node = Some(format!("node {id} ({operator})"));
            progress.node(id, operator);
        } else {
            // If this fails, there is nowhere left to report it.
            let _ = writeln!(io::stderr(), "{}", terminal_text::line(&line));
        }
    }
}

/// Reads `node <id> (<operator>) starts`.
fn started(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("node ")?.strip_suffix(") starts")?.split_once(" (")
}

fn absolute(files: &[PathBuf]) -> Vec<PathBuf> {
    files.iter().map(|file| std::path::absolute(file).unwrap_or_else(|_| file.clone())).collect()
}

fn not_started(program: &Path, error: &io::Error) -> Failure {
    let message = format!("the Spark engine {} cannot run: {error}", program.display());
    Failure::new(message, "name its program with --spark-engine")
}
