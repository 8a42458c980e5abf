//! Checks the requests that the real SDK sends.

use serde_json::json;
use start_pipeline::{ObjectCreated, ParameterNames, PipelineNameOrArn, StartRequest};

use crate::fake::{ARN, Endpoint, Function, Reply, error, parameter_names, sample, started};

#[tokio::test]
async fn sends_expected_request() {
    let endpoint = Endpoint::new(vec![started()]);
    let function = Function::new(endpoint.sagemaker());
    let answer = function.invoke(&sample("key-korean.json")).await.unwrap();
    assert_eq!(serde_json::to_value(answer).unwrap()["execution_arn"], ARN);

    let received = endpoint.received();
    assert_eq!(received.len(), 1);
    let head = received[0].head.to_ascii_lowercase();
    assert!(head.starts_with("post / http/1.1\r\n"), "{head}");
    assert!(head.contains("x-amz-target: sagemaker.startpipelineexecution\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-amz-json-1.1\r\n"), "{head}");
    assert!(head.contains("/eu-west-1/sagemaker/aws4_request"), "{head}");
    insta::assert_snapshot!(serde_json::to_string_pretty(&received[0].body).unwrap());
}

#[tokio::test]
async fn sends_sample_keys_verbatim() {
    for file in [
        "key-plus.json",
        "key-percent-20.json",
        "key-spaces.json",
        "key-emoji.json",
        "key-control-characters.json",
        "key-dot-only-stem.json",
        "key-1024-bytes.json",
    ] {
        let endpoint = Endpoint::new(vec![started()]);
        Function::new(endpoint.sagemaker()).invoke(&sample(file)).await.unwrap();
        let event: serde_json::Value = serde_json::from_str(&sample(file)).unwrap();
        let key = event["detail"]["object"]["key"].as_str().unwrap();
        let received = endpoint.received();
        let value = &received[0].body["PipelineParameters"][0]["Value"];
        assert_eq!(value.as_str().unwrap(), format!("s3://amzn-s3-demo-bucket/{key}"), "{file}");
    }
}

#[tokio::test]
async fn sends_the_version_of_the_object_if_the_event_has_one() {
    for (file, version) in [
        ("put-object-versioned.json", Some("IYV3p45BT0ac8hjHg1houSdS1a.Mro8e")),
        ("put-object-suspended-versioning.json", Some("null")),
        ("put-object.json", None),
    ] {
        let endpoint = Endpoint::new(vec![started()]);
        Function::new(endpoint.sagemaker()).invoke(&sample(file)).await.unwrap();
        let received = endpoint.received();
        let parameters = received[0].body["PipelineParameters"].as_array().unwrap();
        let expected = version.map(|id| json!({ "Name": "InputDataVersion", "Value": id }));
        assert_eq!(parameters[0]["Name"], "InputDataUrl", "{file}");
        assert_eq!(parameters.get(1), expected.as_ref(), "{file}");
        assert!(parameters.len() <= 2, "{file}");
    }
}

#[test]
fn a_pipeline_without_a_version_parameter_receives_only_the_url() {
    let parameter_names = ParameterNames { version: None, ..parameter_names() };
    let pipeline = PipelineNameOrArn::new("my-own").unwrap();
    let upload = ObjectCreated::parse(&sample("put-object-versioned.json")).unwrap();
    let request = StartRequest::new(&pipeline, &parameter_names, &upload).unwrap();
    let parameters: Vec<_> = request.parameters().map(|(name, _)| name.as_str()).collect();
    assert_eq!(parameters, ["InputDataUrl"]);
}

#[tokio::test]
async fn retries_with_the_same_request() {
    let endpoint = Endpoint::new(vec![error(500, "InternalFailure"), Reply::Cut, started()]);
    Function::new(endpoint.sagemaker()).invoke(&sample("put-object.json")).await.unwrap();
    let received = endpoint.received();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|request| request.body == received[0].body));
}
