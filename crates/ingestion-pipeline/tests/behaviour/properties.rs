//! Properties of all settings and flows.

use ingestion_pipeline::definition::{Parameter, Reference, Text};
use ingestion_pipeline::engine::BuildError;
use ingestion_pipeline::{FlowChoice, FlowFile, check, engine};
use proptest::prelude::*;
use serde_json::Value;

use crate::{abalone, fixture, read_text};

/// Generates valid settings as YAML.
fn settings() -> impl Strategy<Value = String> {
    (
        "[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9]){0,9}",
        "[a-zA-Z0-9][a-zA-Z0-9_-]{0,61}[a-zA-Z0-9]",
        prop::sample::select(vec!["data-wrangler", "native"]),
        prop::sample::select(vec!["eu-west-1", "us-east-1", "ap-northeast-2", "il-central-1"]),
        "[a-z0-9/ +é%-]{0,60}",
        (1_u32..=16_384, 1_u32..=604_800, 0_u32..=20, 1_u32..=43_200),
        prop::bool::ANY,
    )
        .prop_map(|(id, group, engine, region, key, numbers, network)| {
            let (volume, runtime, attempts, interval) = numbers;
            let network = if network { "subnets: [subnet-1]\nsecurity_groups: [sg-1]\n" } else { "" };
            format!(
                "project_name: a\nproject_id: '{id}'\nfeature_group: '{group}'\nengine: {engine}\n\
                 region: {region}\ninput_data: 's3://amzn-s3-demo-bucket/{key}'\nflow: a.flow\n\
                 role: arn:aws:iam::123456789012:role/r\nvolume_size_gb: {volume}\n\
                 max_runtime_seconds: {runtime}\nnative_binary: s3://amzn-s3-demo-bucket/b\n\
                 retry: {{throttling: {{attempts: {attempts}, interval_seconds: {interval}}}}}\n{network}"
            )
        })
}

/// Returns a flow with this dataset name and this ID of the last node.
fn flow(dataset: &str, node: &str) -> Vec<u8> {
    let mut flow: Value = serde_json::from_slice(&abalone()).unwrap();
    flow["nodes"][0]["parameters"]["dataset_definition"]["name"] = dataset.into();
    flow["nodes"][4]["node_id"] = node.into();
    flow.to_string().into_bytes()
}

proptest! {
    #[test]
    fn valid_settings_give_a_valid_definition(
        yaml in settings(), dataset in "\\PC{0,20}|.{0,20}", node in "[a-z0-9-]{1,36}x|.{1,20}x|.{250}x"
    ) {
        let settings = read_text(&yaml, &[]).unwrap();
        let Ok(flow) = FlowFile::read(&flow(&dataset, &node), FlowChoice::default()) else { return Ok(()) };
        if node.len() > 200 && matches!(engine::build(&settings, &flow), Err(BuildError::OutputTooLong { .. })) {
            return Ok(());
        }
        let definition = serde_json::to_value(engine::build(&settings, &flow).unwrap()).unwrap();
        prop_assert!(check(&definition).is_ok());
        let flow_step = definition["Steps"].as_array().unwrap().last().unwrap();
        let inputs = &flow_step["Arguments"]["ProcessingInputs"];
        prop_assert_eq!(&inputs[1]["InputName"], &dataset);
        // Equal settings must give equal definitions, because upsert compares them.
        let again = engine::build(&read_text(&yaml, &[]).unwrap(), &flow).unwrap();
        prop_assert_eq!(serde_json::to_value(again).unwrap(), definition);
    }

    #[test]
    fn settings_never_panic(text in any::<String>()) {
        let _ = read_text(&text, &[]);
        let _ = read_text(&format!("retry: {text}"), &[]);
        let _ = read_text("", &[("PIPELINE_TAGS", &text), ("SUBNET_IDS", &text)]);
    }

    #[test]
    fn problems_name_their_key(
        key in 0_usize..26, value in "[ -~é]{0,20}"
    ) {
        let key = ingestion_pipeline::settings::keys::ALL[key];
        let complete = std::fs::read_to_string(fixture("full.yaml")).unwrap();
        let mut lines = Vec::new();
        let mut ours = false;
        for line in complete.lines() {
            // Indented lines belong to the key above.
            ours = line.split(':').next() == Some(key.name) || ours && line.starts_with([' ', '-']);
            lines.extend((!ours).then_some(line));
        }
        let value = serde_json::to_string(&value).unwrap();
        let text = format!("{}\n{}: {value}\n", lines.join("\n"), key.name);
        if let Err(error) = read_text(&text, &[]) {
            let named = error.problems().iter().all(|problem| problem.contains(key.name));
            prop_assert!(named && !error.problems().is_empty(), "{}", error);
        }
    }

    #[test]
    fn rejects_invalid_parameter_names(name in "[ -~]{0,70}") {
        let legal = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let parameter = Parameter::string(&name, "x");
        let built = ingestion_pipeline::PipelineDefinition::new(vec![parameter], Vec::new());
        // A definition without steps is always rejected, but for its name only if that is invalid.
        let text = built.unwrap_err().to_string();
        prop_assert_eq!(text.contains("is not a valid name"), !legal, "{}", text);
    }

    #[test]
    fn finds_dangling_references(name in "[A-Za-z]{1,20}") {
        let get = Text::Get(Reference::Parameter(name.clone()));
        let join = serde_json::json!({ "Std:Join": { "On": "", "Values": ["a", get] } });
        let value = serde_json::json!({ "Steps": [{ "Arguments": { "X": [join] } }] });
        let said = check(&value).unwrap_err().to_string();
        let expected = format!("there is no parameter `{name}`");
        prop_assert!(said.contains(&expected), "{}", said);
    }
}
