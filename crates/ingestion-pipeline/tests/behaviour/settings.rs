//! Settings from `pipeline.yaml` and the environment.

use std::fmt::Write;

use ingestion_pipeline::settings::{Engine, FlowBinding, FlowLocation, keys};

use crate::{read, read_text};

/// The predecessor's variables, as its CodeBuild project sets them.
const ENVIRONMENT: [(&str, &str); 10] = [
    ("SAGEMAKER_PROJECT_NAME", "abalone"),
    ("SAGEMAKER_PROJECT_ID", "p-abcdefghijkl"),
    ("PIPELINE_NAME_PREFIX", "shells"),
    ("PIPELINE_DESCRIPTION", "from the environment"),
    ("DW_FLOW_URL", "s3://amzn-s3-demo-bucket/flows/abalone.flow"),
    ("DW_FLOW_OUTPUT_NAME", "a.default"),
    ("S3_DATA_PREFIX", "amzn-s3-demo-bucket/landing-zone/"),
    ("FEATURE_GROUP_NAME", "FG-abalone"),
    ("EXECUTION_ROLE", "arn:aws:iam::123456789012:role/sm-exec"),
    ("AWS_REGION", "us-east-1"),
];

fn problems(text: &str, environment: &[(&str, &str)]) -> String {
    read_text(text, environment).unwrap_err().problems().join("\n")
}

#[test]
fn reads_the_predecessors_environment() {
    let settings = read_text("", &ENVIRONMENT).unwrap();
    insta::assert_debug_snapshot!(settings);
}

#[test]
fn reads_every_key() {
    insta::assert_debug_snapshot!(read("full.yaml", &[]).unwrap());
}

