//! Checks of definitions that other programs made.

use ingestion_pipeline::{FlowChoice, FlowFile, check, engine};
use serde_json::{Value, json};

use crate::{abalone, read};

fn definition() -> Value {
    let flow = FlowFile::read(&abalone(), FlowChoice::default()).unwrap();
    let settings = read(
        "full.yaml",
        &[
            ("DW_FLOW_OUTPUT_NAME", "00000000-0000-4000-8000-000000000005.default"),
            // One step.
            ("INGEST_FEATURES_URL", ""),
            ("DW_FLOW_BINDING", "mount"),
        ],
    );
    serde_json::to_value(engine::build(&settings.unwrap(), &flow).unwrap()).unwrap()
}

/// Returns the problems after setting the value at `pointer` to `value`.
fn said(pointer: &str, value: Value) -> String {
    let mut definition = definition();
    if let Some(place) = definition.pointer_mut(pointer) {
        *place = value;
    } else {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        definition.pointer_mut(parent).unwrap()[name] = value;
    }
    match check(&definition) {
        Ok(()) => "nothing".to_owned(),
        Err(invalid) => {
            invalid.problems().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n    ")
        }
    }
}

#[test]
fn reports_each_fault_with_its_place() {
    let arguments = "/Steps/0/Arguments";
    let get = |what: &str| json!({ "Get": what });
    let input = definition()["Steps"][0]["Arguments"]["ProcessingInputs"][0].clone();
    let faults = [
        ("/Version".into(), json!("2019")),
        ("/Extra".into(), json!(1)),
        ("/Steps".into(), json!([])),
        ("/Parameters/1/Name".into(), json!("ProcessingInstanceType")),
        ("/Parameters/1/Name".into(), json!("Processing Count")),
        ("/Parameters/1/DefaultValue".into(), json!("1")),
        ("/Parameters/1/DefaultValue".into(), json!(101)),
        ("/Parameters/1/Type".into(), json!("Number")),
        ("/Parameters/5/DefaultValue".into(), json!(format!("s3://b/{}", "x".repeat(1024)))),
        ("/PipelineExperimentConfig".into(), json!({ "ExperimentName": get("Execution.Name") })),
        ("/Steps/0/Name".into(), json!("a step")),
        ("/Steps/0/Type".into(), json!("Dance")),
        ("/Steps/0/DependsOn".into(), json!(["other"])),
        ("/Steps/0/CacheConfig/ExpireAfter".into(), json!("30d")),
        ("/Steps/0/RetryPolicies/0/ExceptionType".into(), json!(["Step.TIRED"])),
        ("/Steps/0/RetryPolicies/0/ExceptionType".into(), json!(["Step.SERVICE_FAULT"])),
        ("/Steps/0/RetryPolicies/0/ExpireAfterMin".into(), json!(10)),
        ("/Steps/0/RetryPolicies/0/MaxAttempts".into(), json!(21)),
        (format!("{arguments}/Extra"), json!(1)),
        (format!("{arguments}/RoleArn"), json!("sm-exec")),
        (format!("{arguments}/RoleArn"), Value::Null),
        (format!("{arguments}/ProcessingInputs/0/S3Input/S3Uri"), get("Parameters.InputFlow")),
        (format!("{arguments}/ProcessingInputs/0/S3Input/S3Uri"), get("Steps.other.Output")),
        (format!("{arguments}/ProcessingInputs/0/S3Input/S3Uri"), get("Nowhere")),
        (format!("{arguments}/ProcessingInputs/0/S3Input/S3Uri"), json!({"Get": 1})),
        (
            format!("{arguments}/ProcessingInputs/0/S3Input/S3Uri"),
            json!({"Get": "Parameters.InputFlowUrl", "Or": 1}),
        ),
        (format!("{arguments}/ProcessingInputs/0/S3Input/LocalPath"), json!("/etc")),
        (
            format!("{arguments}/ProcessingInputs/0/S3Input/LocalPath"),
            json!("/opt/ml/processing/../x"),
        ),
        (format!("{arguments}/ProcessingInputs/1"), input.clone()),
        (format!("{arguments}/ProcessingInputs"), json!(vec![input; 11])),
        (format!("{arguments}/ProcessingOutputConfig/Outputs"), json!([])),
        (
            format!("{arguments}/ProcessingOutputConfig/Outputs/0/OutputName"),
            json!({"Std:Join": {"On": "/"}}),
        ),
        (
            format!("{arguments}/ProcessingResources/ClusterConfig/InstanceCount"),
            get("Parameters.ProcessingInstanceType"),
        ),
        (format!("{arguments}/ProcessingResources/ClusterConfig/InstanceCount"), json!("1")),
        (format!("{arguments}/ProcessingResources/ClusterConfig/InstanceType"), json!("m5.large")),
        (format!("{arguments}/AppSpecification/ImageUri"), json!("")),
        (format!("{arguments}/AppSpecification/ContainerArguments"), json!(["a", "b".repeat(257)])),
        (
            format!("{arguments}/AppSpecification/ContainerArguments"),
            json!([{"Std:Join": {"On": ",", "Values": ["c".repeat(200), get("Parameters.InputFlowUrl")]}}]),
        ),
        (format!("{arguments}/NetworkConfig/VpcConfig/Subnets"), json!([])),
        (format!("{arguments}/StoppingCondition/MaxRuntimeInSeconds"), json!(604_801)),
        (arguments.into(), json!("none")),
    ];
    let lines = faults.map(|(pointer, value)| {
        let shown: String = value.to_string().chars().take(60).collect();
        format!("{pointer} = {shown}\n    {}", said(&pointer, value))
    });
    let text = lines.join("\n");
    assert!(!text.contains("nothing"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn rejects_values_that_are_not_definitions() {
    for value in [json!(null), json!([]), json!("x"), json!({})] {
        check(&value).unwrap_err();
    }
}

#[test]
fn accepts_a_single_exception_type() {
    let place = "/Steps/0/RetryPolicies/0/ExceptionType";
    assert_eq!(said(place, json!("Step.THROTTLING")), "nothing");
    assert!(said(place, json!("Step.SERVICE_FAULT")).contains("is already used by"));
    assert!(said(place, json!("Step.TIRED")).contains("is not one of"));
}

#[test]
fn measures_arguments_with_parameters_resolved() {
    let joined = |padding: usize| {
        said(
            "/Steps/0/Arguments/AppSpecification/ContainerArguments",
            json!([{"Std:Join": {"On": "", "Values": ["x".repeat(padding), {"Get": "Parameters.FeatureGroupName"}]}}]),
        )
    };
    assert_eq!(joined(256 - "FG-abalone".len()), "nothing");
    assert!(joined(257 - "FG-abalone".len()).contains("has 257 characters"));
}

#[test]
fn rejects_multiline_arguments() {
    for line_end in ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"] {
        for name in ["ContainerArguments", "ContainerEntrypoint"] {
            let pointer = format!("/Steps/0/Arguments/AppSpecification/{name}");
            let said = said(&pointer, json!([format!("a{line_end}b")]));
            assert!(said.contains(&format!("{name}[0]: has several lines")), "{said}");
        }
    }
}
