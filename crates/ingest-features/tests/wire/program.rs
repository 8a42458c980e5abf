//! The program as a processing job and by hand, with an endpoint that replaces AWS.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use test_endpoint::{Endpoint, Reply, Request};

/// A folder that is removed after the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("program-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// Returns a command that runs the program in this folder with `endpoint`, and an otherwise empty
    /// environment.
    fn command(&self, endpoint: &Endpoint, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ingest-features"));
        command
            .args(arguments)
            .env_clear()
            .env("AWS_ENDPOINT_URL", endpoint.url())
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, endpoint: &Endpoint, arguments: &[&str]) -> Output {
        self.command(endpoint, arguments).output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Creates a folder with a flow and `rows` rows.
fn folder(rows: usize) -> Folder {
    let folder = Folder::new();
    let flow = format!("{}/tests/fixtures/small.flow", env!("CARGO_MANIFEST_DIR"));
    folder.write("small.flow", fs::read(flow).unwrap());
    let rows = (0..rows).map(|row| format!("{row},{row}.5\n"));
    folder.write("data.csv", std::iter::once("id,x\n".to_owned()).chain(rows).collect::<String>());
    folder
}

const JOB: [&str; 8] = [
    "--flow",
    "small.flow",
    "--input",
    "data.csv",
    "--feature-group",
    "FG",
    "--event-time",
    "2026-11-22T10:00:00Z",
];

fn group(status: &str) -> Reply {
    let feature = |name: &str, kind: &str| json!({ "FeatureName": name, "FeatureType": kind });
    Reply::json(
        200,
        &json!({
            "FeatureGroupArn": "arn", "FeatureGroupName": "FG", "CreationTime": 1.0, "NextToken": "",
            "RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "time",
            "FeatureGroupStatus": status,
            "FeatureDefinitions": [
                feature("id", "Integral"), feature("time", "Fractional"), feature("x", "Fractional"),
            ],
        }),
    )
}

/// Returns the identifiers of a batch or of a single record.
fn identifiers(request: &Request) -> Vec<String> {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let id = |record: &Value| {
        let values = record["Record"].as_array().unwrap();
        let id = values.iter().find(|value| value["FeatureName"] == "id").unwrap();
        id["ValueAsString"].as_str().unwrap().to_owned()
    };
    body["Entries"].as_array().map_or_else(|| vec![id(&body)], |all| all.iter().map(id).collect())
}

type Written = Arc<Mutex<BTreeSet<String>>>;

/// Creates an endpoint with a group. `fault` decides on the outcome of each writing call.
fn endpoint(
    fault: impl Fn(usize, &Request) -> Option<Reply> + Send + Sync + 'static,
) -> (Endpoint, Written) {
    let (count, written) = (AtomicUsize::new(0), Written::default());
    let record = Arc::clone(&written);
    let endpoint = Endpoint::new(move |request| {
        if request.target() == Some("DescribeFeatureGroup") {
            return group("Created");
        }
        let number = count.fetch_add(1, Ordering::Relaxed);
        fault(number, request).unwrap_or_else(|| {
            record.lock().unwrap().extend(identifiers(request));
            Reply::json(200, &json!({ "Errors": [], "UnprocessedEntries": [] }))
        })
    });
    (endpoint, written)
}

fn summary(output: &Output) -> Value {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(stdout.trim()).unwrap_or_else(|_| panic!("{stdout}{stderr}"))
}

fn error(status: u16, code: &str) -> Reply {
    let headers = vec![("x-amzn-errortype", code.to_owned())];
    Reply::Answer(status, headers, b"{\"Message\": \"no\"}".to_vec())
}

#[test]
fn writes_every_row_despite_faults() {
    // There are eight batches, so each batch meets only a few of these faults.
    let (endpoint, written) = endpoint(|number, request| match number {
        0 | 8 => Some(error(400, "ThrottlingException")),
        1 => Some(error(500, "InternalFailure")),
        2 | 9 => Some(Reply::Cut),
        3 => Some(Reply::NotHttp),
        4 | 10 => Some(Reply::json(200, "not JSON")),
        5 => {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            Some(Reply::json(200, &json!({ "Errors": [], "UnprocessedEntries": body["Entries"] })))
        }
        _ => None,
    });
    let folder = folder(200);
    let output = folder.run(&endpoint, &JOB);
    let summary = summary(&output);
    assert!(output.status.success(), "{summary}");
    assert_eq!((&summary["rows_read"], &summary["rows_written"]), (&json!(200), &json!(200)));
    assert!(summary["retries"].as_u64().unwrap() >= 6, "{summary}");
    assert_eq!(written.lock().unwrap().len(), 200);
    assert!(!folder.0.join("rejected.jsonl").exists());
}

#[test]
fn puts_records_one_by_one_if_batches_are_not_permitted() {
    let (endpoint, written) = endpoint(|_, request| {
        (request.path == "/BatchWriteRecord").then(|| error(403, "AccessForbidden"))
    });
    let output = folder(40).run(&endpoint, &JOB);
    assert_eq!(summary(&output)["rows_written"], 40);
    assert_eq!(written.lock().unwrap().len(), 40);
}

#[test]
fn logs_json_without_data() {
    let (endpoint, _) = endpoint(|_, _| None);
    let folder = folder(0);
    folder.write("data.csv", "id,x\n123454321,567898765.5\n");
    let output = folder.run(&endpoint, &JOB);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{stderr}");
    assert!(!stderr.contains("123454321") && !stderr.contains("567898765"), "{stderr}");
}

#[test]
fn warns_about_failed_casts_without_quoting_values() {
    let (endpoint, _) = endpoint(|_, _| None);
    let folder = folder(0);
    folder.write("data.csv", "id,x\n1,abracadabra\n2,2.5\n");
    let output = folder.run(&endpoint, &JOB);
    assert!(output.status.success());
    let stderr = String::from_utf8(output.stderr).unwrap();
    let lines = stderr.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let warnings: Vec<_> = lines.filter(|line| line["level"] == "WARN").collect();
    assert_eq!(
        warnings[0]["message"],
        "1 value of the column `x` could not be read as double and became null (node types; first: \
         data.csv, line 2)"
    );
    assert_eq!(warnings.len(), 1);
    assert!(!stderr.contains("abracadabra"), "{stderr}");
}

#[test]
fn warns_about_malformed_rows_in_a_dry_run() {
    let (endpoint, _) = endpoint(|_, _| None);
    let folder = folder(0);
    folder.write("data.csv", "id,x\n1,1.5\n2\n");
    let output =
        folder.run(&endpoint, &["--flow", "small.flow", "--input", "data.csv", "--dry-run"]);
    assert!(output.status.success());
    let stderr = String::from_utf8(output.stderr).unwrap();
    let warning = "1 row does not match the file's format (first: data.csv, line 3: 1 field, and the \
                   header has 2)";
    assert!(stderr.contains(warning), "{stderr}");
}

#[test]
fn describes_the_group_through_its_own_endpoint() {
    let (records, _) = endpoint(|_, _| None);
    let descriptions = Endpoint::new(|_| group("Created"));
    let output = folder(1)
        .command(&records, &JOB)
        .env("AWS_ENDPOINT_URL_SAGEMAKER", descriptions.url())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(descriptions.received().len(), 1);
    assert!(records.received().iter().all(|request| request.target().is_none()));
}

#[test]
fn a_stopped_job_accounts_for_every_row_and_leaves_an_exit_message() {
    let folder = folder(5000);
    // The second call lasts until the signal has been sent.
    let (started, wait_for_start) = std::sync::mpsc::channel();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let (endpoint, written) = endpoint(move |number, _| {
        if number == 1 {
            started.send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
        }
        None
    });
    folder.write("ml/config/processingjobconfig.json", "{}");
    let arguments = [&JOB[..], &["--concurrency", "1"]].concat();
    let mut command = folder.command(&endpoint, &arguments);
    let child = command.env("INGEST_FEATURES_ML_DIR", folder.0.join("ml")).spawn().unwrap();
    wait_for_start.recv().unwrap();
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    go.send(()).unwrap();
    let output = child.wait_with_output().unwrap();
    let summary = summary(&output);
    assert_eq!(output.status.code(), Some(143), "{summary}");
    let written = written.lock().unwrap().len();
    assert_eq!(summary["status"], "Stopped");
    assert_eq!(summary["rows_written"], written);
    assert_eq!(summary["rows_unwritten"], 5000 - written);
    let rejected = folder.read("ml/processing/rejected/rejected.jsonl");
    assert_eq!(rejected.lines().count(), 5000 - written);
    assert!(folder.read("ml/output/message").starts_with("the job was stopped: "));
}

#[test]
fn stops_at_once_while_waiting_for_data() {
    // S3 does not respond while the job runs.
    let (started, wait_for_start) = std::sync::mpsc::channel();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let endpoint = Endpoint::new(move |request| {
        if request.target().is_none() {
            started.send(()).unwrap();
            let _ = wait.lock().unwrap().recv();
        }
        group("Created")
    });
    let mut arguments = JOB;
    arguments[3] = "s3://bucket-a/data.csv";
    let folder = folder(0);
    let child = folder.command(&endpoint, &arguments).spawn().unwrap();
    wait_for_start.recv().unwrap();
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("the job was stopped while it read the data"), "{stderr}");
    drop(go);
}

