//! Checks the requests that the real SDK sends.

use crate::fake::{ARN, Endpoint, Function, Reply, error, sample, started};

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
async fn retries_with_the_same_request() {
    let endpoint = Endpoint::new(vec![error(500, "InternalFailure"), Reply::Cut, started()]);
    Function::new(endpoint.sagemaker()).invoke(&sample("put-object.json")).await.unwrap();
    let received = endpoint.received();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|request| request.body == received[0].body));
}
