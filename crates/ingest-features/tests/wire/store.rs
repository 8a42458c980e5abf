//! The Feature Store client.

use std::sync::Arc;

use ingest_features::feature_group::{
    Collection, ElementType, Feature, FeatureType, GroupOptions, NewGroup, OfflineStore,
    OnlineStore, Shape, Stores,
};
use ingest_features::store::{
    Creation, Destination, ErrorClass, FeatureStore, Record, Store, TargetStores,
};
use serde_json::{Value, json};
use test_endpoint::{Endpoint, Reply, Request};

use crate::config;

fn record(id: usize) -> Record {
    let value = |name: &str, value: &str| (Arc::from(name), value.to_owned());
    Record {
        identifier: value("id", &id.to_string()),
        event_time: value("time", "1700000000.0"),
        others: vec![value("name", "é \"quoted\"\n")],
        collections: vec![(Arc::from("tags"), vec!["a".to_owned(), "b".to_owned()])],
    }
}

fn to(group: &str) -> Destination {
    Destination { group: group.to_owned(), stores: None, ttl: None }
}

fn only(stores: TargetStores) -> Destination {
    Destination { stores: Some(stores), ttl: Some("30d".parse().unwrap()), ..to("FG") }
}

fn store(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (Endpoint, FeatureStore) {
    let endpoint = Endpoint::new(handler);
    let store = FeatureStore::new(&config(&endpoint));
    (endpoint, store)
}

fn error(status: u16, code: &str) -> Reply {
    Reply::Answer(
        status,
        vec![
            ("x-amzn-errortype", code.to_owned()),
            ("content-type", "application/json".to_owned()),
        ],
        json!({ "Message": "a message" }).to_string().into_bytes(),
    )
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[tokio::test]
async fn signs_a_batch_with_group_and_values() {
    let (endpoint, store) =
        store(|_| Reply::json(200, &json!({ "Errors": [], "UnprocessedEntries": [] })));
    let answer = store.batch_write(&to("FG"), &[record(1), record(2)]).await.unwrap();
    assert!(answer.refused.is_empty() && answer.unprocessed.is_empty());
    let received = endpoint.received();
    let request = &received[0];
    assert_eq!((&*request.method, &*request.path), ("POST", "/BatchWriteRecord"));
    assert!(request.header("authorization").unwrap().contains("/eu-west-1/sagemaker/aws4_request"));
    insta::assert_snapshot!(format!("{:#}", body(request)));
}

#[tokio::test]
async fn puts_a_single_record() {
    let (endpoint, store) = store(|_| Reply::bytes(200, ""));
    let arn = "arn:aws:sagemaker:eu-west-1:123456789012:feature-group/FG";
    store.put(&to(arn), &record(1)).await.unwrap();
    let received = endpoint.received();
    assert_eq!(received[0].method, "PUT");
    let path = received[0].path.split('?').next().unwrap();
    assert!(path.starts_with("/FeatureGroup/arn%3Aaws%3Asagemaker"), "{path}");
    assert_eq!(body(&received[0])["Record"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn names_target_stores_and_time_to_live() {
    for (stores, names) in [
        (TargetStores::Online, json!(["OnlineStore"])),
        (TargetStores::Offline, json!(["OfflineStore"])),
        (TargetStores::Both, json!(["OnlineStore", "OfflineStore"])),
    ] {
        let (endpoint, store) = store(|_| Reply::json(200, &json!({})));
        store.batch_write(&only(stores), &[record(1), record(2)]).await.unwrap();
        store.put(&only(stores), &record(1)).await.unwrap();
        let received = endpoint.received();
        let batch = body(&received[0]);
        let entries = batch["Entries"].as_array().unwrap().iter().cloned();
        for request in entries.chain([body(&received[1])]) {
            assert_eq!(request["TargetStores"], names);
            assert_eq!(request["TtlDuration"], json!({ "Unit": "Days", "Value": 30 }));
        }
    }
}

fn new_group() -> NewGroup {
    let feature = |name: &str, kind| Feature { name: name.to_owned(), kind };
    NewGroup {
        name: "FG".to_owned(),
        features: vec![
            feature("id", FeatureType::Integral),
            feature("time", FeatureType::Fractional),
            feature("name", FeatureType::String),
        ],
        options: GroupOptions {
            record_identifier: "id".to_owned(),
            event_time: "time".to_owned(),
            stores: Stores {
                online: Some(OnlineStore {
                    kms_key: Some("alias/key".to_owned()),
                    ttl: Some("2w".parse().unwrap()),
                }),
                offline: Some(OfflineStore {
                    location: "s3://bucket-a/fs".to_owned(),
                    kms_key: Some("alias/key".to_owned()),
                }),
                role: Some("arn:aws:iam::123456789012:role/fs".to_owned()),
            },
            description: Some("Abalones".to_owned()),
        },
    }
}

#[tokio::test]
async fn creates_a_group_with_all_its_options() {
    let (endpoint, store) = store(|_| Reply::json(200, &json!({ "FeatureGroupArn": "arn" })));
    assert_eq!(store.create(&new_group()).await.unwrap(), Creation::Accepted);
    let received = endpoint.received();
    assert_eq!(received[0].target(), Some("CreateFeatureGroup"));
    insta::assert_snapshot!(format!("{:#}", body(&received[0])));
}

#[tokio::test]
async fn finds_that_a_group_exists() {
    let (_endpoint, store) = store(|_| error(400, "ResourceInUse"));
    assert_eq!(store.create(&new_group()).await.unwrap(), Creation::Exists);
}

#[tokio::test]
async fn a_quota_is_no_transient_error() {
    let (_endpoint, store) = store(|_| error(400, "ResourceLimitExceeded"));
    let error = store.create(&new_group()).await.unwrap_err();
    assert!(!error.is_transient() && error.code() == "ResourceLimitExceeded", "{error}");
}

#[tokio::test]
async fn describes_the_stores_that_were_requested() {
    let (_endpoint, store) = store(|_| {
        let mut answer = json!({
            "FeatureGroupArn": "arn", "FeatureGroupName": "FG", "CreationTime": 1.0,
            "RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "time",
            "FeatureGroupStatus": "Created", "NextToken": "",
            "OfflineStoreStatus": { "Status": "Blocked", "BlockedReason": "no role" },
        });
        let id = json!({ "FeatureName": "id", "FeatureType": "Integral" });
        let time = json!({ "FeatureName": "time", "FeatureType": "Fractional" });
        let name = json!({ "FeatureName": "name", "FeatureType": "String" });
        answer["FeatureDefinitions"] = json!([id, time, name]);
        answer["OnlineStoreConfig"] = json!({
            "EnableOnlineStore": true,
            "SecurityConfig": { "KmsKeyId": "alias/key" },
            "TtlDuration": { "Unit": "Weeks", "Value": 2 },
        });
        answer["OfflineStoreConfig"] = json!({ "S3StorageConfig": {
            "S3Uri": "s3://bucket-a/fs/", "KmsKeyId": "alias/key",
            "ResolvedOutputS3Uri": "s3://bucket-a/fs/123456789012/data",
        } });
        answer["RoleArn"] = json!("arn:aws:iam::123456789012:role/fs");
        Reply::json(200, &answer)
    });
    let group = store.describe("FG").await.unwrap();
    assert_eq!(new_group().differences(&group), [""; 0]);
    assert_eq!(group.offline_status.as_deref(), Some("Blocked"));
    assert_eq!(group.offline_blocked.as_deref(), Some("no role"));
}

#[tokio::test]
async fn matches_failed_entries_in_any_order() {
    let (_endpoint, store) = store(|request| {
        let entries = body(request)["Entries"].as_array().unwrap().clone();
        let reversed = |entry: &Value| {
            let mut entry = entry.clone();
            entry["Record"].as_array_mut().unwrap().reverse();
            entry
        };
        Reply::json(
            200,
            &json!({
                "Errors": [{
                    "Entry": reversed(&entries[3]),
                    "ErrorCode": "ValidationError",
                    "ErrorMessage": "no",
                }],
                "UnprocessedEntries": [reversed(&entries[4]), entries[0]],
            }),
        )
    });
    let records: Vec<_> = (0..5).map(record).collect();
    let answer = store.batch_write(&to("FG"), &records).await.unwrap();
    assert_eq!(answer.unprocessed, [4, 0]);
    assert_eq!(answer.refused.len(), 1);
    assert_eq!((answer.refused[0].0, answer.refused[0].1.class()), (3, ErrorClass::Refused));
}

#[tokio::test]
async fn treats_invalid_responses_as_faults() {
    let stranger = json!({
        "FeatureGroupName": "FG",
        "Record": [
            { "FeatureName": "id", "ValueAsString": "99" },
            { "FeatureName": "time", "ValueAsString": "1700000000.0" },
        ],
    });
    let twice = json!({
        "FeatureGroupName": "FG",
        "Record": [
            { "FeatureName": "id", "ValueAsString": "1" },
            { "FeatureName": "time", "ValueAsString": "1700000000.0" },
        ],
    });
    for answer in [
        json!({ "UnprocessedEntries": [stranger] }).to_string(),
        json!({ "UnprocessedEntries": [twice, twice] }).to_string(),
        json!({ "Errors": [{ "ErrorCode": "x" }] }).to_string(),
        "not JSON".to_owned(),
        "{\"Errors\": [".to_owned(),
    ] {
        let body = answer.clone();
        let (_endpoint, store) = store(move |_| Reply::json(200, &body));
        if serde_json::from_str::<Value>(&answer).is_err() {
            let error = store.describe("FG").await.unwrap_err();
            assert!(error.is_transient(), "{answer}: {error}");
        }
        let error = store.batch_write(&to("FG"), &[record(1), record(2)]).await.unwrap_err();
        assert!(error.is_transient(), "{answer}: {error}");
    }
}

#[tokio::test]
async fn classifies_errors_after_one_attempt() {
    for (reply, reason) in [
        (error(400, "ValidationError"), ErrorClass::Refused),
        (error(403, "AccessForbidden"), ErrorClass::Denied),
        (error(403, "AccessDeniedException"), ErrorClass::Denied),
        (error(404, "ResourceNotFound"), ErrorClass::NotFound),
        (error(400, "ThrottlingException"), ErrorClass::Throttled),
        (error(429, "SomethingNew"), ErrorClass::Throttled),
        (error(500, "InternalFailure"), ErrorClass::Fault),
        (error(503, "ServiceUnavailable"), ErrorClass::Fault),
        (Reply::bytes(502, "<html>"), ErrorClass::Fault),
        (Reply::Cut, ErrorClass::Unreachable),
        (Reply::NotHttp, ErrorClass::Unreachable),
    ] {
        let given = reply.clone();
        let (endpoint, store) = store(move |_| given.clone());
        let error = store.batch_write(&to("FG"), &[record(1)]).await.unwrap_err();
        assert_eq!(error.class(), reason, "{reply:?}: {error}");
        assert_eq!(endpoint.received().len(), 1);
        let error = store.put(&to("FG"), &record(1)).await.unwrap_err();
        assert_eq!(error.class(), reason, "{reply:?}: {error}");
        let error = store.describe("FG").await.unwrap_err();
        assert_eq!(error.class(), reason, "{reply:?}: {error}");
        assert_eq!(endpoint.received().len(), 3);
    }
    let broken = Reply::Broken(Box::new(Reply::json(200, "{\"Errors\": []}")), 4);
    let (_endpoint, store) = store(move |_| broken.clone());
    assert!(store.batch_write(&to("FG"), &[record(1)]).await.unwrap_err().is_transient());
    assert!(store.describe("FG").await.unwrap_err().is_transient());
}

#[tokio::test]
async fn signs_a_describe_request_with_the_name() {
    let (endpoint, store) = store(|_| Reply::json(200, "{}"));
    store.describe("FG").await.unwrap();
    let received = endpoint.received();
    let request = &received[0];
    assert_eq!((&*request.method, &*request.path), ("POST", "/"));
    assert_eq!(request.header("x-amz-target"), Some("SageMaker.DescribeFeatureGroup"));
    assert_eq!(request.header("content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(body(request), json!({ "FeatureGroupName": "FG" }));
    let signature = request.header("authorization").unwrap();
    assert!(signature.contains("/eu-west-1/sagemaker/aws4_request"), "{signature}");
    assert!(signature.contains("content-type;host;x-amz-date;x-amz-target"), "{signature}");
}

#[tokio::test]
async fn reads_all_pages_of_features() {
    let (endpoint, store) = store(|request| {
        assert_eq!(request.target(), Some("DescribeFeatureGroup"));
        let first = body(request).get("NextToken").is_none();
        let features = if first {
            json!([
                { "FeatureName": "id", "FeatureType": "Integral" },
                { "FeatureName": "time", "FeatureType": "Fractional" },
            ])
        } else {
            json!([
                { "FeatureName": "name", "FeatureType": "String" },
                { "FeatureName": "l", "FeatureType": "String", "CollectionType": "List" },
                { "FeatureName": "s", "FeatureType": "Integral", "CollectionType": "Set" },
                { "FeatureName": "v", "FeatureType": "Fractional", "CollectionType": "Vector",
                  "CollectionConfig": { "VectorConfig": { "Dimension": 3 } } },
                { "FeatureName": "w", "FeatureType": "Fractional", "CollectionType": "Vector" },
                { "FeatureName": "b", "FeatureType": "Integral", "CollectionType": "Bag" },
                { "FeatureName": "new", "FeatureType": "Decimal" },
            ])
        };
        let mut answer = json!({
            "FeatureGroupArn": "arn", "FeatureGroupName": "FG", "CreationTime": 1.0,
            "RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "time",
            "FeatureGroupStatus": "Created", "FeatureDefinitions": features,
        });
        answer["NextToken"] = if first { json!("more") } else { json!("") };
        Reply::json(200, &answer)
    });
    let group = store.describe("FG").await.unwrap();
    assert_eq!(endpoint.received().len(), 2);
    assert_eq!(
        (&*group.status, &*group.record_identifier, &*group.event_time),
        ("Created", "id", "time")
    );
    let collection = |shape, elements| FeatureType::Collection(Collection { shape, elements });
    let kinds: Vec<_> = group.features.into_iter().map(|feature| feature.kind).collect();
    assert_eq!(
        kinds,
        [
            FeatureType::Integral,
            FeatureType::Fractional,
            FeatureType::String,
            collection(Shape::List, ElementType::String),
            collection(Shape::Set, ElementType::Integral),
            collection(Shape::Vector(3), ElementType::Fractional),
            FeatureType::Other("Vector of Fractional".to_owned()),
            FeatureType::Other("Bag of Integral".to_owned()),
            FeatureType::Other("Decimal".to_owned()),
        ]
    );
}

#[tokio::test]
async fn stops_if_pages_of_features_repeat() {
    let (endpoint, store) = store(|_| {
        Reply::json(
            200,
            &json!({
                "FeatureGroupArn": "arn", "FeatureGroupName": "FG", "CreationTime": 1.0,
                "RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "time",
                "FeatureDefinitions": [], "NextToken": "again",
            }),
        )
    });
    assert!(store.describe("FG").await.is_err());
    assert_eq!(endpoint.received().len(), 2);
}
