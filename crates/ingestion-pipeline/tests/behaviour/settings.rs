//! Settings from `pipeline.yaml` and the environment.

use std::fmt::Write;

use ingestion_pipeline::settings::{
    Engine, File, FlowBinding, FlowLocation, InvalidSettings, Settings, Sources, TargetStores, keys,
};

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
        ("TARGET_STORES", "online, offline"),
        ("TTL_DURATION", "{unit: Hours, value: 12}"),
        ("PROCESSING_IMAGE", "public.ecr.aws/own:1"),
        ("PROCESSING_INSTANCE_TYPE", "ml.c5.xlarge"),
        ("PROCESSING_FALLBACK_INSTANCE_TYPES", "ml.c6i.xlarge, ml.m5.xlarge"),
        ("PROCESSING_INSTANCE_COUNT", "1"),
        ("PROCESSING_VOLUME_SIZE", "20"),
        ("PROCESSING_MAX_RUNTIME", "600"),
        ("RETRY_POLICIES", "{throttling: {attempts: 1}}"),
        ("PIPELINE_CACHE", "PT12H"),
        ("KMS_KEY_ID", "alias/features"),
        ("VOLUME_KMS_KEY_ID", "1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("DW_FLOW_BINDING", "mount"),
        ("S3_REQUESTER_PAYS", "true"),
        ("SUBNET_IDS", "subnet-0a1b2c3d, subnet-4e5f6a7b"),
        ("SECURITY_GROUP_IDS", "sg-0a1b2c3d"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("PIPELINE_TAGS", r#"{"team": "shells"}"#),
        ("PIPELINE_PARALLELISM", "3"),
        ("ARTIFACTS_URL", "s3://amzn-s3-demo-artifacts"),
        ("INGEST_FEATURES_URL", "s3://amzn-s3-demo-artifacts/ingest-features"),
        ("SPARK_ENGINE_URL", "s3://amzn-s3-demo-artifacts/spark-engine.zip"),
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
    assert_eq!(settings.target_stores, Some(TargetStores::Both));
    assert_eq!(settings.ttl.unwrap().as_str(), "12h");
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
engine: sparc
flow: https://example.com/abalone.flow
output_node: [a]
input_dataset: {a: b}
refit: 'yes'
image: an image
input_data: s3://B/landing
feature_group: FG_
target_stores: nowhere
ttl: 30 days
role: sm-exec
region: europe
instance_type: m5.large
fallback_instance_types: [c5.large]
instance_count: 0
volume_size_gb: 16385
max_runtime_seconds: 1.5
retry: {throttling: {attempts: 21}}
cache: 30 days
kms_key: \"a key\"
volume_kms_key: alias/features
flow_binding: glue
requester_pays: 1
subnets: [sg-0a1b2c3d]
security_groups: [sg-1, sg-1]
use_fips: maybe
use_dual_stack: 2
tags: {aws:x: y}
parallelism: many
artifacts: amzn-s3-demo-artifacts
native_binary: s3://amzn-s3-demo-artifacts/bin/
spark_engine: spark-engine.zip
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

const NATIVE: &str = "engine: native\nnative_binary: s3://amzn-s3-demo-bucket/b\n";

#[test]
fn reads_target_stores_and_time_to_live() {
    for (text, stores) in [
        ("online", TargetStores::Online),
        ("offline", TargetStores::Offline),
        ("both", TargetStores::Both),
        ("[online]", TargetStores::Online),
        ("[offline, online]", TargetStores::Both),
        ("online,offline", TargetStores::Both),
    ] {
        let settings = read_text(&format!("{NATIVE}target_stores: {text}\n"), &ENVIRONMENT);
        assert_eq!(settings.unwrap().target_stores, Some(stores), "{text}");
    }
    for (text, ttl) in [
        ("30d", "30d"),
        ("{unit: Seconds, value: 1}", "1s"),
        ("{unit: Minutes, value: 90}", "90m"),
        ("{unit: Hours, value: 12}", "12h"),
        ("{unit: Days, value: 30}", "30d"),
        ("{value: 2147483647, unit: Weeks}", "2147483647w"),
        ("'{unit: Days, value: 30}'", "30d"),
    ] {
        let settings = read_text(&format!("{NATIVE}ttl: {text}\n"), &ENVIRONMENT);
        assert_eq!(settings.unwrap().ttl.unwrap().as_str(), ttl, "{text}");
    }
}

#[test]
fn rejects_invalid_target_stores_and_time_to_live() {
    for (line, expected) in [
        ("target_stores: []", "use online, offline or both"),
        ("target_stores: OnlineStore", "use online, offline or both"),
        ("target_stores: [online, online]", "is in the list twice"),
        ("target_stores: {online: true}", "a map is not a list"),
        ("ttl: 30", "30 is not a string"),
        ("ttl: 0d", "`0d` is not a time to live"),
        ("ttl: P30D", "`P30D` is not a time to live"),
        ("ttl: {unit: Months, value: 1}", "use Seconds, Minutes, Hours, Days or Weeks"),
        ("ttl: {unit: Days}", "value is missing"),
        ("ttl: {unit: Days, value: 0}", "value: `0` is not a whole number from 1"),
        ("ttl: {unit: Days, amount: 1}", "unknown key `amount`"),
        ("target_stores: offline\nttl: 30d", "30d applies to the online store only"),
    ] {
        let problem = problems(&format!("{NATIVE}{line}\n"), &ENVIRONMENT);
        assert!(problem.contains(expected), "{line}: {problem}");
        assert_eq!(problem.lines().count(), 1, "{problem}");
    }
}

#[test]
fn only_the_native_engine_obeys_target_stores_and_time_to_live() {
    let problem = problems("target_stores: online\nttl: 30d\n", &ENVIRONMENT);
    assert_eq!(problem.lines().count(), 2, "{problem}");
    assert!(problem.contains("pipeline.yaml:1: target_stores: AWS's Data Wrangler container"));
    assert!(problem.contains("pipeline.yaml:2: ttl: AWS's Data Wrangler container"));
    assert!(problem.contains("use engine: native"));
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

#[test]
fn fallback_instance_types_are_other_types_and_fit_the_volume_key() {
    let fallback = |types| ("PROCESSING_FALLBACK_INSTANCE_TYPES", types);
    let problem = read("minimal.yaml", &[fallback("ml.c5.large, ml.m5.4xlarge")]).unwrap_err();
    assert!(
        problem.to_string().contains("ml.m5.4xlarge is the instance_type already"),
        "{problem}"
    );
    let key = ("VOLUME_KMS_KEY_ID", "1234abcd-12ab-34cd-56ef-1234567890ab");
    let problem = read("minimal.yaml", &[key, fallback("ml.m5d.4xlarge")]).unwrap_err();
    assert!(problem.to_string().contains("ml.m5d.4xlarge has local storage"), "{problem}");
}

#[test]
fn spark_needs_its_own_program_and_the_one_that_writes_features() {
    let problems = problems("engine: spark\n", &ENVIRONMENT);
    assert!(problems.contains("native_binary is missing"), "{problems}");
    assert!(problems.contains("spark_engine is missing"), "{problems}");
}

/// Reads settings for an engine, with a `requirements.txt` next to the file.
fn with_requirements(engine: &str, requirements: &[u8]) -> Result<Settings, InvalidSettings> {
    let text = format!(
        "engine: {engine}\nnative_binary: s3://amzn-s3-demo-artifacts/i\n\
         spark_engine: s3://amzn-s3-demo-artifacts/s\n"
    );
    let requirements = Some(requirements.to_vec());
    let file = File { path: "pipeline.yaml".into(), text, requirements };
    let variable = |name: &str| {
        ENVIRONMENT.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
    };
    Settings::read(Sources::new(Some(&file), variable)?)
}

#[test]
fn spark_reads_the_requirements_next_to_the_file() {
    let settings = with_requirements("spark", b"nltk==3.9.1\n").unwrap();
    assert_eq!(settings.requirements.unwrap(), b"nltk==3.9.1\n");
    assert_eq!(with_requirements("spark", b"\n  \n").unwrap().requirements, None);
    let other = with_requirements("native", b"nltk==3.9.1\n").unwrap();
    assert_eq!(other.requirements, None);
    assert!(other.notes[0].starts_with("requirements.txt is not used"), "{:?}", other.notes);
}

#[test]
fn rejects_requirements_that_are_no_text_or_too_large() {
    for (requirements, problem) in [
        (&b"\xff"[..], "requirements.txt is not UTF-8"),
        (
            &vec![b'a'; File::MAX_REQUIREMENTS + 1],
            "requirements.txt has 65537 bytes; the maximum is 65536",
        ),
    ] {
        let error = with_requirements("spark", requirements).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn spark_takes_no_fallback_instance_types() {
    let programs = "native_binary: s3://amzn-s3-demo-artifacts/i\nspark_engine: s3://amzn-s3-demo-artifacts/s\n";
    let text = format!("engine: spark\n{programs}fallback_instance_types: [ml.m6i.xlarge]\n");
    let problems = problems(&text, &ENVIRONMENT);
    assert!(
        problems.contains("AWS's Spark image sizes Spark by the only instance type"),
        "{problems}"
    );
    assert_eq!(
        read_text(&format!("engine: spark\n{programs}instance_count: 100\n"), &ENVIRONMENT)
            .unwrap()
            .instance_count,
        100
    );
}