#[test]
fn writes_a_failure_as_the_exit_message() {
    let folder = folder(1);
    folder.write("ml/config/processingjobconfig.json", "{}");
    folder.write("ml/config/resourceconfig.json", "{\"hosts\": [\"algo-1\", \"algo-2\"]}");
    let (endpoint, _) = endpoint(|_, _| None);
    let mut command = folder.command(&endpoint, &JOB);
    let output = command.env("INGEST_FEATURES_ML_DIR", folder.0.join("ml")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = folder.read("ml/output/message");
    assert!(message.starts_with("the job has 2 instances"), "{message}");
    assert!(String::from_utf8(output.stderr).unwrap().contains(&format!("error: {message}")));
    let output = folder
        .command(&endpoint, &["--surplus"])
        .env("INGEST_FEATURES_ML_DIR", folder.0.join("ml"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(folder.read("ml/output/message").starts_with("unexpected argument '--surplus'"));
}

#[test]
fn dry_run_does_not_call_aws() {
    let folder = folder(3);
    let (endpoint, _) = endpoint(|_, _| None);
    let arguments = ["--flow", "small.flow", "--input", "data.csv", "--dry-run"];
    let output = folder.command(&endpoint, &arguments).env_clear().output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().ends_with("3 rows\n"));
    assert!(endpoint.received().is_empty());
}

#[test]
fn names_the_remedy_for_a_missing_region_or_credentials() {
    let folder = folder(1);
    let (endpoint, _) = endpoint(|_, _| None);
    let without = |name: &str| {
        let mut command = folder.command(&endpoint, &JOB);
        // Do not look for credentials over the network.
        command.env("AWS_EC2_METADATA_DISABLED", "true").env_remove(name);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let region = without("AWS_REGION");
    assert!(region.contains("hint: set AWS_REGION"), "{region}");
    let credentials = without("AWS_ACCESS_KEY_ID");
    assert!(credentials.contains("hint: set AWS_PROFILE"), "{credentials}");
}
