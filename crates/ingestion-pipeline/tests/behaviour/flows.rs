//! Which flows a pipeline can run, and the errors for others.

use ingestion_pipeline::engine::{self, JobFlow};
use ingestion_pipeline::settings::{Engine, Settings};
use ingestion_pipeline::{FlowChoice, FlowFile};
use serde_json::{Value, json};

use crate::{abalone, canvas, read};

fn edited(edit: impl Fn(&mut Value)) -> Vec<u8> {
    let mut flow: Value = serde_json::from_slice(&abalone()).unwrap();
    edit(&mut flow);
    flow.to_string().into_bytes()
}

fn renamed(dataset: &str) -> Vec<u8> {
    edited(|flow| flow["nodes"][0]["parameters"]["dataset_definition"]["name"] = json!(dataset))
}

fn error(bytes: &[u8]) -> String {
    error_of(bytes, FlowChoice::default())
}

fn error_of(bytes: &[u8], choice: FlowChoice<'_>) -> String {
    FlowFile::read(bytes, choice).unwrap_err().to_string()
}

/// Returns the ID of a node of `canvas-dataset.flow`.
fn canvas_node(number: u8) -> String {
    format!("0c1b7d52-0d3a-4a6e-9a53-1c1f1b6b0a0{number}")
}

/// Chooses an output of `canvas-join.flow`.
fn joined(output: &str) -> FlowChoice<'_> {
    FlowChoice { output_node: Some(output), ..FlowChoice::default() }
}

/// Returns `canvas-join.flow` with another text.
fn replaced(text: &str, by: &str) -> Vec<u8> {
    let flow = String::from_utf8(canvas("canvas-join.flow")).unwrap();
    assert!(flow.contains(text), "{text}");
    flow.replace(text, by).into_bytes()
}

/// Returns the definition of the engine data-wrangler as JSON.
fn built(flow: &FlowFile) -> String {
    engine::build(&read("minimal.yaml", &[]).unwrap(), flow).unwrap().to_json()
}

/// Returns the flow that `upsert` stores.
fn stored(settings: &Settings, flow: &FlowFile) -> Option<Vec<u8>> {
    JobFlow::new(settings, flow).unwrap().into_stored().map(|file| file.bytes)
}

#[test]
fn binds_data_to_the_flows_source() {
    let flow = FlowFile::read(&renamed("trip data.csv"), FlowChoice::default()).unwrap();
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
    let flow = FlowFile::read(&bytes, FlowChoice::default()).unwrap();
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
        let flow = FlowFile::read(bytes, FlowChoice::default()).unwrap();
        JobFlow::new(&settings, &flow).unwrap().url().to_string()
    };
    let (first, second) = (url(&abalone()), url(&renamed("other.csv")));
    assert_ne!(first, second);
    let place = first.strip_prefix("s3://amzn-s3-demo-artifacts/shells/flows/").unwrap();
    assert!(place.len() == 64 + "/abalone.flow".len() && place.ends_with("/abalone.flow"));
}

#[test]
fn converts_canvas_datasets_for_the_container() {
    let bytes = canvas("canvas-dataset.flow");
    let flow = FlowFile::read(&bytes, FlowChoice::default()).unwrap();
    assert_eq!(flow.source.dataset, "orders");
    assert_eq!(flow.source.node_id, canvas_node(1));
    assert_eq!(
        flow.source.uri,
        "s3://amzn-s3-demo-bucket/Canvas/default/Datasets/orders/part-1.csv"
    );
    let settings = read("minimal.yaml", &[]).unwrap();
    let stored = stored(&settings, &flow).unwrap();
    let stored: Value = serde_json::from_slice(&stored).unwrap();
    let dataset = &stored["nodes"][0]["parameters"]["dataset_definition"];
    assert_eq!(dataset["datasetSourceType"], "S3");
    assert_eq!(dataset["canvasDatasetMetadata"], Value::Null);
    assert!(built(&flow).contains("/sagemaker-data-wrangler-container:5.1.3"));
}

#[test]
fn native_flows_are_stored_as_they_are() {
    let settings = read("minimal.yaml", &[("PIPELINE_ENGINE", "native")]).unwrap();
    for bytes in [abalone(), canvas("canvas-dataset.flow")] {
        let flow = FlowFile::read(&bytes, (&settings).into()).unwrap();
        assert_eq!(stored(&settings, &flow), Some(bytes));
    }
}

