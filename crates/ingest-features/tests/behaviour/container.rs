//! Processing jobs: their configuration, and what they reject.

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
fn rejects_several_instances() {
    let machine = Machine::in_a_job();
    let hosts = json!({ "current_host": "algo-2", "hosts": ["algo-1", "algo-2"] });
    machine.write("ml/config/resourceconfig.json", hosts.to_string());
    insta::assert_snapshot!(failure(&machine, &[&output_config()]));
}

#[test]
fn rejects_a_folder_with_no_flow_or_two() {
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
fn rejects_an_unknown_output_and_lists_the_known_ones() {
    let machine = Machine::in_a_job();
    let error = failure(&machine, &["--output-config", "{\"other.default\": {}}"]);
    assert!(error.contains("the flow has no output `other.default`; it has: "), "{error}");
    let error = failure(&machine, &["--output-node", OUTPUT, "--output-config", "{\"a.b\": {}}"]);
    assert!(error.contains("but --output-config names `a.b`"), "{error}");
}

#[test]
fn names_an_unreadable_configuration() {
    let machine = Machine::in_a_job();
    machine.write("ml/config/processingjobconfig.json", "{");
    let error = failure(&machine, &[&output_config()]);
    assert!(error.contains("processingjobconfig.json: EOF while parsing"), "{error}");
    let machine = Machine::in_a_job();
    machine.write("ml/config/resourceconfig.json", "[");
    assert!(failure(&machine, &[&output_config()]).contains("resourceconfig.json: EOF"));
}

#[test]
fn rejects_a_job_output_that_is_not_the_flows() {
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

#[test]
fn finds_the_feature_group_of_a_destination() {
    let machine = Machine::in_a_job();
    let mut flow: serde_json::Value = serde_json::from_slice(&abalone_flow()).unwrap();
    let (node_id, output_name) = OUTPUT.split_once('.').unwrap();
    flow["nodes"].as_array_mut().unwrap().push(json!({
        "node_id": "keep", "type": "DESTINATION", "operator": "sagemaker.spark.s3_destination_0.1",
        "inputs": [{"name": "default", "node_id": node_id, "output_name": output_name}],
        "outputs": [{"name": "default"}],
    }));
    machine.write("ml/processing/flow/abalone.flow", flow.to_string());
    let mut config = job_config();
    config["ProcessingOutputConfig"]["Outputs"][0]["OutputName"] = json!("keep.default");
    machine.write("ml/config/processingjobconfig.json", config.to_string());
    let arguments = ["--output-config", "{\"keep.default\": {\"content_type\": \"CSV\"}}"];
    // The group exists, but does not fit the flow.
    let error = failure(&machine, &arguments);
    assert!(error.contains("cannot be written to the feature group FG-test"), "{error}");
}
