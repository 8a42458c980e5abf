//! The command line as people and scripts meet it.

use std::process::{Command, Output};

use serde_json::Value;

use crate::fixture;

/// Runs the binary with `arguments` in the fixtures' folder, with nothing in the environment but
/// `environment`.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ingestion-pipeline"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .current_dir(fixture(""))
        .output()
        .unwrap()
}

/// What a run printed, stream by stream.
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
fn arguments_that_make_no_command_end_in_a_hint() {
    insta::assert_snapshot!(transcript(&["bild"], &[]));
    assert_eq!(run(&[], &[]).status.code(), Some(2));
}

#[test]
fn a_step_cache_is_never_without_a_warning() {
    let cached = &[("PIPELINE_CACHE", "P30D")][..];
    let stderr = |arguments: &[&str], environment| {
        let output = run(arguments, environment);
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let build = ["build", "--file", "minimal.yaml"];
    assert_eq!(stderr(&build, &[]), "");
    let warning = stderr(&build, cached);
    assert!(warning.starts_with("warning: cache: SageMaker compares"), "{warning}");
    let json = stderr(&["--json", "build", "--file", "minimal.yaml"], cached);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert!(json["warning"].as_str().unwrap().contains("nothing is ingested"), "{json}");
    let native = [
        ("PIPELINE_CACHE", "P30D"),
        ("PIPELINE_ENGINE", "native"),
        ("INGEST_FEATURES_URL", "s3://bucket-a/ingest-features"),
    ];
    assert!(stderr(&build, &native).contains("no result is ever reused"));
}

#[test]
fn build_writes_the_definition_and_nothing_else_to_stdout() {
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
fn build_says_which_values_the_environment_has_otherwise() {
    let output = run(&["build", "--file", "minimal.yaml"], &[("FEATURE_GROUP_NAME", "FG-test")]);
    assert!(output.status.success());
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap());
}

#[test]
fn missing_settings_are_all_listed() {
    insta::assert_snapshot!(transcript(&["build"], &[]));
}

#[test]
fn a_missing_settings_file_is_named() {
    insta::assert_snapshot!(transcript(&["build", "--file", "gone.yaml"], &[]));
}

#[test]
fn a_missing_flow_is_named() {
    insta::assert_snapshot!(transcript(
        &["build", "--file", "no-flow.yaml"],
        &[("DW_FLOW_URL", "gone.flow")]
    ));
}

#[test]
fn a_flow_in_s3_needs_a_local_copy() {
    let environment = [("DW_FLOW_URL", "s3://amzn-s3-demo-bucket/abalone.flow")];
    insta::assert_snapshot!(transcript(&["build", "--file", "no-flow.yaml"], &environment));
    let copy = fixture("../../../../flows/abalone.flow");
    let arguments = ["build", "--file", "no-flow.yaml", "--flow-file", copy.to_str().unwrap()];
    let output = run(&arguments, &environment);
    let definition: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        definition["Parameters"][4]["DefaultValue"],
        "s3://amzn-s3-demo-bucket/abalone.flow"
    );
}

#[test]
fn an_output_that_is_not_in_the_flow_is_refused_with_those_that_are() {
    insta::assert_snapshot!(transcript(
        &["build", "--file", "minimal.yaml"],
        &[("DW_FLOW_OUTPUT_NAME", "other.default")]
    ));
}

#[test]
fn errors_are_json_for_scripts() {
    insta::assert_snapshot!(transcript(&["build", "--json", "--file", "gone.yaml"], &[]));
}

#[test]
fn a_file_that_is_no_yaml_ends_in_a_hint_at_yaml() {
    let path = std::env::temp_dir().join(format!("no-yaml-{}.yaml", std::process::id()));
    std::fs::write(&path, "engine: native\nengine: native\n").unwrap();
    let text = transcript(&["build", "--file", path.to_str().unwrap()], &[]);
    std::fs::remove_file(&path).unwrap();
    assert!(text.contains("line 2 column 1: duplicate mapping key `engine`"), "{text}");
    assert!(text.contains("hint: a settings file is YAML"), "{text}");
}
