//! The definitions for both engines, minimal and full, in every region.

use ingest_features::cli::Task;
use ingest_features::job::JobSpec;
use ingest_features::location::{InputVersion, Location};
use ingest_features::stage::StageSpec;
use ingest_features::store::TargetStores;
use ingestion_pipeline::images::{DATA_WRANGLER, Images, SCIKIT_LEARN, SPARK, partition};
use ingestion_pipeline::values::Region;
use ingestion_pipeline::{FlowChoice, FlowFile, engine};
use serde_json::Value;

use crate::{abalone, read};

const BINARY: (&str, &str) =
    ("INGEST_FEATURES_URL", "s3://amzn-s3-demo-artifacts/bin/ingest-features-0123abcd");

const SPARK_ENGINE: (&str, &str) =
    ("SPARK_ENGINE_URL", "s3://amzn-s3-demo-artifacts/bin/0123abcd/spark-engine.zip");
/// The engine spark refuses these.
const NO_FALLBACK: (&str, &str) = ("PROCESSING_FALLBACK_INSTANCE_TYPES", "");

fn definition(file: &str, engine: &str, region: &str) -> Value {
    let partition = partition(&Region::new(region).unwrap());
    let role = format!("arn:{partition}:iam::123456789012:role/service-role/ingestion");
    let environment =
        [("PIPELINE_ENGINE", engine), ("AWS_REGION", region), ("EXECUTION_ROLE", &role), BINARY];
    let spark: &[_] = if engine == "spark" { &[SPARK_ENGINE, NO_FALLBACK] } else { &[] };
    let environment = [&environment[..], spark].concat();
    let settings = read(file, &environment).unwrap();
    let flow = FlowFile::read(&abalone(), (&settings).into()).unwrap();
    serde_json::to_value(engine::build(&settings, &flow).unwrap()).unwrap()
}

/// Returns the arguments of the step that runs the flow: the last one.
fn flow_job(definition: &Value) -> &Value {
    &definition["Steps"].as_array().unwrap().last().unwrap()["Arguments"]
}

/// Returns the definition without its region-specific parts, and the image that runs the flow.
fn without_region(mut definition: Value, region: &str) -> (Value, String) {
    let mut image = Value::Null;
    for step in definition["Steps"].as_array_mut().unwrap() {
        image = step["Arguments"]["AppSpecification"]["ImageUri"].take();
        if matches!(
            step["Name"].as_str(),
            Some("stage-input" | "spark-processing-to-feature-store")
        ) {
            let of_region = SCIKIT_LEARN.in_region(&Region::new(region).unwrap()).unwrap();
            assert_eq!(image, of_region.as_str());
        }
    }
    // The KMS key in full.yaml is always in eu-west-1.
    let text = definition.to_string().replace(region, "REGION").replace("eu-west-1", "REGION");
    let partition = partition(&Region::new(region).unwrap());
    let text = text.replace(&format!("arn:{partition}:iam:"), "arn:aws:iam:");
    // The stored flow contains an address in the region.
    let hash = text.split_once("/flows/").unwrap().1.split('/').next().unwrap().to_owned();
    let text = text.replace(&hash, "HASH");
    (serde_json::from_str(&text).unwrap(), image.as_str().unwrap().to_owned())
}

fn every_region(engine: &str, images: &Images) -> String {
    let mut lines = Vec::new();
    for file in ["minimal.yaml", "full.yaml"] {
        let home = images.regions().find(|region| *region == "eu-west-1").unwrap();
        let (expected, _) = without_region(definition(file, engine, home), home);
        for region in images.regions() {
            let (rest, image) = without_region(definition(file, engine, region), region);
            assert_eq!(rest, expected, "{file} in {region} differs in more than the image");
            lines.push(format!("{file} {region:<16} {image}"));
        }
    }
    lines.join("\n")
}

fn snapshot(file: &str, engine: &str) -> String {
    serde_json::to_string_pretty(&definition(file, engine, "eu-west-1")).unwrap()
}

#[test]
fn data_wrangler_minimal() {
    insta::assert_snapshot!(snapshot("minimal.yaml", "data-wrangler"));
}

#[test]
fn data_wrangler_full() {
    insta::assert_snapshot!(snapshot("full.yaml", "data-wrangler"));
}

#[test]
fn native_minimal() {
    insta::assert_snapshot!(snapshot("minimal.yaml", "native"));
}

#[test]
fn native_full() {
    insta::assert_snapshot!(snapshot("full.yaml", "native"));
}

#[test]
fn data_wrangler_in_every_region() {
    insta::assert_snapshot!(every_region("data-wrangler", &DATA_WRANGLER));
}

