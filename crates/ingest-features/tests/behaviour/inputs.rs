//! The data of a processing job that the job itself downloads.

use std::fs;

use serde_json::json;

use crate::fake_store::FakeStore;
use crate::machine::Machine;

/// Creates a machine with a processing job, as the definition for this program describes it, and these
/// objects in S3.
fn job(input: &str, objects: &[(&str, &str)]) -> Machine {
    let machine = Machine::new();
    let flow = format!("{}/tests/fixtures/small.flow", env!("CARGO_MANIFEST_DIR"));
    machine.write("ml/processing/flow/small.flow", fs::read(flow).unwrap());
    let config = json!({
        "ProcessingInputs": [{
            "InputName": "data.csv",
            "AppManaged": true,
            "S3Input": { "S3Uri": input, "S3DataType": "S3Prefix" },
        }],
        "ProcessingOutputConfig": { "Outputs": [{
            "OutputName": "time.default",
            "AppManaged": true,
            "FeatureStoreOutput": { "FeatureGroupName": "FG-test" },
        }] },
    });
    machine.write("ml/config/processingjobconfig.json", config.to_string());
    for (key, id) in objects {
        let (url, csv) = (format!("s3://bucket-a/{key}"), format!("id,x\n{id},1\n"));
        machine.objects.objects.borrow_mut().insert(url, csv.into());
    }
    machine
}

/// Runs the job and returns the identifiers that it wrote.
fn written(machine: &Machine, arguments: &[&str]) -> Result<String, terminal_text::Failure> {
    let (ended, outcome) = machine.run(FakeStore::new(|_, _| None), arguments);
    ended.result.map(|()| outcome.records.into_keys().collect::<Vec<_>>().join(" "))
}

#[test]
fn reads_exactly_the_uploaded_object() {
    let long = "k".repeat(1024);
    let keys = [
        "a",
        "a/b",
        "a.csv",
        "a.csv.bak",
        "a//b",
        "with space.csv",
        "with+plus.csv",
        "with%20percent.csv",
        "with%percent.csv",
        "quotes\"'`.csv",
        "전복/été 🐚.csv",
        "line\nfeed.csv",
        "../up.csv",
        "./here.csv",
        "a/./b",
        "a/../b",
        "/",
        "//",
        &long,
    ];
    let objects: Vec<_> = keys.iter().enumerate().map(|(id, key)| (*key, id.to_string())).collect();
    let objects: Vec<_> = objects.iter().map(|(key, id)| (*key, id.as_str())).collect();
    for (key, id) in objects.iter().filter(|(key, _)| !key.ends_with('/')) {
        let machine = job(&format!("s3://bucket-a/{key}"), &objects);
        assert_eq!(written(&machine, &["--input-version", "latest"]).as_deref(), Ok(*id), "{key}");
    }
}

#[test]
fn reads_only_the_requested_version() {
    for key in ["a", "folder/"] {
        let url = format!("s3://bucket-a/{key}");
        let machine = job(&url, &[(key, "2"), ("a/b", "3"), ("folder/a", "4")]);
        let old = (url.clone(), "v1".to_owned());
        machine.objects.versions.borrow_mut().insert(old, b"id,x\n1,1\n".to_vec());
        assert_eq!(written(&machine, &["--input-version", "v1"]).as_deref(), Ok("1"), "{key}");
        let failure = written(&machine, &["--input-version", "v0"]).unwrap_err();
        assert_eq!(failure.message(), format!("the object {url} has no version v0"));
    }
}

#[test]
fn reads_the_objects_of_a_folder() {
    let machine = job("s3://bucket-a/many/", &[("many/a", "1"), ("many/b", "2"), ("many-c", "3")]);
    assert_eq!(written(&machine, &[]).as_deref(), Ok("1 2"));
}

#[test]
fn an_input_on_the_command_line_replaces_the_jobs() {
    let machine = job("s3://bucket-a/a", &[("a", "1"), ("b", "2")]);
    assert_eq!(written(&machine, &["--input", "s3://bucket-a/b"]).as_deref(), Ok("2"));
}

#[test]
fn downloads_the_data_of_a_dry_run_and_of_an_export() {
    let machine = job("s3://bucket-a/a", &[("a", "7")]);
    let ended = machine.run(FakeStore::new(|_, _| None), &["--output", "@/out.csv"]).0;
    assert_eq!(ended.result, Ok(()));
    assert!(fs::read_to_string(machine.path("out.csv")).unwrap().contains("\n7,"));
}
