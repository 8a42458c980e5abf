//! Staging the input of the Data Wrangler container.

use std::fs;

use serde_json::{Value, json};

use crate::fake_store::FakeStore;
use crate::machine::Machine;

const NODE: &str = "source";
const STAGED: &str = "s3://bucket-a/artifacts/executions/abcdefghijkl/input";

/// Creates a machine with the job of the step `stage-input`, and these objects in S3.
fn job(url: &str, objects: &[(&str, &str)]) -> Machine {
    let machine = Machine::new();
    let flow = fs::read(format!("{}/tests/fixtures/small.flow", env!("CARGO_MANIFEST_DIR")));
    machine.write("ml/processing/flow/small.flow", flow.unwrap());
    let output = |name: &str| {
        let s3 = json!({
            "S3Uri": STAGED.replace("input", name),
            "LocalPath": format!("/opt/ml/processing/staged/{name}"),
            "S3UploadMode": "EndOfJob",
        });
        json!({ "OutputName": name, "AppManaged": false, "S3Output": s3 })
    };
    let config = json!({
        "ProcessingInputs": [
            { "InputName": "data.csv", "AppManaged": true, "S3Input": { "S3Uri": url } },
            {
                "InputName": "flow",
                "AppManaged": false,
                "S3Input": { "S3Uri": "s3://b/f", "LocalPath": "/opt/ml/processing/flow" },
            },
        ],
        "ProcessingOutputConfig": { "Outputs": [output("input"), output("flow")] },
    });
    machine.write("ml/config/processingjobconfig.json", config.to_string());
    for (key, content) in objects {
        let url = format!("s3://bucket-a/{key}");
        machine.objects.objects.borrow_mut().insert(url, content.as_bytes().to_vec());
    }
    machine
}

fn stage(machine: &Machine, arguments: &[&str]) -> Result<(), String> {
    let arguments = [&["stage-input"], arguments].concat();
    let (ended, outcome) = machine.run(FakeStore::new(|_, _| None), &arguments);
    assert_eq!(outcome.calls, 0);
    ended.result.map_err(|failure| failure.to_string())
}

fn staged(machine: &Machine, name: &str) -> String {
    fs::read_to_string(machine.path(&format!("ml/processing/staged/{name}"))).unwrap()
}

fn source_of_staged_flow(machine: &Machine) -> Value {
    let flow: Value = serde_json::from_str(&staged(machine, "flow/staged.flow")).unwrap();
    let source = flow["nodes"].as_array().unwrap().iter().find(|node| node["type"] == "SOURCE");
    source.unwrap()["parameters"]["dataset_definition"]["s3ExecutionContext"]["s3Uri"].clone()
}

#[test]
fn copies_exactly_the_uploaded_object_and_binds_the_flow_to_the_copy() {
    let objects = [("l/a b+ü.csv", "1"), ("l/a b+ü.csv.bak", "2"), ("l/a b+ü.csv/b", "3")];
    let machine = job("s3://bucket-a/l/a b+ü.csv", &objects);
    stage(&machine, &["--source-node", NODE]).unwrap();
    let names: Vec<_> = fs::read_dir(machine.path("ml/processing/staged/input"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["data.csv"]);
    assert_eq!(staged(&machine, "input/data.csv"), "1");
    assert_eq!(source_of_staged_flow(&machine), format!("{STAGED}/data.csv"));
}

#[test]
fn copies_the_version_of_the_event() {
    let machine = job("s3://bucket-a/a.csv", &[("a.csv", "new")]);
    let version = ("s3://bucket-a/a.csv".to_owned(), "v1".to_owned());
    machine.objects.versions.borrow_mut().insert(version, "old".into());
    stage(&machine, &["--input-version", "v1"]).unwrap();
    assert_eq!(staged(&machine, "input/data.csv"), "old");
    let error = stage(&job("s3://bucket-a/a.csv", &[]), &["--input-version", "v2"]).unwrap_err();
    assert!(error.contains("s3://bucket-a/a.csv has no version v2"), "{error}");
}

#[test]
fn copies_the_objects_of_a_folder() {
    let objects = [("in/a.csv", "1"), ("in/day=1/b.csv", "2"), ("in/", ""), ("in.csv", "3")];
    let machine = job("s3://bucket-a/in", &objects);
    stage(&machine, &["--source-node", NODE]).unwrap();
    assert_eq!(staged(&machine, "input/a.csv"), "1");
    assert_eq!(staged(&machine, "input/day=1/b.csv"), "2");
    assert!(!machine.path("ml/processing/staged/input/in.csv").exists());
    assert_eq!(source_of_staged_flow(&machine), format!("{STAGED}/"));
}

#[test]
fn writes_no_flow_unless_it_is_to_be_changed() {
    let machine = job("s3://bucket-a/a.csv", &[("a.csv", "1")]);
    stage(&machine, &[]).unwrap();
    assert!(!machine.path("ml/processing/staged/flow").exists());
}

#[test]
fn names_what_cannot_be_staged() {
    let nothing = stage(&job("s3://bucket-a/a.csv", &[("a.csv.bak", "1")]), &[]).unwrap_err();
    assert!(nothing.contains("neither an object s3://bucket-a/a.csv"), "{nothing}");
    let no_path = stage(&job("s3://bucket-a/in/", &[("in/a//b", "1")]), &[]).unwrap_err();
    assert!(no_path.contains("s3://bucket-a/in/a//b cannot be copied"), "{no_path}");
    let machine = job("s3://bucket-a/a.csv", &[("a.csv", "1")]);
    let no_node = stage(&machine, &["--source-node", "other"]).unwrap_err();
    assert!(no_node.contains("the flow has no source node other"), "{no_node}");
    let no_job = stage(&Machine::new(), &[]).unwrap_err();
    assert!(no_job.contains("no processing job"), "{no_job}");
}

#[test]
fn takes_no_options_of_a_flow() {
    let error = stage(&Machine::new(), &["--flow", "a.flow"]).unwrap_err();
    assert!(error.contains("--flow"), "{error}");
}
