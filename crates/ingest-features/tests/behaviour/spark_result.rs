//! Results that the Spark engine left in a folder or in S3, written part by part.

use std::fs;
use std::path::Path;

use ingest_features::store::StoreError;
use serde_json::{Value, json};

use crate::fake_store::{FakeStore, Fault};
use crate::machine::{Ended, Machine};

const URL: &str = "s3://amzn-s3-demo-artifacts/executions/abc/result";
const ARGUMENTS: [&str; 6] = [
    "--feature-group",
    "FG-test",
    "--output-node",
    "code.default",
    "--rejected",
    "@/rejected.jsonl",
];

/// A machine with a result of one file for each list of rows (`id,x` as CSV), and of the rows that do
/// not match the format.
fn machine(parts: &[&str], malformed: &[&str]) -> Machine {
    let machine = Machine::new();
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/small.flow");
    machine.write("small.flow", fs::read(small).unwrap());
    machine.write("result/rejected/_SUCCESS", "");
    machine.write("result/rows/_SUCCESS", "");
    let mut written = 0;
    for (number, rows) in parts.iter().enumerate() {
        machine.write("data.csv", format!("id,x\n{rows}"));
        written += rows.lines().count();
        let part = format!("@/result/rows/part-0000{number}-c000.snappy.parquet");
        let arguments = ["--flow", "@/small.flow", "--input", "@/data.csv", "--output", &part];
        machine.run(FakeStore::new(|_, _| None), &arguments).0.result.unwrap();
    }
    if !malformed.is_empty() {
        let line = |text: &&str| {
            json!({
                "file": "s3://b/data.csv",
                "row_sha256": "00",
                "status": "rejected",
                "reason": "1 of 2 fields",
                "text": text,
            })
        };
        let lines: Vec<_> = malformed.iter().map(|text| format!("{}\n", line(text))).collect();
        machine.write("result/rejected/part-00000.json", lines.concat());
    }
    let account = json!({
        "rows_read": written + malformed.len() + 2,
        "rows_malformed": malformed.len(),
        "rows_rejected": malformed.len(),
        "rows_dropped": 2,
        "rows_written": written,
        "values_lost": [],
    });
    machine.write("result/account/part-00000.txt", format!("{account}\n"));
    machine
}

fn run(machine: &Machine, store: &FakeStore<'_>, more: &[&str]) -> Ended {
    let arguments: Vec<_> = ARGUMENTS.iter().chain(more).copied().collect();
    machine.run_with(store, &arguments)
}

fn identifiers(store: &FakeStore<'_>) -> Vec<String> {
    store.records.borrow().keys().cloned().collect()
}

