//! A simulated machine for jobs: folders, S3 and Feature Store.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_common::{ObjectUrl, RetryPolicy};
use ingest_features::cli::{self, NoJob};
use ingest_features::contract::MlDir;
use ingest_features::job::{JobContext, Services};
use ingest_features::objects::{Listed, Objects};
use ingest_features::stop::Stop;
use ingest_features::store::Store;
use serde_json::{Value, json};
use terminal_text::Failure;

use crate::fake_store::FakeStore;

/// The output of `flows/abalone.flow`.
pub(crate) const OUTPUT: &str = "00000000-0000-4000-8000-000000000005.default";

/// A machine whose folders are removed after the test.
pub(crate) struct Machine {
    root: PathBuf,
    pub(crate) objects: FakeObjects,
    pub(crate) stop: Stop,
}

/// The result of a job.
pub(crate) struct Ended {
    pub(crate) result: Result<(), Failure>,
    pub(crate) stdout: String,
}

impl Machine {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("machine-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        Self { root, objects: FakeObjects::default(), stop: Stop::default() }
    }

    /// Creates a machine with a processing job, as the definition for the Data Wrangler container
    /// describes it.
    pub(crate) fn in_a_job() -> Self {
        let machine = Self::new();
        machine.write("ml/config/processingjobconfig.json", job_config().to_string());
        machine.write(
            "ml/config/resourceconfig.json",
            json!({ "current_host": "algo-1", "hosts": ["algo-1"] }).to_string(),
        );
        machine.write("ml/processing/flow/abalone.flow", abalone_flow());
        machine.write("ml/processing/abalone.csv/new.csv", abalone_csv());
        machine
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Runs a job. `@` in an argument is this machine's folder.
    pub(crate) fn run(&self, store: FakeStore<'_>, arguments: &[&str]) -> (Ended, FakeOutcome) {
        let ended = self.run_with(&store, arguments);
        let records = store.records.borrow().clone();
        let calls = store.calls.borrow().len();
        drop(store);
        (ended, FakeOutcome { records, calls })
    }

    /// Runs a job with any store.
    pub(crate) fn run_with<S: Store>(&self, store: &S, arguments: &[&str]) -> Ended {
        let arguments = arguments
            .iter()
            .map(|argument| argument.replace('@', self.root.to_str().unwrap()).into());
        let program = std::iter::once("ingest-features".into());
        let task = match cli::parse(program.chain(arguments)) {
            Ok(task) => task,
            Err(NoJob::Failure(failure)) => {
                return Ended { result: Err(failure), stdout: String::new() };
            }
            Err(NoJob::HelpOrVersion(text)) => panic!("{text}"),
        };
        let ml = self.path("ml").into_os_string();
        let pause = Duration::from_micros(10);
        let context = JobContext {
            ml: MlDir::new(|name| (name == "INGEST_FEATURES_ML_DIR").then(|| ml.clone())),
            stop: self.stop.clone(),
            terminal: false,
            retries: RetryPolicy { attempts: 10, first: pause, longest: pause },
            poll: pause,
            memory: None,
        };
        let mut stdout = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let connect = async |_: bool| Ok(Services { store, objects: &self.objects });
        let result = runtime.block_on(task.run(&context, connect, &mut stdout));
        Ended { result, stdout: String::from_utf8(stdout).unwrap() }
    }
}

/// What a store received.
pub(crate) struct FakeOutcome {
    pub(crate) records: BTreeMap<String, ingest_features::store::Record>,
    pub(crate) calls: usize,
}

impl Ended {
    pub(crate) fn failure(self) -> Failure {
        self.result.unwrap_err()
    }

    pub(crate) fn summary(&self) -> Value {
        serde_json::from_str(self.stdout.trim()).unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// An in-memory S3.
#[derive(Default)]
pub(crate) struct FakeObjects {
    pub(crate) objects: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Older versions, by URL and version ID.
    pub(crate) versions: RefCell<BTreeMap<(String, String), Vec<u8>>>,
    /// Whether `put` fails.
    pub(crate) full: std::cell::Cell<bool>,
}

impl Objects for &FakeObjects {
    async fn get(&self, url: &ObjectUrl) -> Result<Vec<u8>, Failure> {
        let objects = self.objects.borrow();
        let object = objects.get(&url.to_string()).cloned();
        object.ok_or_else(|| Failure::new(format!("{url}: NoSuchKey"), "check it"))
    }

    async fn download(
        &self,
        url: &ObjectUrl,
        version: Option<&str>,
        path: &Path,
    ) -> Result<bool, Failure> {
        let (objects, versions) = (self.objects.borrow(), self.versions.borrow());
        let object = match version {
            Some(version) => versions.get(&(url.to_string(), version.to_owned())),
            None => objects.get(&url.to_string()),
        };
        let Some(object) = object else { return Ok(false) };
        assert!(!path.exists());
        fs::write(path, object).unwrap();
        Ok(true)
    }

    async fn list(&self, prefix: &ObjectUrl) -> Result<Vec<Listed>, Failure> {
        let objects = self.objects.borrow();
        let below = objects.iter().filter(|(url, _)| url.starts_with(&prefix.to_string()));
        let listed =
            below.map(|(url, body)| Listed { url: url.parse().unwrap(), size: body.len() as u64 });
        Ok(listed.collect())
    }

    async fn put(&self, url: &ObjectUrl, body: &[u8]) -> Result<(), Failure> {
        if self.full.get() {
            return Err(Failure::new(format!("storing {url}: AccessDenied"), "allow it"));
        }
        self.objects.borrow_mut().insert(url.to_string(), body.to_vec());
        Ok(())
    }
}

pub(crate) fn job_config() -> Value {
    json!({
        "ProcessingJobName": "pipelines-abc-datawrangler-xyz",
        "CreationTime": "2026-11-22T10:00:00Z",
        "ProcessingInputs": [
            {
                "InputName": "flow",
                "AppManaged": false,
                "S3Input": { "LocalPath": "/opt/ml/processing/flow", "S3Uri": "s3://b/f" },
            },
            {
                "InputName": "abalone.csv",
                "AppManaged": false,
                "S3Input": { "LocalPath": "/opt/ml/processing/abalone.csv", "S3Uri": "s3://b/d" },
            },
        ],
        "ProcessingOutputConfig": { "Outputs": [{
            "OutputName": OUTPUT,
            "AppManaged": true,
            "FeatureStoreOutput": { "FeatureGroupName": "FG-test" },
        }], "KmsKeyId": null },
        "Environment": null,
    })
}

pub(crate) fn abalone_flow() -> Vec<u8> {
    fs::read(format!("{}/../../flows/abalone.flow", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Rows of the Abalone data.
pub(crate) fn abalone_csv() -> String {
    let header = "record_id,sex,length,diameter,height,whole_weight,shucked_weight,viscera_weight,\
                  shell_weight,rings";
    format!(
        "{header}\n\
         1,M,0.455,0.365,0.095,0.514,0.2245,0.101,0.15,15\n\
         2,M,0.35,0.265,0.09,0.2255,0.0995,0.0485,0.07,7\n\
         3,F,0.53,0.42,0.135,0.677,0.2565,0.1415,0.21,9\n\
         4,I,0.33,0.255,0.08,0.205,0.0895,0.0395,0.055,7\n"
    )
}
