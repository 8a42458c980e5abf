//! The command line, run as a process.

use std::process::{Command, Output};

use serde_json::Value;

use crate::fixture;

/// Runs the binary with `arguments` in the fixtures' folder, with only `environment` as environment.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ingestion-pipeline"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(fixture(""))
        .output()
        .unwrap()
}

/// Returns the exit code and the output of a run.
fn transcript(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = run(arguments, environment);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    format!(
        "exit code: {}\n----- stdout\n{}----- stderr\n{}",
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr)
    )
}

#[test]
fn help_lists_the_commands() {
    insta::assert_snapshot!(transcript(&["-h"], &[]));
}

#[test]
fn long_help_lists_every_setting_with_its_variable() {
    insta::assert_snapshot!(transcript(&["--help"], &[]));
}

#[test]
fn help_of_each_command_has_examples() {
    let commands = ["build", "upsert", "start", "wait", "list", "delete"];
    let help = commands.map(|command| transcript(&[command, "--help"], &[]));
    assert!(help.iter().all(|text| text.contains("Examples:")));
    insta::assert_snapshot!(help.join("\n"));
}

#[test]
fn invalid_arguments_give_a_hint() {
    insta::assert_snapshot!(transcript(&["bild"], &[]));
    assert_eq!(run(&[], &[]).status.code(), Some(2));
}

#[test]
fn warns_about_step_cache() {
    let cache = ("PIPELINE_CACHE", "P30D");
    let stderr = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = run(arguments, environment);
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let build = ["build", "--file", "minimal.yaml"];
    assert_eq!(stderr(&build, &[]), "");
    assert!(stderr(&build, &[cache]).contains("no result is ever reused"));
    assert!(stderr(&build, &[cache, ("PIPELINE_ENGINE", "native")]).contains("no result is ever"));
    let flow = fixture("../../../../flows/abalone.flow");
    let unstaged = [cache, ("DW_FLOW_URL", flow.to_str().unwrap())];
    let warnings = stderr(&["--json", "build", "--file", "no-flow.yaml"], &unstaged);
    let warnings: Vec<Value> =
        warnings.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(warnings[0]["warning"].as_str().unwrap().contains("nothing is ingested"));
    assert!(warnings[1]["warning"].as_str().unwrap().contains("also reads `a.csv.bak`"));
}

#[test]
fn build_writes_only_the_definition_to_stdout() {
    let output = run(&["build", "--file", "minimal.yaml"], &[]);
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
    let definition: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(definition["Version"], "2020-12-01");
    let compact = run(&["build", "--file", "minimal.yaml", "--json"], &[]).stdout;
    assert_eq!(compact.split(|byte| *byte == b'\n').count(), 2);
    assert_eq!(serde_json::from_slice::<Value>(&compact).unwrap(), definition);
}

#[test]
fn build_notes_overridden_variables() {
    let output = run(&["build", "--file", "minimal.yaml"], &[("FEATURE_GROUP_NAME", "FG-test")]);
    assert!(output.status.success());
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap());
}

#[test]
fn lists_all_missing_settings() {
    insta::assert_snapshot!(transcript(&["build"], &[]));
}

#[test]
fn names_missing_settings_file() {
    insta::assert_snapshot!(transcript(&["build", "--file", "gone.yaml"], &[]));
}

#[test]
fn names_missing_flow() {
    insta::assert_snapshot!(transcript(
        &["build", "--file", "no-flow.yaml"],
        &[("DW_FLOW_URL", "gone.flow")]
    ));
}

#[test]
fn build_needs_local_copy_of_flow_in_s3() {
    let environment = [("DW_FLOW_URL", "s3://amzn-s3-demo-bucket/abalone.flow")];
    insta::assert_snapshot!(transcript(&["build", "--file", "no-flow.yaml"], &environment));
    let copy = fixture("../../../../flows/abalone.flow");
    let arguments = ["build", "--file", "no-flow.yaml", "--flow-file", copy.to_str().unwrap()];
    let output = run(&arguments, &environment);
    let definition: Value = serde_json::from_slice(&output.stdout).unwrap();
    let stored = definition["Parameters"][4]["DefaultValue"].as_str().unwrap();
    assert!(stored.starts_with("s3://sagemaker-eu-west-1-123456789012/"), "{stored}");
    assert!(stored.ends_with("/abalone.flow"), "{stored}");
}

#[test]
fn rejects_unknown_output_and_lists_known_ones() {
    insta::assert_snapshot!(transcript(
        &["build", "--file", "minimal.yaml"],
        &[("DW_FLOW_OUTPUT_NAME", "other.default")]
    ));
}

#[test]
fn several_datasets_give_a_hint() {
    let flow = fixture("../../../data-wrangler-flow/tests/fixtures/canvas-join.flow");
    let environment =
        [("DW_FLOW_URL", flow.to_str().unwrap()), ("DW_FLOW_OUTPUT_NAME", "both.default")];
    for other in [None, Some(("DW_FLOW_INPUT_DATASET", "invoices"))] {
        let environment: Vec<_> = environment.into_iter().chain(other).collect();
        let text = transcript(&["build", "--file", "no-flow.yaml"], &environment);
        assert!(
            text.contains("set input_dataset to one of: `orders` (node read-orders)"),
            "{text}"
        );
        assert!(text.contains("hint: set input_dataset in pipeline.yaml"), "{text}");
    }
}

#[test]
fn writes_errors_as_json() {
    insta::assert_snapshot!(transcript(&["build", "--json", "--file", "gone.yaml"], &[]));
}

#[test]
fn invalid_yaml_gives_a_hint() {
    let path = std::env::temp_dir().join(format!("no-yaml-{}.yaml", std::process::id()));
    std::fs::write(&path, "engine: native\nengine: native\n").unwrap();
    let text = transcript(&["build", "--file", path.to_str().unwrap()], &[]);
    std::fs::remove_file(&path).unwrap();
    assert!(text.contains("line 2 column 1: duplicate mapping key `engine`"), "{text}");
    assert!(text.contains("hint: a settings file is YAML"), "{text}");
}
