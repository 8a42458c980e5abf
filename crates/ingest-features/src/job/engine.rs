//! The engine that runs a flow: the native engine if it supports the flow, or else the Spark engine if
//! there is one.

use std::rc::Rc;

use data_wrangler_flow::{Flow, OutputName};
use flow_engine::{EventTime, Output, Plan, PlanOptions, SourcePlan, UnsupportedFlow};
use terminal_text::Failure;

use super::rows::FlowRows;
use super::spark::SparkFlow;
use super::spark_result::SparkResult;
use super::{JobContext, JobSpec, Purpose, malformed, not_run};
use crate::data::Data;
use crate::lost::{Lost, Undecoded, lost, undecoded};
use crate::memory;
use crate::progress::Progress;

/// A flow and the engine that runs it.
pub(super) enum Engine {
    Native(Plan),
    Spark {
        flow: SparkFlow,
        /// Why the native engine does not run it.
        reason: UnsupportedFlow,
    },
    /// The Spark engine has run the flow.
    Result(Rc<SparkResult>),
}

/// The result of a run.
pub(super) struct Ran {
    pub(super) rows: FlowRows,
    pub(super) rows_read: u64,
    /// The number of rows that do not match their file's format.
    pub(super) rows_malformed: u64,
    /// The number of them that are not among the rows.
    pub(super) rows_left_out: u64,
    pub(super) rows_undecoded: Undecoded,
    pub(super) values_lost: Vec<Lost>,
}

impl Engine {
    /// Chooses the engine.
    ///
    /// # Errors
    ///
    /// [`Failure`] names the unsupported nodes if no engine can run the flow.
    pub(super) fn choose(flow: Flow, output: &OutputName, spec: &JobSpec) -> Result<Self, Failure> {
        let options = PlanOptions { refit: spec.refit };
        match (Plan::new(&flow, output, &options), &spec.spark_engine) {
            (Ok(plan), _) => Ok(Self::Native(plan)),
            (Err(reason), Some(program)) => {
                let reject_malformed = spec.purpose == Purpose::Ingest;
                let flow = SparkFlow::new(flow, output, program, spec.refit, reject_malformed)?;
                Ok(Self::Spark { flow, reason })
            }
            (Err(error), None) => {
                let hint = "set `engine: data-wrangler` in pipeline.yaml, change the flow, or name \
                            the Spark engine with --spark-engine";
                Err(Failure::new(error, hint))
            }
        }
    }

    /// The datasets that the flow reads.
    pub(super) fn sources(&self) -> &[SourcePlan] {
        match self {
            Self::Native(plan) => plan.sources(),
            Self::Spark { flow, .. } => flow.sources(),
            Self::Result(_) => &[],
        }
    }

    /// Returns a warning if the native engine probably needs more memory than there is.
    pub(super) fn too_large(&self, data: &Data, context: &JobContext) -> Option<String> {
        let (Self::Native(plan), Some(available)) = (self, context.memory) else { return None };
        let files = plan.sources().iter().filter_map(|source| data.inputs.files(&source.dataset));
        memory::warning(&files.flatten().cloned().collect::<Vec<_>>(), available)
    }

    /// Says which engine runs the flow, and why, if there is a choice.
    pub(super) fn explain(&self, spec: &JobSpec, progress: &Progress) {
        match self {
            Self::Native(_) if spec.spark_engine.is_none() => {}
            Self::Result(_) => progress.note("the Spark engine has run the flow"),
            Self::Native(_) => {
                progress.note("the native engine runs the flow, because it supports every node");
            }
            Self::Spark { reason, .. } => {
                let reasons = reason.nodes().iter().map(|node| {
                    format!("\n  node {} ({}): {}", node.node_id, node.operator, node.problem)
                });
                progress.note(format!(
                    "the Spark engine runs the flow, because the native engine does not support:{}",
                    reasons.collect::<String>()
                ));
            }
        }
    }

    /// Runs the flow.
    ///
    /// # Errors
    ///
    /// [`Failure`] names the file or the node that failed.
    pub(super) fn run(
        &self,
        data: &Data,
        now: EventTime,
        context: &JobContext,
        progress: &Progress,
    ) -> Result<Ran, Failure> {
        match self {
            Self::Native(plan) => {
                let output = plan.run(&data.inputs, now, progress);
                let output = output.map_err(|error| not_run(&error, data, context))?;
                Ok(Ran::of(output, data, progress))
            }
            Self::Spark { flow, .. } => {
                let result = flow.run(data, now, context, progress)?;
                Ok(Ran::of_spark(Rc::new(result), progress))
            }
            Self::Result(result) => Ok(Ran::of_spark(Rc::clone(result), progress)),
        }
    }
}

impl Ran {
    /// Returns the result of the native engine, and warns about malformed rows.
    fn of(output: Output, data: &Data, progress: &Progress) -> Self {
        if let Some(warning) = malformed(&output, data) {
            progress.warn(warning);
        }
        Self {
            rows_read: output.rows_read,
            rows_malformed: output.malformed.len() as u64,
            rows_left_out: 0,
            rows_undecoded: undecoded(&output, |path| data.name(path)),
            values_lost: lost(&output, |path| data.name(path)),
            rows: FlowRows::InMemory(Box::new(output)),
        }
    }

    /// Returns the result of the Spark engine, and warns about malformed rows.
    fn of_spark(result: Rc<SparkResult>, progress: &Progress) -> Self {
        let account = &result.account;
        if account.rows_malformed > account.rows_rejected {
            progress.warn(format!(
                "{} rows have more or fewer fields than the header; Spark cut them off or filled \
                 them with null",
                account.rows_malformed - account.rows_rejected
            ));
        }
        if account.rows_rejected > 0 {
            progress.warn(format!("{} rows do not match the file's format", account.rows_rejected));
        }
        Self {
            rows_read: account.rows_read,
            rows_malformed: account.rows_malformed,
            rows_left_out: account.rows_rejected,
            rows_undecoded: Undecoded::default(),
            values_lost: account.values_lost(),
            rows: FlowRows::Files(result),
        }
    }
}
