//! Which flows a pipeline can run, and the errors for others.

use ingestion_pipeline::FlowFile;
use ingestion_pipeline::engine::{self, JobFlow};
use serde_json::{Value, json};

use crate::{abalone, read};

fn edited(edit: impl Fn(&mut Value)) -> Vec<u8> {
    let mut flow: Value = serde_json::from_slice(&abalone()).unwrap();
    edit(&mut flow);
    flow.to_string().into_bytes()
}

fn renamed(dataset: &str) -> Vec<u8> {
    edited(|flow| flow["nodes"][0]["parameters"]["dataset_definition"]["name"] = json!(dataset))
}

fn error(bytes: &[u8]) -> String {
    FlowFile::read(bytes, None).unwrap_err().to_string()
}

#[test]
fn binds_data_to_the_flows_source() {
    let flow = FlowFile::read(&renamed("trip data.csv"), None).unwrap();
    let definition = engine::build(&read("minimal.yaml", &[]).unwrap(), &flow).unwrap();
    let definition = serde_json::to_value(definition).unwrap();
    let uploaded = &definition["Steps"][0]["Arguments"]["ProcessingInputs"][0];
    assert_eq!(uploaded["InputName"], "trip data.csv");
    assert_eq!(uploaded["S3Input"]["S3Uri"], json!({ "Get": "Parameters.InputDataUrl" }));
    let staged = &definition["Steps"][1]["Arguments"]["ProcessingInputs"][1];
    assert_eq!(staged["InputName"], "trip data.csv");
    assert_eq!(staged["S3Input"]["LocalPath"], "/opt/ml/processing/trip data.csv");
}

#[test]
fn rejects_dataset_name_that_is_no_folder_name() {
    for name in
        ["a/b.csv", "..", ".", "a\nb", "a\u{2028}b", "a\u{2029}", "flow", "code", &"x".repeat(201)]
    {
        assert!(error(&renamed(name)).contains("rename the dataset in the flow"), "{name}");
    }
}

#[test]
fn rejects_several_datasets() {
    let bytes = edited(|flow| {
        let mut second = flow["nodes"][0].clone();
        second["node_id"] = json!("second");
        let input = json!({"name": "df", "node_id": "second", "output_name": "default"});
        flow["nodes"][4]["inputs"].as_array_mut().unwrap().push(input);
        flow["nodes"].as_array_mut().unwrap().push(second);
    });
    insta::assert_snapshot!(error(&bytes));
}

#[test]
fn rejects_flow_without_source() {
    let bytes = edited(|flow| {
        flow["nodes"].as_array_mut().unwrap().remove(0);
        flow["nodes"][0]["inputs"] = json!([]);
    });
    assert!(error(&bytes).ends_with("has no source; connect its node to an S3 source"));
}

#[test]
fn rejects_athena_source() {
    let bytes = edited(|flow| flow["nodes"][0]["operator"] = json!("sagemaker.athena_source_0.1"));
    assert!(error(&bytes).contains("not from S3"));
}

#[test]
fn uses_the_flows_image_in_the_pipelines_region() {
    let image =
        "663277389841.dkr.ecr.us-east-1.amazonaws.com/sagemaker-data-wrangler-container:5.2.1";
    let bytes = edited(|flow| {
        flow["internal_metadata"] = json!({ "dw_job": { "container_uri": image } });
    });
    let flow = FlowFile::read(&bytes, None).unwrap();
    let built = |environment: &[_]| {
        engine::build(&read("minimal.yaml", environment).unwrap(), &flow).unwrap().to_json()
    };
    assert!(built(&[]).contains(
        "\"245179582081.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-data-wrangler-container:5.2.1\""
    ));
    assert!(
        built(&[("PROCESSING_IMAGE", "public.ecr.aws/own:1")]).contains("public.ecr.aws/own:1")
    );
}

#[test]
fn names_stored_flow_by_its_content() {
    let settings = read("full.yaml", &[]).unwrap();
    let url = |bytes: &[u8]| {
        let flow = FlowFile::read(bytes, None).unwrap();
        JobFlow::new(&settings, &flow).unwrap().url().to_string()
    };
    let (first, second) = (url(&abalone()), url(&renamed("other.csv")));
    assert_ne!(first, second);
    let place = first.strip_prefix("s3://amzn-s3-demo-artifacts/shells/flows/").unwrap();
    assert!(place.len() == 64 + "/abalone.flow".len() && place.ends_with("/abalone.flow"));
}

#[test]
fn rejects_output_name_too_long_for_argument() {
    let id = "n".repeat(210);
    let text = String::from_utf8(abalone()).unwrap();
    let bytes = text.replace("00000000-0000-4000-8000-000000000005", &id);
    let flow = FlowFile::read(bytes.as_bytes(), None).unwrap();
    let error = engine::build(&read("minimal.yaml", &[]).unwrap(), &flow).unwrap_err().to_string();
    assert!(error.contains("characters too long for the container's argument"), "{error}");
    assert!(error.contains(&format!("node `{id}` a shorter node_id")), "{error}");
    let binary = ("INGEST_FEATURES_URL", "s3://amzn-s3-demo-artifacts/ingest-features");
    let native = read("minimal.yaml", &[("PIPELINE_ENGINE", "native"), binary]).unwrap();
    engine::build(&native, &flow).unwrap();
}

#[test]
fn rejects_output_name_that_cannot_be_quoted() {
    for id in ["it's", "a\"b", "a\\b", "a\nb", "a\u{7f}b", "a\u{2028}b", "a\u{2029}b"] {
        let bytes = edited(|flow| flow["nodes"][4]["node_id"] = json!(id));
        let error = error(&bytes);
        assert!(error.contains(&format!("of the node `{}`", id.escape_debug())), "{error}");
        assert!(error.contains("change the node's node_id"), "{error}");
    }
}
