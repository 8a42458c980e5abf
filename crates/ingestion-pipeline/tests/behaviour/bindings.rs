//! How an execution's data replaces the source of the flow in the Data Wrangler container.

use std::collections::BTreeMap;

use ingestion_pipeline::engine::{self, BuildError, JobFlow};
use ingestion_pipeline::settings::Settings;
use ingestion_pipeline::start::check_parameters;
use ingestion_pipeline::{FlowChoice, FlowFile};
use serde_json::{Value, json};

use crate::{abalone, read};

const NO_BINARY: (&str, &str) = ("INGEST_FEATURES_URL", "");
const STAGED: &str = "Steps.stage-input.ProcessingOutputConfig.Outputs";

fn settings(binding: &str, environment: &[(&str, &str)]) -> Settings {
    let all = [&[("DW_FLOW_BINDING", binding)], environment].concat();
    read("minimal.yaml", &all).unwrap()
}

/// Returns `abalone.flow` with this address of its data.
fn flow(address: &str) -> FlowFile {
    let mut flow: Value = serde_json::from_slice(&abalone()).unwrap();
    flow["nodes"][0]["parameters"]["dataset_definition"]["s3ExecutionContext"]["s3Uri"] =
        address.into();
    FlowFile::read(flow.to_string().as_bytes(), FlowChoice::default()).unwrap()
}

fn definition(settings: &Settings, flow: &FlowFile) -> Value {
    serde_json::to_value(engine::build(settings, flow).unwrap()).unwrap()
}

/// Returns the URLs of a step's inputs, by name.
fn inputs(step: &Value) -> BTreeMap<String, Value> {
    let inputs = step["Arguments"]["ProcessingInputs"].as_array().unwrap().iter();
    let named = |input: &Value| {
        (input["InputName"].as_str().unwrap().to_owned(), input["S3Input"]["S3Uri"].clone())
    };
    inputs.map(named).collect()
}

/// Returns the address of the data in the stored flow.
fn stored_address(settings: &Settings, flow: &FlowFile) -> String {
    let bytes = JobFlow::new(settings, flow).unwrap().into_stored().unwrap().bytes;
    let flow: Value = serde_json::from_slice(&bytes).unwrap();
    let definition = &flow["nodes"][0]["parameters"]["dataset_definition"];
    definition["s3ExecutionContext"]["s3Uri"].as_str().unwrap().to_owned()
}

#[test]
fn rewrite_gives_the_container_a_flow_and_a_mount_that_agree() {
    let (settings, flow) = (settings("rewrite", &[]), flow("s3://b/a.csv"));
    let definition = definition(&settings, &flow);
    let [stage, container] = &definition["Steps"].as_array().unwrap()[..] else { panic!() };
    assert_eq!(stage["Name"], "stage-input");
    assert_eq!(inputs(stage)["abalone.csv"], json!({ "Get": "Parameters.InputDataUrl" }));
    assert_eq!(inputs(stage)["flow"], json!({ "Get": "Parameters.InputFlowUrl" }));
    assert_eq!(container["DependsOn"], json!(["stage-input"]));
    for (input, output) in [("flow", "flow"), ("abalone.csv", "input")] {
        let url = json!({ "Get": format!("{STAGED}['{output}'].S3Output.S3Uri") });
        assert_eq!(inputs(container)[input], url);
    }
    assert!(stored_address(&settings, &flow).ends_with("/input-was-not-bound/abalone.csv"));
}

#[test]
fn mount_fails_in_a_container_that_ignores_the_mount() {
    let flow = flow("s3://b/a.csv");
    for (environment, url) in [
        (&[][..], format!("{STAGED}['input'].S3Output.S3Uri")),
        (&[NO_BINARY][..], "Parameters.InputDataUrl".to_owned()),
    ] {
        let settings = settings("mount", environment);
        let definition = definition(&settings, &flow);
        let container = definition["Steps"].as_array().unwrap().last().unwrap();
        assert_eq!(inputs(container)["flow"], json!({ "Get": "Parameters.InputFlowUrl" }));
        assert_eq!(inputs(container)["abalone.csv"], json!({ "Get": url }));
        assert!(stored_address(&settings, &flow).ends_with("/input-was-not-bound/abalone.csv"));
    }
}

#[test]
fn parameter_passes_the_data_to_the_flows_own_parameter() {
    let flow = flow("s3://amzn-s3-demo-bucket/{{ upload }}");
    for (environment, url) in [
        (&[][..], format!("{STAGED}['input'].S3Output.S3Uri")),
        (&[NO_BINARY][..], "Parameters.InputDataUrl".to_owned()),
    ] {
        let settings = settings("parameter", environment);
        let definition = definition(&settings, &flow);
        let container = definition["Steps"].as_array().unwrap().last().unwrap();
        assert_eq!(inputs(container).into_keys().collect::<Vec<_>>(), ["flow"]);
        let argument = json!({ "Std:Join": { "On": "", "Values": [
            "--parameter-override '{\"upload\": \"", { "Get": url }, "\"}'"
        ] } });
        assert_eq!(container["Arguments"]["AppSpecification"]["ContainerArguments"][1], argument);
        assert_eq!(stored_address(&settings, &flow), "{{upload}}");
    }
}

#[test]
fn parameter_needs_exactly_one_parameter_in_the_address() {
    for address in ["s3://b/a.csv", "s3://b/{{year}}/{{month}}", "s3://b/{{it's}}"] {
        let error = engine::build(&settings("parameter", &[]), &flow(address)).unwrap_err();
        assert!(matches!(error, BuildError::NotOneParameter { .. }), "{error}");
    }
}

#[test]
fn staged_url_must_fit_into_the_containers_argument() {
    let flow = flow("s3://b/{{upload}}");
    let long = format!("s3://amzn-s3-demo-artifacts/{}", "p".repeat(200));
    let error = engine::build(&settings("parameter", &[("ARTIFACTS_URL", &long)]), &flow);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("characters too many"), "{error}");
}

#[test]
fn start_refuses_data_that_does_not_fit_into_the_containers_argument() {
    let flow = flow("s3://b/{{upload}}");
    let definition = engine::build(&settings("parameter", &[NO_BINARY]), &flow).unwrap().to_json();
    let started = |url: &str| {
        let parameters = [("InputDataUrl".to_owned(), url.to_owned())].into();
        check_parameters(&definition, &parameters).map_err(|error| error.to_string())
    };
    assert_eq!(started("s3://b/a.csv"), Ok(()));
    let error = started(&format!("s3://b/{}", "k".repeat(230))).unwrap_err();
    assert!(error.contains("`InputDataUrl` does not fit"), "{error}");
    let error = started("s3://b/it's.csv").unwrap_err();
    assert!(error.contains("quote or a backslash"), "{error}");
}