#[test]
fn rejects_canvas_dataset_without_location() {
    let text = String::from_utf8(canvas("canvas-dataset.flow")).unwrap();
    let bytes = text.replace("s3ExecutionContext", "executionContext");
    let error = error(bytes.as_bytes());
    assert!(error.contains("does not say where in S3 the Canvas dataset `orders` is"), "{error}");
}

#[test]
fn only_the_source_that_an_upload_replaces_loses_its_address() {
    let choice = FlowChoice { input_dataset: Some("orders"), ..joined("priced.default") };
    let flow = FlowFile::read(&canvas("canvas-join.flow"), choice).unwrap();
    let settings = read("minimal.yaml", &[]).unwrap();
    let stored = stored(&settings, &flow).unwrap();
    let again = FlowFile::read(&stored, choice).unwrap();
    assert!(again.source.uri.ends_with("/input-was-not-bound/orders"), "{}", again.source.uri);
    let uris = |flow: &FlowFile| {
        flow.other_sources.iter().map(|other| other.uri.clone()).collect::<Vec<_>>()
    };
    assert_eq!(uris(&again), uris(&flow));
    assert!(again.other_sources.iter().all(|other| !other.in_canvas));
}

#[test]
fn a_destination_can_be_the_output() {
    let bytes = canvas("canvas-dataset.flow");
    // To S3, and to Feature Store.
    for number in [4, 5] {
        let wanted = format!("{}.default", canvas_node(number));
        let output = |engine| {
            let output_node = Some(wanted.as_str());
            FlowFile::read(&bytes, FlowChoice { engine, output_node, input_dataset: None }).unwrap()
        };
        let container = output(Engine::DataWrangler);
        assert_eq!(container.output.to_string(), wanted);
        assert_eq!(container.source.dataset, "orders");
        let definition = built(&container);
        assert!(
            definition.contains(&format!("--output-config '{{\\\"{wanted}\\\": ")),
            "{definition}"
        );
        assert!(definition.contains(&format!("\"DefaultValue\":\"{wanted}\"")), "{definition}");
        // The native engine writes the data that flows into the destination.
        let native = output(Engine::Native);
        assert_eq!(native.output.to_string(), format!("{}.default", canvas_node(3)));
    }
}

#[test]
fn several_datasets_need_a_choice() {
    let choice = joined("priced.default");
    insta::assert_snapshot!(
        error_of(&canvas("canvas-join.flow"), choice),
        @"the output priced.default reads 3 datasets, but an execution provides only one; set input_dataset to one of: `orders` (node read-orders), `customers` (node read-customers), `prices` (node read-prices)"
    );
    for engine in [Engine::DataWrangler, Engine::Native] {
        let wanted = FlowChoice { engine, input_dataset: Some("invoices"), ..choice };
        insta::allow_duplicates! {
            insta::assert_snapshot!(
                error_of(&canvas("canvas-join.flow"), wanted),
                @"the output priced.default does not read a dataset `invoices`; set input_dataset to one of: `orders` (node read-orders), `customers` (node read-customers), `prices` (node read-prices)"
            );
        }
    }
}

#[test]
fn chooses_a_dataset_by_name_or_node() {
    for wanted in ["prices", "read-prices"] {
        let choice = FlowChoice { input_dataset: Some(wanted), ..joined("priced.default") };
        let flow = FlowFile::read(&canvas("canvas-join.flow"), choice).unwrap();
        assert_eq!((&*flow.source.dataset, &*flow.source.node_id), ("prices", "read-prices"));
        let others = flow.other_sources.iter().map(|other| (&*other.dataset, &*other.uri));
        let others: Vec<_> = others.collect();
        assert_eq!(
            others,
            [
                ("orders", "s3://amzn-s3-demo-bucket/Canvas/orders/part-1.csv"),
                ("customers", "s3://amzn-s3-demo-bucket/Canvas/customers/"),
            ]
        );
    }
}

