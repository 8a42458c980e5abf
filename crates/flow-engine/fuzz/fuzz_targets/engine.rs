//! Runs any flow on any data. The engine returns rows or an error, and never panics. Every row has
//! a valid origin.
//!
//! The input is a flow, a zero byte, and the dataset.
#![no_main]

use std::fs;

use data_wrangler_flow::{Flow, Graph};
use flow_engine::{EventTime, Inputs, Plan, PlanOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (Some(flow), Some(data)) = (parts.next(), parts.next()) else { return };
    let Ok(flow) = Flow::parse(flow) else { return };
    let Ok(graph) = Graph::new(&flow) else { return };
    let Ok(output) = graph.output() else { return };
    let Ok(plan) = Plan::new(&flow, &output, &PlanOptions::default()) else { return };
    let file = std::env::temp_dir().join(format!("data-wrangler-flow-fuzz-{}", std::process::id()));
    fs::write(&file, data).unwrap();
    let mut inputs = Inputs::default();
    for source in plan.sources() {
        inputs.insert(&source.dataset, vec![file.clone()]);
    }
    if let Ok(output) = plan.run(&inputs, EventTime(0), &()) {
        for chunk in &output.chunks {
            assert_eq!(chunk.records.num_rows(), chunk.origins.len());
            assert_eq!(chunk.records.schema(), output.schema);
            assert!(chunk.origins.iter().all(|origin| (origin.file as usize) < output.files.len()));
        }
    }
});
