//! The engine: what it computes, and what it refuses.

use std::path::Path;

use data_wrangler_flow::engine::{EventTime, Inputs, Output, Plan, PlanOptions, RunError};
use data_wrangler_flow::{Flow, Graph};

mod abalone;

/// The plan of the flow's only output.
fn plan(flow: &[u8], refit: bool) -> Plan {
    let flow = Flow::parse(flow).unwrap();
    let output = Graph::new(&flow).unwrap().output().unwrap();
    Plan::new(&flow, &output, &PlanOptions { refit }).unwrap()
}

/// Runs a flow of one source on a file or a folder, at 2026-01-01.
fn run(flow: &[u8], input: &Path) -> Result<Output, RunError> {
    let plan = plan(flow, false);
    let mut inputs = Inputs::default();
    for source in plan.sources() {
        inputs.find(source, input).unwrap();
    }
    plan.run(&inputs, EventTime(1_767_225_600), &())
}