fn rejected(machine: &Machine) -> Vec<Value> {
    let lines = fs::read_to_string(machine.path("rejected.jsonl")).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn writes_the_rows_of_all_parts_in_order() {
    let machine = machine(&["1,0.5\n2,1.5\n", "3,2.5\n", "1,9.5\n"], &[]);
    let store = FakeStore::new(|_, _| None);
    let ended = run(&machine, &store, &["--spark-result", "@/result"]);
    let summary = ended.summary();
    assert_eq!(identifiers(&store), ["1", "2", "3"]);
    // The last part is written last.
    let last = format!("{:?}", store.records.borrow()["1"]);
    assert!(last.contains("9.5"), "{last}");
    let expected = [("rows_read", 6), ("rows_dropped", 2), ("rows_written", 4)];
    for (name, rows) in expected {
        assert_eq!(summary[name], rows, "{name}");
    }
    assert_eq!(summary["flow_output"], "code.default");
}

#[test]
fn downloads_a_result_in_s3() {
    let machine = machine(&["1,0.5\n", "2,1.5\n"], &["broken"]);
    for folder in ["rows", "rejected", "account"] {
        for entry in fs::read_dir(machine.path("result").join(folder)).unwrap() {
            let entry = entry.unwrap();
            let url = format!("{URL}/{folder}/{}", entry.file_name().to_str().unwrap());
            machine.objects.objects.borrow_mut().insert(url, fs::read(entry.path()).unwrap());
        }
    }
    let store = FakeStore::new(|_, _| None);
    let ended = run(&machine, &store, &["--spark-result", URL, "--max-rejected", "1"]);
    let summary = ended.summary();
    assert_eq!(identifiers(&store), ["1", "2"]);
    assert_eq!(summary["rows_rejected"], 1);
    assert_eq!(rejected(&machine)[0]["text"], "broken");
}

#[test]
fn malformed_rows_count_as_rejected() {
    let machine = machine(&["1,0.5\n"], &["x", "y"]);
    let store = FakeStore::new(|_, _| None);
    let ended = run(&machine, &store, &["--spark-result", "@/result", "--max-rejected", "1"]);
    assert_eq!(ended.summary()["rows_unwritten"], 1);
    let failure = ended.failure().to_string();
    assert!(
        failure.starts_with("2 of 3 rows were rejected, but --max-rejected allows 1"),
        "{failure}"
    );
    assert!(failure.contains("2 rows: 1 of 2 fields (first: s3://b/data.csv)"), "{failure}");
    assert!(identifiers(&store).is_empty());
    let texts: Vec<_> = rejected(&machine).iter().map(|row| row["text"].clone()).collect();
    assert_eq!(texts, ["x", "y"]);
}

#[test]
fn judges_all_parts_before_it_writes_the_first() {
    let machine = machine(&["1,0.5\n", "2,0.5\n", ",0.5\n"], &[]);
    let store = FakeStore::new(|_, _| None);
    let ended = run(&machine, &store, &["--spark-result", "@/result"]);
    let failure = ended.failure().to_string();
    assert!(failure.contains("so nothing was written"), "{failure}");
    assert!(failure.contains("the flow's result, part 3, line 1"), "{failure}");
    assert!(store.calls.borrow().is_empty());
    assert_eq!(rejected(&machine).len(), 1);
}

#[test]
fn parts_after_a_failure_are_kept_as_unwritten() {
    let machine = machine(&["1,0.5\n", "2,0.5\n", "3,0.5\n"], &[]);
    let gone = StoreError::reported("ResourceNotFound", "there is no such group", Some(404));
    let store = FakeStore::new(move |_, call| {
        call.identifiers.contains(&"2".to_owned()).then(|| Fault::Call(gone.clone()))
    });
    let ended = run(&machine, &store, &["--spark-result", "@/result"]);
    let summary = ended.summary();
    assert_eq!((&summary["rows_written"], &summary["rows_unwritten"]), (&json!(1), &json!(2)));
    assert_eq!(identifiers(&store), ["1"]);
    let kept: Vec<_> = rejected(&machine).iter().map(|row| row["record"]["id"].clone()).collect();
    assert_eq!(kept, ["2", "3"]);
    assert!(rejected(&machine).iter().all(|row| row["status"] == "unwritten"));
}

#[test]
fn rejections_by_the_service_count_across_parts() {
    let machine = machine(&["1,0.5\n", "2,0.5\n", "3,0.5\n"], &[]);
    let bad = StoreError::reported("ValidationError", "the value is bad", Some(400));
    let store = FakeStore::new(move |_, call| {
        (call.identifiers != ["3"]).then(|| Fault::Call(bad.clone()))
    });
    let ended = run(&machine, &store, &["--spark-result", "@/result", "--max-rejected", "1"]);
    let summary = ended.summary();
    assert_eq!(summary["rows_rejected"], 2);
    assert_eq!(summary["rows_unwritten"], 1);
    assert!(ended.failure().message().starts_with("2 of 3 rows were rejected"));
}

#[test]
fn an_empty_result_is_written_as_it_is() {
    let machine = machine(&[], &[]);
    let ended = run(&machine, &FakeStore::new(|_, _| None), &["--spark-result", "@/result"]);
    assert_eq!(ended.summary()["rows_written"], 0);
    ended.result.unwrap();
}

#[test]
fn refuses_an_incomplete_result() {
    let machine = machine(&["1,0.5\n", "2,0.5\n"], &[]);
    fs::remove_file(machine.path("result/rows/part-00001-c000.snappy.parquet")).unwrap();
    let store = FakeStore::new(|_, _| None);
    let failure = run(&machine, &store, &["--spark-result", "@/result"]).failure().to_string();
    assert!(failure.contains("incomplete: it should have 2 rows, but has 1"), "{failure}");
    fs::remove_dir_all(machine.path("result/account")).unwrap();
    let failure = run(&machine, &store, &["--spark-result", "@/result"]).failure().to_string();
    assert!(failure.contains("result has no account"), "{failure}");
    assert!(store.calls.borrow().is_empty());
}

#[test]
fn refuses_a_flow_beside_a_result() {
    let machine = machine(&["1,0.5\n"], &[]);
    let more = ["--spark-result", "@/result", "--flow", "@/small.flow"];
    let failure = run(&machine, &FakeStore::new(|_, _| None), &more).failure().to_string();
    assert!(failure.contains("cannot be used with"), "{failure}");
}