#[test]
fn native_in_every_region() {
    insta::assert_snapshot!(every_region("native", &SCIKIT_LEARN));
}

#[test]
fn spark_minimal() {
    insta::assert_snapshot!(snapshot("minimal.yaml", "spark"));
}

#[test]
fn spark_full() {
    insta::assert_snapshot!(snapshot("full.yaml", "spark"));
}

#[test]
fn spark_writes_features_in_its_own_image_where_there_is_no_smaller_one() {
    for region in SPARK.regions() {
        let definition = definition("minimal.yaml", "spark", region);
        let image = |step: usize| {
            definition["Steps"][step]["Arguments"]["AppSpecification"]["ImageUri"].as_str().unwrap()
        };
        assert!(image(0).contains("/sagemaker-spark-processing:3.5-"), "{region}");
        let small = SCIKIT_LEARN.in_region(&Region::new(region).unwrap());
        assert_eq!(image(1), small.map_or(image(0).to_owned(), |small| small.to_string()));
    }
}

#[test]
fn ingest_features_accepts_the_arguments_after_spark() {
    let definition = definition("minimal.yaml", "spark", "eu-west-1");
    let job = flow_task(&definition);
    let Some(Location::S3(result)) = job.spark_result else { panic!("no result") };
    let arguments = &definition["Steps"][0]["Arguments"]["AppSpecification"]["ContainerArguments"];
    let arguments = arguments.as_array().unwrap();
    let output = arguments.iter().position(|argument| argument == "--output").unwrap();
    let output = &arguments[output + 1]["Std:Join"]["Values"];
    assert!(result.to_string().starts_with(output[0].as_str().unwrap()), "{result}");
    assert_eq!(output[2], "/result");
    assert_eq!(job.event_time.unwrap().0, 1_795_341_600);
    assert!(job.flow.is_none() && job.output_node.is_some() && job.feature_group.is_some());
}

#[test]
fn spark_encrypts_what_its_instances_exchange() {
    for file in ["minimal.yaml", "full.yaml"] {
        let definition = definition(file, "spark", "eu-west-1");
        let network = &definition["Steps"][0]["Arguments"]["NetworkConfig"];
        assert_eq!(network["EnableInterContainerTrafficEncryption"], true);
        assert_eq!(network["VpcConfig"].is_object(), file == "full.yaml");
    }
}

#[test]
fn names_artifacts_whose_url_is_too_long_for_spark() {
    let artifacts = format!("s3://amzn-s3-demo-artifacts/{}", "a".repeat(220));
    let environment =
        [("PIPELINE_ENGINE", "spark"), ("ARTIFACTS_URL", &artifacts), BINARY, SPARK_ENGINE];
    let settings = read("minimal.yaml", &environment).unwrap();
    let flow = FlowFile::read(&abalone(), (&settings).into()).unwrap();
    let error = engine::build(&settings, &flow).unwrap_err().to_string();
    assert!(error.contains("would have 23 characters too many"), "{error}");
}

#[test]
fn rejects_region_without_image() {
    let environment = [
        ("AWS_REGION", "us-gov-west-1"),
        ("EXECUTION_ROLE", "arn:aws-us-gov:iam::123456789012:role/r"),
    ];
    let flow = FlowFile::read(&abalone(), FlowChoice::default()).unwrap();
    let settings = read("minimal.yaml", &environment).unwrap();
    let error = engine::build(&settings, &flow).unwrap_err().to_string();
    assert!(
        error.starts_with("AWS has no image sagemaker-data-wrangler-container in us-gov-west-1")
    );
    let own = "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/wrangler:3";
    let settings = read("minimal.yaml", &[&environment[..], &[("PROCESSING_IMAGE", own)]].concat());
    let built = engine::build(&settings.unwrap(), &flow).unwrap();
    assert!(built.to_json().contains(own));
}

#[test]
fn event_time_is_the_executions_start() {
    let definition = definition("minimal.yaml", "native", "eu-west-1");
    let arguments = &flow_job(&definition)["AppSpecification"]["ContainerArguments"];
    let arguments = arguments.as_array().unwrap();
    let at = arguments.iter().position(|argument| argument == "--event-time").unwrap();
    assert_eq!(arguments[at + 1], serde_json::json!({ "Get": "Execution.StartDateTime" }));
}

