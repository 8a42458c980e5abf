//! What goes to AWS, byte for byte, through the real SDK.

use crate::fake::{ARN, Endpoint, Function, Reply, error, sample, started};

#[tokio::test]
async fn the_request_is_exactly_this() {
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
async fn every_legal_sample_key_reaches_the_service_verbatim() {
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
async fn a_retry_repeats_the_same_token() {
    let endpoint = Endpoint::new(vec![error(500, "InternalFailure"), Reply::Cut, started()]);
    Function::new(endpoint.sagemaker()).invoke(&sample("put-object.json")).await.unwrap();
    let received = endpoint.received();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|request| request.body == received[0].body));
}
