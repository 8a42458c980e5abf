//! The engine that runs a flow: the native engine if it supports the flow, or else the Spark engine if
//! there is one.

use data_wrangler_flow::{Flow, OutputName};
use flow_engine::{EventTime, Output, Plan, PlanOptions, SourcePlan, UnsupportedFlow};
use terminal_text::Failure;

use super::spark::SparkFlow;
use super::{JobContext, JobSpec, not_run};
use crate::data::Data;
use crate::progress::Progress;

/// A flow and the engine that runs it.
pub(super) enum Engine {
    Native(Plan),
    Spark {
        flow: SparkFlow,
        /// Why the native engine does not run it.
        reason: UnsupportedFlow,
    },
}

/// The result of a run.
pub(super) struct Ran {
    pub(super) output: Output,
    /// The number of rows that do not match their file's format.
    pub(super) rows_malformed: u64,
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
                let flow = SparkFlow::new(flow, output, program, spec.refit)?;
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
        }
    }

    /// Tells which engine runs the flow, and why, if there is a choice.
    pub(super) fn explain(&self, spec: &JobSpec, progress: &Progress) {
        match self {
            Self::Native(_) if spec.spark_engine.is_none() => {}
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
                let rows_malformed = output.malformed.len() as u64;
                Ok(Ran { output, rows_malformed })
            }
            Self::Spark { flow, .. } => flow.run(data, now, context, progress),
        }
    }
}
