use std::collections::HashMap;
use std::os::unix::ffi::OsStringExt;

use tracing::Level;

use super::*;

/// Reads a valid environment with these changes.
fn read(changes: &[(&str, Option<&str>)]) -> Result<Config, InvalidConfig> {
    let mut variables = HashMap::from([
        ("SM_PIPELINE_NAME", "ingest"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"),
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ]);
    for (name, value) in changes {
        match value {
            Some(value) => variables.insert(name, value),
            None => variables.remove(name),
        };
    }
    Config::from_variables(|name| variables.get(name).map(OsString::from))
}

#[test]
fn requires_only_pipeline_and_lambda_variables() {
    let config = read(&[]).unwrap();
    assert_eq!(config.pipeline.as_str(), "ingest");
    assert_eq!(config.parameter_names.url.as_str(), "InputDataUrl");
    let version = config.parameter_names.version.unwrap();
    assert_eq!(version.as_str(), "InputDataVersion");
    let endpoint = config.endpoint;
    assert_eq!((endpoint.region.as_str(), endpoint.url), ("eu-west-1", None));
    assert!(!endpoint.use_fips && !endpoint.use_dual_stack);
}

#[test]
fn reports_every_invalid_variable() {
    let error = read(&[
        ("SM_PIPELINE_NAME", Some("not a name")),
        ("INPUT_PARAMETER", Some("입력")),
        ("VERSION_PARAMETER", Some("a version")),
        ("AWS_REGION", None),
        ("AWS_ACCESS_KEY_ID", None),
        ("AWS_ENDPOINT_URL", Some("localhost:4566")),
        ("AWS_USE_FIPS_ENDPOINT", Some("yes")),
        ("RUST_LOG", Some("inof")),
        ("AWS_LAMBDA_RUNTIME_API", Some("not a host")),
        ("AWS_LAMBDA_FUNCTION_NAME", None),
        ("AWS_LAMBDA_FUNCTION_VERSION", None),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", Some("much")),
    ])
    .unwrap_err();
    insta::assert_snapshot!(error.problems().join("\n"));
}

#[test]
fn accepts_runtime_api_as_host_and_as_url() {
    for value in ["127.0.0.1:9001", "http://127.0.0.1:9000/.rt/start-pipeline"] {
        assert!(read(&[("AWS_LAMBDA_RUNTIME_API", Some(value))]).is_ok(), "{value}");
    }
}

#[test]
fn treats_empty_value_as_not_set() {
    let error = read(&[("SM_PIPELINE_NAME", Some(""))]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the function's environment variables are invalid: \
         SM_PIPELINE_NAME is not set: set it to the pipeline's name or ARN"
    );
    let config = read(&[("INPUT_PARAMETER", Some("")), ("RUST_LOG", Some(""))]).unwrap();
    assert_eq!(config.parameter_names.url.as_str(), "InputDataUrl");
}

#[test]
fn a_pipeline_of_ones_own_has_other_parameters_or_no_version() {
    let names = |version| {
        let changes = [("INPUT_PARAMETER", Some("Url")), ("VERSION_PARAMETER", version)];
        read(&changes).unwrap().parameter_names
    };
    assert_eq!(names(Some("none")).version, None);
    assert_eq!(names(Some("Version")).version.unwrap().as_str(), "Version");
    assert_eq!(names(Some("")).version.unwrap().as_str(), "InputDataVersion");
    assert_eq!(names(None).url.as_str(), "Url");
    let error = read(&[("INPUT_PARAMETER", Some("InputDataVersion"))]).unwrap_err();
    assert!(error.to_string().contains("`InputDataVersion` is also INPUT_PARAMETER"), "{error}");
}

#[test]
fn reports_value_that_is_not_utf_8_once() {
    let error = Config::from_variables(|name| match name {
        "SM_PIPELINE_NAME" => Some(OsString::from_vec(vec![0xff])),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE" => Some("128".into()),
        optional if ["LOG", "ENDPOINT", "PARAMETER"].iter().any(|of| optional.contains(of)) => None,
        _ => Some("127".into()),
    });
    assert_eq!(error.unwrap_err().problems(), ["SM_PIPELINE_NAME is not UTF-8"]);
}

#[test]
fn rust_log_overrides_lambdas_log_level() {
    let logs = |changes: &[_], level| {
        read(changes).unwrap().log_filter.would_enable("start_pipeline", &level)
    };
    let lambdas = ("AWS_LAMBDA_LOG_LEVEL", Some("DEBUG"));
    assert!(logs(&[], Level::INFO) && !logs(&[], Level::DEBUG));
    assert!(logs(&[lambdas], Level::DEBUG));
    assert!(!logs(&[lambdas, ("RUST_LOG", Some("warn"))], Level::INFO));
}

#[test]
fn rejects_values_that_the_sdk_would_reject_at_each_call() {
    for (name, value) in [
        ("AWS_REGION", "us east 1"),
        ("AWS_REGION", "us-east-1\n"),
        ("AWS_REGION", "-"),
        ("AWS_ACCESS_KEY_ID", " "),
        ("AWS_ACCESS_KEY_ID", "AKID\nEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", " "),
        ("AWS_SESSION_TOKEN", "token\n"),
        ("AWS_LAMBDA_RUNTIME_API", "/path"),
        ("AWS_LAMBDA_RUNTIME_API", "ftp://host"),
    ] {
        let error = read(&[(name, Some(value))]).unwrap_err();
        assert!(matches!(error.problems(), [one] if one.starts_with(name)), "{value:?}: {error}");
    }
    let url = ("AWS_ENDPOINT_URL", Some("http://127.0.0.1:1"));
    assert!(read(&[url, ("AWS_USE_FIPS_ENDPOINT", Some("true"))]).is_err());
}

#[test]
fn never_quotes_credentials() {
    let error = read(&[("AWS_SECRET_ACCESS_KEY", Some("very secret"))]).unwrap_err();
    assert!(!error.to_string().contains("very secret"));
}

#[test]
fn sagemaker_endpoint_overrides_global_endpoint() {
    let all = ("AWS_ENDPOINT_URL", Some("http://127.0.0.1:1"));
    let own = ("AWS_ENDPOINT_URL_SAGEMAKER", Some("https://vpce.example"));
    let url = |changes: &[_]| read(changes).unwrap().endpoint.url;
    assert_eq!(url(&[all]).as_deref(), Some("http://127.0.0.1:1"));
    assert_eq!(url(&[all, own]).as_deref(), Some("https://vpce.example"));
    assert!(read(&[("AWS_USE_FIPS_ENDPOINT", Some("true"))]).unwrap().endpoint.use_fips);
}

#[test]
fn falls_back_to_default_region() {
    let config = read(&[("AWS_REGION", None), ("AWS_DEFAULT_REGION", Some("ap-northeast-2"))]);
    assert_eq!(config.unwrap().endpoint.region, "ap-northeast-2");
}
