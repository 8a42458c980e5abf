//! Runs outside a processing job.

use std::fs::{self, File};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, TimestampMicrosecondArray};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use crate::fake_store::FakeStore;
use crate::machine::{Machine, abalone_flow};

fn failure(machine: &Machine, arguments: &[&str]) -> terminal_text::Failure {
    machine.run(FakeStore::new(|_, _| None), arguments).0.failure()
}

#[test]
fn names_what_is_missing() {
    let machine = Machine::new();
    machine.write("a.flow", abalone_flow());
    for (arguments, missing) in [
        (&["--dry-run"][..], "there is no flow"),
        (&["--flow", "@/gone.flow", "--dry-run"], "gone.flow cannot be read"),
        (&["--flow", "s3://bucket-a/gone.flow", "--dry-run"], "NoSuchKey"),
        (&["--flow", "@/a.flow", "--input", "x.csv"], "there is no feature group to write to"),
    ] {
        let failure = failure(&machine, arguments);
        assert!(failure.message().contains(missing), "{arguments:?}: {failure}");
        assert!(!failure.hint().is_empty());
    }
}

#[test]
fn rejects_a_file_that_is_not_a_flow() {
    let machine = Machine::new();
    machine.write("a.flow", "not JSON");
    let failure = failure(&machine, &["--flow", "@/a.flow", "--dry-run"]);
    assert!(failure.message().contains("a.flow: "), "{failure}");
}

#[test]
fn help_explains_the_options_with_examples() {
    let help =
        ingest_features::cli::parse(["ingest-features".into(), "--help".into()]).unwrap_err();
    insta::assert_snapshot!(help.to_string());
}

#[test]
fn rejects_invalid_and_contradictory_arguments() {
    for arguments in [
        &["--dry-run", "--output", "a.csv"][..],
        &["--dry-run", "--print-feature-definitions"],
        &["--output", "a.csv", "--print-feature-definitions"],
        &["--output", "a.txt"],
        &["--concurrency", "0"],
        &["--event-time", "yesterday"],
        &["--feature-group", "a b"],
        &["--flow", "http://x/y"],
        &["--rejected", "s3://"],
        &["--output-config", "{}"],
        &["--input-version", ""],
        &["surplus"],
    ] {
        let program = std::iter::once("ingest-features".into());
        let arguments = program.chain(arguments.iter().map(Into::into));
        assert!(ingest_features::cli::parse(arguments).is_err());
    }
}

/// A flow with only a source.
fn reads(kind: &str) -> String {
    let context =
        json!({ "s3Uri": "s3://bucket-a/data", "s3ContentType": kind, "s3HasHeader": true });
    json!({ "nodes": [{
        "node_id": "source", "type": "SOURCE", "operator": "sagemaker.s3_source_0.1", "inputs": [],
        "parameters": { "dataset_definition": { "name": "data", "s3ExecutionContext": context } },
        "outputs": [{ "name": "default" }],
    }]})
    .to_string()
}

#[test]
fn prints_and_writes_timestamps_as_text() {
    let machine = Machine::new();
    machine.write("a.flow", reads("parquet"));
    let times = Arc::new(TimestampMicrosecondArray::from(vec![1_795_341_600_250_000]));
    let batch = RecordBatch::try_from_iter([("time", times as ArrayRef)]).unwrap();
    let file = File::create(machine.path("a.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let run = |more: &[&str]| {
        let arguments = [&["--flow", "@/a.flow", "--input", "@/a.parquet"], more].concat();
        let ended = machine.run(FakeStore::new(|_, _| None), &arguments).0;
        assert_eq!(ended.result, Ok(()));
        ended.stdout
    };
    let time = "2026-11-22T10:00:00.250Z";
    assert!(run(&["--dry-run"]).contains(time));
    run(&["--output", "@/a.csv"]);
    assert_eq!(fs::read_to_string(machine.path("a.csv")).unwrap(), format!("time\n{time}\n"));
}

#[test]
fn prints_the_summary_if_its_file_cannot_be_written() {
    let machine = Machine::new();
    machine.write("a.flow", reads("csv"));
    machine.write("a.csv", "a\n1\n");
    let arguments = ["--flow", "@/a.flow", "--input", "@/a.csv", "--output", "@/b.csv"];
    let arguments = [&arguments[..], &["--summary", "@/gone/summary.json"]].concat();
    let ended = machine.run(FakeStore::new(|_, _| None), &arguments).0;
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(summary["rows_written"], 1);
    assert!(ended.failure().message().contains("gone/summary.json: No such file"));
}
