//! Flows that the native engine refuses, and a program that stands in for the Spark engine.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake_store::FakeStore;
use crate::machine::{FakeOutcome, Machine};

const ARGUMENTS: [&str; 8] = [
    "--flow",
    "@/code.flow",
    "--input",
    "@/data.csv",
    "--feature-group",
    "FG-test",
    "--spark-engine",
    "@/spark-engine.sh",
];

/// A machine with a flow that has code, and with the result of `small.flow` as that of the program.
fn machine() -> Machine {
    let machine = Machine::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let small = fs::read(fixtures.join("small.flow")).unwrap();
    machine.write("small.flow", &small);
    machine.write("data.csv", "id,x\n1,0.5\n2,1.5\n3,2.5\n");
    let result =
        ["--flow", "@/small.flow", "--input", "@/data.csv", "--output", "@/result.parquet"];
    let (ended, _) = machine.run(FakeStore::new(|_, _| None), &result);
    ended.result.unwrap();

    let mut flow: Value = serde_json::from_slice(&small).unwrap();
    flow["nodes"].as_array_mut().unwrap().push(json!({
        "node_id": "code",
        "type": "TRANSFORM",
        "operator": "sagemaker.spark.custom_pandas_0.1",
        "parameters": { "code": "df = df" },
        "inputs": [{ "name": "df", "node_id": "time", "output_name": "default" }],
        "outputs": [{ "name": "default" }],
    }));
    machine.write("code.flow", flow.to_string());
    machine.write("account.json", account().to_string());
    fs::copy(fixtures.join("spark-engine.sh"), machine.path("spark-engine.sh")).unwrap();
    machine
}

fn account() -> Value {
    let lost = json!({ "node_id": "types", "column": "x", "kind": "double", "rows": 2 });
    json!({ "rows_read": 5, "rows_malformed": 1, "rows_dropped": 2, "rows_written": 3, "values_lost": [lost] })
}

fn run(machine: &Machine, more: &[&str]) -> (Result<Value, String>, FakeOutcome) {
    let arguments: Vec<_> = ARGUMENTS.iter().chain(more).copied().collect();
    let (ended, outcome) = machine.run(FakeStore::new(|_, _| None), &arguments);
    let summary = ended.result.as_ref().ok().map(|()| ended.summary());
    (summary.ok_or_else(|| ended.failure().to_string()), outcome)
}

#[test]
fn writes_the_rows_of_the_spark_engine_and_takes_over_its_account() {
    let machine = machine();
    let (summary, outcome) = run(&machine, &["--refit", "--event-time", "2026-01-01T00:00:00Z"]);
    let summary = summary.unwrap();
    assert_eq!(outcome.records.keys().collect::<Vec<_>>(), ["1", "2", "3"]);
    let expected =
        [("rows_read", 5), ("rows_dropped", 2), ("rows_written", 3), ("rows_malformed", 1)];
    for (name, rows) in expected {
        assert_eq!(summary[name], rows, "{name}");
    }
    let lost =
        json!([{ "node": "types", "column": "x", "type": "double", "rows": 2, "first": [] }]);
    assert_eq!(summary["values_lost"], lost);

    let given = fs::read_to_string(machine.path("arguments")).unwrap();
    let expected =
        " --output-name code.default --event-time 1767225600 --refit --reject-malformed\n";
    assert!(given.ends_with(expected), "{given}");
    let inputs: Value =
        serde_json::from_slice(&fs::read(machine.path("inputs.json")).unwrap()).unwrap();
    assert_eq!(inputs, json!({ "data.csv": [machine.path("data.csv")] }));
    let flow: Value =
        serde_json::from_slice(&fs::read(machine.path("flow.json")).unwrap()).unwrap();
    assert_eq!(flow["nodes"].as_array().unwrap().len(), 4);
}

#[test]
fn native_engine_runs_what_it_supports() {
    let machine = machine();
    let (summary, _) = run(&machine, &["--output-node", "time.default"]);
    assert_eq!(summary.unwrap()["rows_written"], 3);
    assert!(!machine.path("arguments").exists());
}

#[test]
fn passes_on_the_error_of_the_spark_engine() {
    let machine = machine();
    machine.write("more.sh", "echo 'error: node code (x): bad code; correct it' >&2; exit 1\n");
    let (result, outcome) = run(&machine, &[]);
    assert_eq!(result.unwrap_err(), "node code (x): bad code\n\nhint: correct it");
    assert_eq!(outcome.calls, 0);
}

#[test]
fn names_the_node_that_ends_the_spark_engine() {
    let machine = machine();
    machine.write("more.sh", "exit 3\n");
    let error = run(&machine, &[]).0.unwrap_err();
    let expected = "ended unexpectedly while node code (sagemaker.spark.custom_pandas_0.1) ran";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn names_the_node_that_runs_when_the_job_is_stopped() {
    let machine = machine();
    machine.write("more.sh", "touch \"$here/looping\"; exec tail -f /dev/null\n");
    let (stop, looping) = (machine.stop.clone(), machine.path("looping"));
    let stopper = thread::spawn(move || {
        while !looping.exists() {
            thread::sleep(Duration::from_millis(5));
        }
        stop.set(15);
    });
    let error = run(&machine, &[]).0.unwrap_err();
    stopper.join().unwrap();
    let expected = "stopped while node code (sagemaker.spark.custom_pandas_0.1) ran; nothing was";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn names_a_missing_program() {
    let machine = machine();
    fs::remove_file(machine.path("spark-engine.sh")).unwrap();
    let error = run(&machine, &[]).0.unwrap_err();
    assert!(error.contains("spark-engine.sh cannot run: No such file"), "{error}");
}

#[test]
fn refuses_sources_outside_s3() {
    let machine = machine();
    let flow = fs::read_to_string(machine.path("code.flow")).unwrap();
    machine.write("code.flow", flow.replace("\"S3\"", "\"Athena\""));
    let error = run(&machine, &[]).0.unwrap_err();
    assert!(
        error.contains("node source (sagemaker.s3_source_0.1): reading from Athena"),
        "{error}"
    );
}