#[test]
fn a_single_dataset_needs_no_choice() {
    let choice = |wanted| FlowChoice { input_dataset: wanted, ..FlowChoice::default() };
    for wanted in [None, Some("abalone.csv"), Some("00000000-0000-4000-8000-000000000001")] {
        let flow = FlowFile::read(&abalone(), choice(wanted)).unwrap();
        assert_eq!((&*flow.source.dataset, flow.other_sources.len()), ("abalone.csv", 0));
    }
    let error = error_of(&abalone(), choice(Some("abalone")));
    assert!(error.contains("does not read a dataset `abalone`"), "{error}");
}

#[test]
fn ignores_datasets_of_other_outputs() {
    let choice = FlowChoice { output_node: Some("read-customers.default"), ..Default::default() };
    let flow = FlowFile::read(&canvas("canvas-join.flow"), choice).unwrap();
    assert_eq!((&*flow.source.dataset, flow.other_sources.len()), ("customers", 0));
    let choice = FlowChoice { input_dataset: Some("prices"), ..joined("both.default") };
    let error = error_of(&canvas("canvas-join.flow"), choice);
    assert!(error.contains("the output both.default does not read a dataset `prices`"), "{error}");
}

#[test]
fn rejects_datasets_with_the_same_name() {
    for wanted in [None, Some("orders"), Some("read-customers"), Some("prices")] {
        let choice = FlowChoice { input_dataset: wanted, ..joined("priced.default") };
        let bytes = replaced("\"name\": \"customers\"", "\"name\": \"orders\"");
        insta::allow_duplicates! {
            insta::assert_snapshot!(error_of(&bytes, choice), @"the output priced.default reads several datasets named `orders`, of the nodes read-orders, read-customers; give each its own name in the flow");
        }
    }
}

#[test]
fn only_the_replaced_dataset_needs_a_folder_name() {
    let bytes = replaced("\"name\": \"customers\"", "\"name\": \"a/b\"");
    let choice = |wanted| FlowChoice { input_dataset: Some(wanted), ..joined("both.default") };
    assert_eq!(FlowFile::read(&bytes, choice("orders")).unwrap().other_sources[0].dataset, "a/b");
    let error = error_of(&bytes, choice("a/b"));
    assert!(error.contains("named `a/b`, which is not a valid folder name"), "{error}");
}

#[test]
fn rejects_other_datasets_outside_s3() {
    let choice = FlowChoice { input_dataset: Some("orders"), ..joined("old.default") };
    let error = error_of(&canvas("canvas-join.flow"), choice);
    assert!(error.starts_with("source node read-archive reads from Athena"), "{error}");
    let bytes = replaced("s3://amzn-s3-demo-bucket/Canvas/customers/", "https://example.com/");
    let choice = FlowChoice { input_dataset: Some("orders"), ..joined("both.default") };
    insta::assert_snapshot!(error_of(&bytes, choice), @"the dataset `customers` is at `https://example.com/`, which is not an S3 location; import it from S3");
}

#[test]
fn only_the_container_knows_the_flows_parameters() {
    let choice = FlowChoice { input_dataset: Some("orders"), ..joined("priced.default") };
    let flow = FlowFile::read(&canvas("canvas-join.flow"), choice).unwrap();
    assert_eq!(flow.other_sources[1].parameters(), ["day"]);
    let native = FlowChoice { engine: Engine::Native, ..choice };
    let spark = FlowChoice { engine: Engine::Spark, ..choice };
    let bytes = canvas("canvas-join.flow");
    assert_eq!(error_of(&bytes, spark), error_of(&bytes, native));
    insta::assert_snapshot!(error_of(&canvas("canvas-join.flow"), native), @"the dataset `prices` is at `s3://amzn-s3-demo-bucket/prices/{{ day }}/`, but only the engine data-wrangler knows the flow's parameters; write the location into the flow, or use the engine data-wrangler");
    let native = FlowChoice { input_dataset: Some("prices"), ..native };
    assert_eq!(
        FlowFile::read(&canvas("canvas-join.flow"), native).unwrap().source.dataset,
        "prices"
    );
}

#[test]
fn rejects_output_name_too_long_for_argument() {
    let id = "n".repeat(210);
    let text = String::from_utf8(abalone()).unwrap();
    let bytes = text.replace("00000000-0000-4000-8000-000000000005", &id);
    let flow = FlowFile::read(bytes.as_bytes(), FlowChoice::default()).unwrap();
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
