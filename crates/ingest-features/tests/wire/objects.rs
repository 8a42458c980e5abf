//! The S3 client.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_common::{ObjectUrl, S3};
use ingest_features::objects::Objects;
use test_endpoint::{Endpoint, Reply, Request};

use crate::{config, http};

fn s3(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (Endpoint, S3) {
    let endpoint = Endpoint::new(handler);
    let s3 = S3::new(&config(&endpoint), &http(), "eu-west-1", None);
    (endpoint, s3)
}

fn url(text: &str) -> ObjectUrl {
    text.parse().unwrap()
}

/// Returns the path of a file that does not exist yet.
fn new_file() -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("objects-{}-{number}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

fn error(status: u16, code: &str) -> Reply {
    Reply::bytes(status, format!("<Error><Code>{code}</Code><Message>no</Message></Error>"))
}

/// Serves `data` with an etag. Supports a range.
fn object(request: &Request, data: &[u8]) -> Reply {
    let etag = ("etag", "\"v1\"".to_owned());
    match request.header("range") {
        None => Reply::Answer(200, vec![etag], data.to_vec()),
        Some(range) => {
            assert_eq!(request.header("if-match"), Some("\"v1\""));
            let start: usize =
                range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap();
            Reply::Answer(206, vec![etag], data[start..].to_vec())
        }
    }
}

#[tokio::test]
async fn resumes_an_interrupted_download() {
    let data: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
    let (count, content) = (AtomicUsize::new(0), data.clone());
    let (endpoint, s3) = s3(move |request| {
        let reply = object(request, &content);
        let first = count.fetch_add(1, Ordering::Relaxed) < 2;
        if first { Reply::Broken(Box::new(reply), 150_000) } else { reply }
    });
    let path = new_file();
    assert!(Objects::download(&s3, &url("s3://bucket-a/k"), None, &path).await.unwrap());
    assert_eq!(std::fs::read(&path).unwrap(), data);
    assert_eq!(endpoint.received().len(), 3);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn fails_if_an_object_is_replaced_during_the_download() {
    let (_endpoint, s3) = s3(|request| match request.header("range") {
        None => Reply::Broken(Box::new(object(request, &[7; 1000])), 500),
        Some(_) => error(412, "PreconditionFailed"),
    });
    let path = new_file();
    let failure = Objects::download(&s3, &url("s3://bucket-a/k"), None, &path).await.unwrap_err();
    assert!(failure.message().contains("PreconditionFailed"), "{failure}");
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn fails_for_a_forbidden_object_but_not_for_a_missing_one() {
    let (_endpoint, missing) = s3(|_| error(404, "NoSuchKey"));
    let path = new_file();
    assert!(!Objects::download(&missing, &url("s3://bucket-a/k"), None, &path).await.unwrap());
    assert!(!path.exists());
    let (_endpoint, forbidden) = s3(|_| error(403, "AccessDenied"));
    let failure =
        Objects::download(&forbidden, &url("s3://bucket-a/k"), None, &path).await.unwrap_err();
    assert!(failure.hint().contains("s3:GetObject"), "{failure}");
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn reads_only_the_requested_version() {
    let data: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
    let (count, content) = (AtomicUsize::new(0), data.clone());
    let (endpoint, s3) = s3(move |request| {
        let reply = object(request, &content);
        let first = count.fetch_add(1, Ordering::Relaxed) == 0;
        if first { Reply::Broken(Box::new(reply), 150_000) } else { reply }
    });
    let (url, path) = (url("s3://bucket-a/a//b+c %20/../데"), new_file());
    assert!(Objects::download(&s3, &url, Some("3/L4+ .x"), &path).await.unwrap());
    assert_eq!(std::fs::read(&path).unwrap(), data);
    let received = endpoint.received();
    let expected = "/bucket-a/a//b%2Bc%20%2520/../%EB%8D%B0?versionId=3%2FL4%2B%20.x";
    assert_eq!(received.len(), 2);
    assert!(received.iter().all(|request| request.path == expected), "{}", received[0].path);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_missing_version_does_not_exist() {
    let (_endpoint, s3) = s3(|_| error(404, "NoSuchVersion"));
    let path = new_file();
    assert!(!Objects::download(&s3, &url("s3://bucket-a/k"), Some("v1"), &path).await.unwrap());
    let (_endpoint, s3) = self::s3(|_| error(400, "InvalidArgument"));
    let failure = Objects::download(&s3, &url("s3://bucket-a/k"), Some("no"), &path).await;
    let failure = failure.unwrap_err();
    let named = "reading the version no of s3://bucket-a/k: InvalidArgument";
    assert!(failure.message().contains(named), "{failure}");
    std::fs::remove_file(path).unwrap();
}

/// S3 answers 404 if the current version is a delete marker, and 405 for the marker itself.
#[tokio::test]
async fn fails_for_a_delete_marker() {
    for (version, status) in [(None, 404), (Some("v2"), 405)] {
        let (_endpoint, s3) = s3(move |_| {
            let headers = vec![("x-amz-delete-marker", "true".to_owned())];
            Reply::Answer(status, headers, b"<Error><Code>NoSuchKey</Code></Error>".to_vec())
        });
        let path = new_file();
        let failure = Objects::download(&s3, &url("s3://bucket-a/k"), version, &path).await;
        let failure = failure.unwrap_err();
        assert!(failure.message().contains("s3://bucket-a/k: the object was deleted"), "{failure}");
        assert!(failure.hint().contains("upload the object again"), "{failure}");
        std::fs::remove_file(path).unwrap();
    }
}

#[tokio::test]
async fn lists_all_pages() {
    let (endpoint, s3) = s3(|request| {
        assert!(request.path.contains("list-type=2") && request.path.contains("prefix=a%2Fb%20c"));
        let page = |key: &str, next: &str| {
            Reply::bytes(
                200,
                format!(
                    "<ListBucketResult><EncodingType>url</EncodingType>\
                     <Contents><Key>{key}</Key><Size>1</Size></Contents>{next}</ListBucketResult>"
                ),
            )
        };
        if request.path.contains("continuation-token=t%2F1") {
            page("a/b+c/%EB%8D%B0.csv", "<IsTruncated>false</IsTruncated>")
        } else {
            let next = "<IsTruncated>true</IsTruncated>\
                        <NextContinuationToken>t/1</NextContinuationToken>";
            page("a/b+c/1%2B1.csv", next)
        }
    });
    let found = Objects::list(&s3, &url("s3://bucket-a/a/b c")).await.unwrap();
    let keys: Vec<_> = found.iter().map(|listed| listed.url.key()).collect();
    assert_eq!(keys, ["a/b c/1+1.csv", "a/b c/데.csv"]);
    assert_eq!(endpoint.received().len(), 2);
}

#[tokio::test]
async fn signs_the_content_of_stored_objects() {
    let (endpoint, s3) = s3(|_| Reply::bytes(200, ""));
    Objects::put(&s3, &url("s3://bucket-a/rejected/a b.jsonl"), b"{}\n").await.unwrap();
    let received = endpoint.received();
    assert_eq!(
        (&*received[0].method, &*received[0].path),
        ("PUT", "/bucket-a/rejected/a%20b.jsonl")
    );
    assert_eq!(received[0].body, b"{}\n");
    assert_eq!(
        received[0].header("x-amz-content-sha256"),
        Some("ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356")
    );
}
