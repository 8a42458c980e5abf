//! A processing job: what it is told, and what it refuses.

use serde_json::json;

use crate::fake_store::FakeStore;
use crate::machine::{Machine, OUTPUT, abalone_flow, job_config};

fn failure(machine: &Machine, arguments: &[&str]) -> String {
    let (ended, outcome) = machine.run(FakeStore::new(|_, _| None), arguments);
    assert_eq!(outcome.calls, 0, "nothing is written");
    ended.failure().to_string()
}

fn output_config() -> String {
    format!("--output-config '{{\"{OUTPUT}\": {{\"content_type\": \"CSV\"}}}}'")
}

#[test]
fn several_instances_are_refused() {
    let machine = Machine::in_a_job();
    let hosts = json!({ "current_host": "algo-2", "hosts": ["algo-1", "algo-2"] });
    machine.write("ml/config/resourceconfig.json", hosts.to_string());
    insta::assert_snapshot!(failure(&machine, &[&output_config()]));
}

#[test]
fn a_flow_folder_without_a_flow_or_with_two_is_refused() {
    let machine = Machine::in_a_job();
    machine.write("ml/processing/flow/second.flow", abalone_flow());
    machine.write("ml/processing/flow/readme.txt", "");
    let error = failure(&machine, &[&output_config()]);
    assert!(
        error.contains("has 2 flows, and a job runs one: abalone.flow, second.flow"),
        "{error}"
    );
    std::fs::remove_dir_all(machine.path("ml/processing/flow")).unwrap();
    std::fs::create_dir(machine.path("ml/processing/flow")).unwrap();
    let error = failure(&machine, &[&output_config()]);
    assert!(error.contains("has no file that ends in .flow"), "{error}");
    std::fs::remove_dir(machine.path("ml/processing/flow")).unwrap();
    assert!(failure(&machine, &[&output_config()]).contains("cannot be read"));
}

#[test]
fn an_output_that_the_flow_does_not_have_is_refused_with_those_that_it_has() {
    let machine = Machine::in_a_job();
    let error = failure(&machine, &["--output-config", "{\"other.default\": {}}"]);
    assert!(error.contains("the flow has no output `other.default`; it has: "), "{error}");
    let error = failure(&machine, &["--output-node", OUTPUT, "--output-config", "{\"a.b\": {}}"]);
    assert!(error.contains("and --output-config says `a.b`"), "{error}");
}

#[test]
fn a_configuration_that_cannot_be_read_is_named() {
    let machine = Machine::in_a_job();
    machine.write("ml/config/processingjobconfig.json", "{");
    let error = failure(&machine, &[&output_config()]);
    assert!(error.contains("processingjobconfig.json: EOF while parsing"), "{error}");
    let machine = Machine::in_a_job();
    machine.write("ml/config/resourceconfig.json", "[");
    assert!(failure(&machine, &[&output_config()]).contains("resourceconfig.json: EOF"));
}

#[test]
fn an_output_of_the_job_that_is_not_the_flows_is_refused() {
    let machine = Machine::in_a_job();
    let mut config = job_config();
    config["ProcessingOutputConfig"]["Outputs"][0]["OutputName"] = json!("other.default");
    machine.write("ml/config/processingjobconfig.json", config.to_string());
    let error = failure(&machine, &[&output_config()]);
    assert!(
        error.contains(&format!("flow's output `{OUTPUT}`; there are: other.default")),
        "{error}"
    );

    let mut config = job_config();
    config["ProcessingOutputConfig"]["Outputs"][0]["FeatureStoreOutput"] = json!(null);
    machine.write("ml/config/processingjobconfig.json", config.to_string());
    let error = failure(&machine, &[&output_config()]);
    assert!(error.contains("has no FeatureStoreOutput"), "{error}");
}