#[test]
fn reads_every_variable() {
    let values = [
        ("PIPELINE_ENGINE", "native"),
        ("DW_FLOW_INPUT_DATASET", "orders"),
        ("PIPELINE_REFIT", "true"),
        ("PROCESSING_IMAGE", "public.ecr.aws/own:1"),
        ("PROCESSING_INSTANCE_TYPE", "ml.c5.xlarge"),
        ("PROCESSING_INSTANCE_COUNT", "1"),
        ("PROCESSING_VOLUME_SIZE", "20"),
        ("PROCESSING_MAX_RUNTIME", "600"),
        ("RETRY_POLICIES", "{throttling: {attempts: 1}}"),
        ("PIPELINE_CACHE", "PT12H"),
        ("KMS_KEY_ID", "alias/features"),
        ("VOLUME_KMS_KEY_ID", "1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("DW_FLOW_BINDING", "mount"),
        ("SUBNET_IDS", "subnet-0a1b2c3d, subnet-4e5f6a7b"),
        ("SECURITY_GROUP_IDS", "sg-0a1b2c3d"),
        ("PIPELINE_TAGS", r#"{"team": "shells"}"#),
        ("PIPELINE_PARALLELISM", "3"),
        ("ARTIFACTS_URL", "s3://amzn-s3-demo-artifacts"),
        ("INGEST_FEATURES_URL", "s3://amzn-s3-demo-artifacts/ingest-features"),
    ];
    let all = [&ENVIRONMENT[..], &values[..]].concat();
    for key in keys::ALL {
        assert!(
            all.iter().any(|(name, _)| *name == key.variable),
            "{} is not tested",
            key.variable
        );
    }
    let settings = read_text("", &all).unwrap();
    assert_eq!(settings.engine, Engine::Native);
    assert_eq!(settings.input_dataset.as_deref(), Some("orders"));
    assert!(settings.refit);
    assert_eq!(settings.flow_binding, FlowBinding::Mount);
    assert_eq!(settings.network.unwrap().subnets.len(), 2);
    assert_eq!(settings.retry.throttling.attempts, 1);
    assert_eq!(settings.tags["team"], "shells");
    assert_eq!(settings.parallelism, Some(3));
}

#[test]
fn lists_everything_missing() {
    insta::assert_snapshot!(problems("engine: native\nsubnets: [subnet-0a1b2c3d]\n", &[]));
}

#[test]
fn lists_everything_invalid_with_its_line() {
    let text = "\
project_name: -abalone
project_id: 42
name_prefix: Shells
description: \"two\\nlines\"
engine: spark
flow: https://example.com/abalone.flow
output_node: [a]
input_dataset: {a: b}
refit: 'yes'
image: an image
input_data: s3://B/landing
feature_group: FG_
role: sm-exec
region: europe
instance_type: m5.large
instance_count: 0
volume_size_gb: 16385
max_runtime_seconds: 1.5
retry: {throttling: {attempts: 21}}
cache: 30 days
kms_key: \"a key\"
volume_kms_key: alias/features
flow_binding: glue
subnets: [sg-0a1b2c3d]
security_groups: [sg-1, sg-1]
tags: {aws:x: y}
parallelism: many
artifacts: amzn-s3-demo-artifacts
native_binary: s3://amzn-s3-demo-artifacts/bin/
";
    let problems = problems(text, &[]);
    assert_eq!(problems.lines().count(), keys::ALL.len(), "{problems}");
    insta::assert_snapshot!(problems);
}

#[test]
fn suggests_the_nearest_known_key() {
    insta::assert_snapshot!(problems(
        "feature_grop: a\nInstanceType: b\nflow_url: c\nvolume: d\nxyzzy: e\nsecurity-groups: []\n\
         retry: {throttle: {}}\n",
        &ENVIRONMENT
    ));
}

#[test]
fn rejects_invalid_yaml_with_its_line() {
    for (text, expected) in [
        ("engine: native\nengine: native\n", "duplicate mapping key"),
        ("a: [", "line 1"),
        ("- engine\n", "expected mapping"),
        ("engine: *x\n", "reference to unknown value"),
        ("a:\n\t- b\n", "tabs"),
    ] {
        let problem = problems(text, &ENVIRONMENT);
        assert!(problem.starts_with("pipeline.yaml cannot be read: error: line"), "{problem}");
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn rejects_anchor_bombs_and_deep_nesting() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}, ", level - 1).repeat(10);
        writeln!(bomb, "a{level}: &a{level} [{}]", alias.trim_end_matches(", ")).unwrap();
    }
    assert!(problems(&bomb, &ENVIRONMENT).starts_with("pipeline.yaml cannot be read"));
    let deep = format!("tags: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(problems(&deep, &ENVIRONMENT).starts_with("pipeline.yaml cannot be read"));
    let long = "#".repeat(2 << 20);
    assert!(problems(&long, &ENVIRONMENT).starts_with("pipeline.yaml has 2097152 bytes"));
}

#[test]
fn ignores_empty_files_keys_and_variables() {
    for text in ["", "# nothing\n", "---\n", "image:\nengine: ~\n", "{}"] {
        let settings = read_text(text, &ENVIRONMENT).unwrap();
        assert_eq!(settings.engine, Engine::DataWrangler, "{text}");
    }
    let settings = read_text("", &[&ENVIRONMENT[..], &[("PROCESSING_IMAGE", "")]].concat());
    assert_eq!(settings.unwrap().image, None);
}

#[test]
fn file_overrides_environment_with_a_note() {
    let text = "feature_group: FG-file\nproject_name: abalone\n";
    let settings = read_text(text, &ENVIRONMENT).unwrap();
    assert_eq!(settings.feature_group.as_str(), "FG-file");
    assert_eq!(
        settings.notes,
        ["pipeline.yaml:1: feature_group overrides FEATURE_GROUP_NAME from the environment"]
    );
}

#[test]
fn paths_are_relative_to_their_file() {
    let settings = read("minimal.yaml", &[]).unwrap();
    assert_eq!(settings.flow, FlowLocation::Path("../../../../flows/abalone.flow".into()));
    let settings = read("minimal.yaml", &[("DW_FLOW_URL", "here.flow")]).unwrap();
    assert_eq!(settings.flow, FlowLocation::Path("here.flow".into()));
}

#[test]
fn rejects_numbers_and_booleans_as_strings() {
    let problem = problems("project_id: 12\ntags: {on: true}\n", &ENVIRONMENT[2..]);
    assert!(problem.contains("12 is not a string; write it in quotes: \"12\""), "{problem}");
    assert!(problem.contains("on: true is not a string"), "{problem}");
    let settings = read_text("tags: {team: yes, cost: 012, id: 1_0}\n", &ENVIRONMENT).unwrap();
    let tags: Vec<_> = settings.tags.values().collect();
    assert_eq!(tags, ["012", "1_0", "yes"]);
}

#[test]
fn rejects_role_of_another_partition() {
    let problem = problems("region: cn-north-1", &ENVIRONMENT[..9]);
    assert!(problem.contains("but the region cn-north-1 is in aws-cn"), "{problem}");
}

#[test]
fn native_engine_runs_on_one_instance() {
    let problem = problems(
        "engine: native\ninstance_count: 2\nnative_binary: s3://amzn-s3-demo-bucket/b\n",
        &ENVIRONMENT,
    );
    assert!(problem.contains("runs on one instance"), "{problem}");
}

#[test]
fn falls_back_to_default_region() {
    let mut environment = ENVIRONMENT;
    environment[9] = ("AWS_DEFAULT_REGION", "ap-northeast-2");
    assert_eq!(read_text("", &environment).unwrap().region.as_str(), "ap-northeast-2");
}

#[test]
fn rejects_half_a_network() {
    for (text, environment, named) in [
        ("subnets: []\nsecurity_groups: [sg-1]\n", None, "pipeline.yaml:1: subnets: is empty"),
        ("subnets: [subnet-1]\nsecurity_groups: []\n", None, "security_groups: is empty"),
        ("security_groups: [sg-1]\n", Some(("SUBNET_IDS", " ")), "SUBNET_IDS: is empty"),
        ("security_groups: [sg-1]\n", None, "subnets is missing; security_groups needs it"),
    ] {
        let environment: Vec<_> = ENVIRONMENT.into_iter().chain(environment).collect();
        let problem = problems(text, &environment);
        assert!(problem.contains(named), "{problem}");
        assert_eq!(problem.lines().count(), 1, "{problem}");
    }
    let none = read_text("subnets: []\nsecurity_groups: []\n", &ENVIRONMENT).unwrap();
    assert_eq!(none.network, None);
}

#[test]
fn yaml_errors_contain_no_advice_for_programmers() {
    for text in ["a: 1\na: 2\n", "a: 1\n---\nb: 2\n", "? [a]\n: b\n", "~: 1\n", "a: !!binary x\n"] {
        let problem = problems(text, &ENVIRONMENT);
        for advice in ["DuplicateKeyPolicy", "Option", "from_str", "from_multiple"] {
            assert!(!problem.contains(advice), "{problem}");
        }
    }
}

#[test]
fn rewrites_flows_if_the_program_is_known() {
    let none = ("INGEST_FEATURES_URL", "");
    assert_eq!(read("minimal.yaml", &[]).unwrap().flow_binding, FlowBinding::Rewrite);
    assert_eq!(read("minimal.yaml", &[none]).unwrap().flow_binding, FlowBinding::Mount);
    let problem = read("minimal.yaml", &[none, ("DW_FLOW_BINDING", "rewrite")]).unwrap_err();
    let problem = problem.to_string();
    assert!(problem.contains("DW_FLOW_BINDING: rewrite needs the program"), "{problem}");
}

#[test]
fn volumes_take_no_alias_and_local_storage_no_key() {
    let key = ("VOLUME_KMS_KEY_ID", "1234abcd-12ab-34cd-56ef-1234567890ab");
    for (instance_type, is_legal) in [
        ("ml.m5.large", true),
        ("ml.c6i.4xlarge", true),
        ("ml.inf2.xlarge", true),
        ("ml.m5d.large", false),
        ("ml.g4dn.xlarge", false),
        ("ml.p4de.24xlarge", false),
        ("ml.g5.xlarge", false),
    ] {
        let settings = read("minimal.yaml", &[key, ("PROCESSING_INSTANCE_TYPE", instance_type)]);
        assert_eq!(settings.is_ok(), is_legal, "{instance_type}");
    }
    let arn = "arn:aws:kms:eu-west-1:123456789012:alias/features";
    for alias in ["alias/features", arn] {
        let problem = read("minimal.yaml", &[("VOLUME_KMS_KEY_ID", alias)]).unwrap_err();
        assert!(problem.to_string().contains("no alias"), "{problem}");
    }
}