/// Returns the container's arguments, with references resolved.
fn container_arguments(definition: &Value, step: &Value) -> Vec<String> {
    let parameter = |name: &str| {
        let parameters = definition["Parameters"].as_array().unwrap();
        parameters.iter().find(|p| p["Name"] == name).unwrap()["DefaultValue"].clone()
    };
    let one = |value: &Value| match value["Get"].as_str() {
        None => value.clone(),
        Some("Execution.StartDateTime") => Value::from("2026-11-22T10:00:00.123Z"),
        Some("Execution.PipelineExecutionId") => Value::from("abcdefghijkl"),
        Some(get) => parameter(get.strip_prefix("Parameters.").unwrap()),
    };
    let value = |argument: &Value| match argument["Std:Join"]["Values"].as_array() {
        None => one(argument),
        Some(parts) => {
            let parts = parts.iter().map(one);
            parts.map(|part| part.as_str().unwrap().to_owned()).collect::<String>().into()
        }
    };
    let arguments = step["Arguments"]["AppSpecification"]["ContainerArguments"].as_array();
    let arguments = arguments.unwrap().iter().map(value);
    arguments.map(|argument| argument.as_str().unwrap().to_owned()).collect()
}

/// Returns what `ingest-features` does with the arguments of a step.
fn task(definition: &Value, step: &Value) -> Task {
    let arguments = container_arguments(definition, step);
    let arguments = ["ingest-features".to_owned()].into_iter().chain(arguments);
    ingest_features::cli::parse(arguments.map(Into::into)).unwrap()
}

/// Returns the job of the step that runs the flow.
fn flow_task(definition: &Value) -> JobSpec {
    let task = task(definition, definition["Steps"].as_array().unwrap().last().unwrap());
    let Task::Ingest(job) = task else { panic!("{task:?}") };
    job
}

fn job(file: &str, engine: &str) -> JobSpec {
    flow_task(&definition(file, engine, "eu-west-1"))
}

#[test]
fn ingest_features_accepts_native_arguments() {
    for file in ["minimal.yaml", "full.yaml"] {
        let job = job(file, "native");
        assert_eq!(job.flow, Some("/opt/ml/processing/flow".parse().unwrap()));
        assert!(job.inputs.is_empty());
        assert_eq!(job.input_version, InputVersion::Latest);
        assert_eq!(job.requester_pays, file == "full.yaml");
        assert_eq!(job.event_time.unwrap().0, 1_795_341_600);
        assert!(job.output_node.is_some() && job.feature_group.is_some());
        let Some(Location::S3(folder)) = job.rejected else { panic!("rejected rows are lost") };
        assert!(folder.key().ends_with("/rejected/"), "{folder}");
    }
}

#[test]
fn ingest_features_accepts_target_stores_and_time_to_live() {
    let flow = FlowFile::read(&abalone(), FlowChoice::default()).unwrap();
    for (stores, expected) in [
        ("online", TargetStores::Online),
        ("offline,online", TargetStores::Both),
        ("both", TargetStores::Both),
    ] {
        let values = [("TARGET_STORES", stores), ("TTL_DURATION", "30d")];
        let environment = [&[("PIPELINE_ENGINE", "native"), BINARY][..], &values].concat();
        let settings = read("minimal.yaml", &environment).unwrap();
        let definition = serde_json::to_value(engine::build(&settings, &flow).unwrap()).unwrap();
        let job = flow_task(&definition);
        assert_eq!(job.target_stores, Some(expected));
        assert_eq!(job.ttl.unwrap().to_string(), "30d");
    }
}

#[test]
fn ingest_features_accepts_the_arguments_of_the_staging_step() {
    for (file, requester_pays) in [("minimal.yaml", false), ("full.yaml", true)] {
        let definition = definition(file, "data-wrangler", "eu-west-1");
        let stage = StageSpec {
            version: InputVersion::Latest,
            source_node: Some("00000000-0000-4000-8000-000000000001".to_owned()),
            requester_pays,
        };
        let task = task(&definition, &definition["Steps"][0]);
        assert!(matches!(&task, Task::Stage(spec) if *spec == stage), "{task:?}");
    }
}

#[test]
fn ingest_features_accepts_data_wrangler_argument() {
    for file in ["minimal.yaml", "full.yaml"] {
        let output = job(file, "data-wrangler").output_node.unwrap();
        assert_eq!(output, job(file, "native").output_node.unwrap());
    }
}

#[test]
fn output_config_names_the_output() {
    let definition = definition("full.yaml", "data-wrangler", "eu-west-1");
    let name = "00000000-0000-4000-8000-000000000004.default";
    assert_eq!(definition["Parameters"][3]["DefaultValue"], name);
    assert_eq!(
        flow_job(&definition)["AppSpecification"]["ContainerArguments"][0],
        format!("--output-config '{{\"{name}\": {{\"content_type\": \"CSV\"}}}}'")
    );
}
