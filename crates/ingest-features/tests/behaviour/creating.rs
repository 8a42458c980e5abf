//! `--create-feature-group`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fs;

use ingest_features::feature_group::{FeatureGroup, FeatureType, NewGroup, TimeToLive};
use ingest_features::store::{BatchAnswer, Creation, Destination, Record, Store, StoreError};

use crate::fake_store::{denied, internal, throttled};
use crate::machine::{Ended, Machine};

const ROLE: &str = "arn:aws:iam::123456789012:role/feature-store";
const JOB: [&str; 12] = [
    "--flow",
    "@/small.flow",
    "--input",
    "@/data.csv",
    "--create-feature-group",
    "--feature-group",
    "FG-new",
    "--record-identifier",
    "id",
    "--event-time-feature",
    "time",
    "--online-store",
];

/// The part of `SageMaker` that creates groups.
#[derive(Default)]
struct Groups {
    group: RefCell<Option<FeatureGroup>>,
    /// The statuses that a new group goes through.
    statuses: RefCell<VecDeque<&'static str>>,
    failure: Option<&'static str>,
    /// Errors of the next calls.
    describe_errors: RefCell<Vec<StoreError>>,
    create_errors: RefCell<Vec<StoreError>>,
    /// Whether another run creates the same group just before this one does.
    race: bool,
    created: Cell<usize>,
}

impl Groups {
    fn of(statuses: &[&'static str]) -> Self {
        Self { statuses: RefCell::new(statuses.iter().copied().collect()), ..Self::default() }
    }
}

impl Store for Groups {
    async fn describe(&self, group: &str) -> Result<FeatureGroup, StoreError> {
        if let Some(error) = self.describe_errors.borrow_mut().pop() {
            return Err(error);
        }
        let mut found = self.group.borrow_mut();
        let Some(found) = found.as_mut() else {
            return Err(StoreError::reported("ResourceNotFound", group, Some(400)));
        };
        if let Some(status) = self.statuses.borrow_mut().pop_front() {
            status.clone_into(&mut found.status);
        }
        Ok(found.clone())
    }

    async fn create(&self, group: &NewGroup) -> Result<Creation, StoreError> {
        if let Some(error) = self.create_errors.borrow_mut().pop() {
            return Err(error);
        }
        if self.group.borrow().is_some() {
            return Ok(Creation::Exists);
        }
        *self.group.borrow_mut() = Some(described(group, self.failure));
        self.created.set(self.created.get() + 1);
        Ok(if self.race { Creation::Exists } else { Creation::Accepted })
    }

    async fn batch_write(&self, _: &Destination, _: &[Record]) -> Result<BatchAnswer, StoreError> {
        panic!("nothing is to be written")
    }

    async fn put(&self, _: &Destination, _: &Record) -> Result<(), StoreError> {
        panic!("nothing is to be written")
    }
}

fn described(group: &NewGroup, failure: Option<&str>) -> FeatureGroup {
    FeatureGroup {
        name: group.name.clone(),
        status: "Creating".to_owned(),
        failure: failure.map(str::to_owned),
        offline_status: None,
        offline_blocked: None,
        record_identifier: group.options.record_identifier.clone(),
        event_time: group.options.event_time.clone(),
        features: group.features.clone(),
        stores: group.options.stores.clone(),
    }
}

fn machine() -> Machine {
    let machine = Machine::new();
    let flow = format!("{}/tests/fixtures/small.flow", env!("CARGO_MANIFEST_DIR"));
    machine.write("small.flow", fs::read(flow).unwrap());
    machine.write("data.csv", "id,x\n1,1.5\n");
    machine
}

fn run(groups: &Groups, more: &[&str]) -> Ended {
    machine().run_with(groups, &[&JOB[..], more].concat())
}

fn stdout(ended: Ended) -> String {
    assert_eq!(ended.result, Ok(()));
    ended.stdout
}

#[test]
fn creates_a_group_from_the_flows_output() {
    let groups = Groups::of(&["Creating", "Creating", "Created"]);
    let offline = ["--offline-store", "s3://bucket-a/fs", "--role-arn", ROLE];
    let more = ["--ttl", "30d", "--kms-key", "alias/key", "--description", "Abalones"];
    let ended = run(&groups, &[&offline[..], &more].concat());
    assert_eq!(stdout(ended), "the feature group FG-new was created\n");
    let group = groups.group.borrow().clone().unwrap();
    let features: Vec<_> = group.features.iter().map(|f| (&*f.name, f.kind.clone())).collect();
    assert_eq!(
        features,
        [
            ("id", FeatureType::Integral),
            ("x", FeatureType::Fractional),
            ("time", FeatureType::Fractional),
        ]
    );
    assert_eq!((&*group.record_identifier, &*group.event_time), ("id", "time"));
    let (online, offline) = (group.stores.online.unwrap(), group.stores.offline.unwrap());
    assert_eq!(online.ttl.as_ref().map(TimeToLive::to_string).as_deref(), Some("30d"));
    assert_eq!(offline.location, "s3://bucket-a/fs");
    for key in [online.kms_key, offline.kms_key] {
        assert_eq!(key.as_deref(), Some("alias/key"));
    }
    assert_eq!(group.stores.role.as_deref(), Some(ROLE));
}

#[test]
fn an_equal_group_is_left_as_it_is() {
    let groups = Groups::of(&["Created"]);
    assert_eq!(stdout(run(&groups, &[])), "the feature group FG-new was created\n");
    groups.group.borrow_mut().as_mut().unwrap().features.reverse();
    let again = stdout(run(&groups, &["--description", "another"]));
    let same = "the feature group FG-new exists with the same definition; nothing was changed\n";
    assert_eq!((&*again, groups.created.get()), (same, 1));
}

#[test]
fn waits_for_a_group_that_another_run_creates() {
    let groups = Groups { race: true, ..Groups::of(&["Creating", "Created"]) };
    assert!(stdout(run(&groups, &[])).contains("exists with the same definition"));
    let groups = Groups::of(&["Creating", "Creating", "Created"]);
    let other = Groups::of(&["Created"]);
    stdout(run(&other, &[]));
    groups.group.replace(other.group.take());
    assert!(stdout(run(&groups, &[])).contains("exists with the same definition"));
    assert_eq!(groups.created.get(), 0);
}

#[test]
fn lists_how_an_existing_group_differs() {
    let groups = Groups::of(&["Created"]);
    let offline = ["--offline-store", "s3://bucket-a/fs", "--role-arn", ROLE];
    stdout(run(&groups, &[&offline[..], &["--ttl", "30d", "--kms-key", "key-1"]].concat()));
    let mut group = groups.group.borrow().clone().unwrap();
    group.features[0].kind = FeatureType::String;
    group.features[1].name = "y".to_owned();
    group.record_identifier = "y".to_owned();
    groups.group.replace(Some(group));
    let other = ["--offline-store", "s3://bucket-a/other", "--role-arn", ROLE, "--ttl", "1w"];
    insta::assert_snapshot!(run(&groups, &other).failure());
    let online_only = run(&groups, &[]).failure();
    assert!(online_only.message().contains("offline store: the group has s3://bucket-a/fs"));
    assert_eq!(groups.created.get(), 1);
}

#[test]
fn reports_why_a_group_could_not_be_created() {
    let failed = Groups::of(&["Creating", "CreateFailed"]);
    let groups = Groups { failure: Some("the role cannot be assumed"), ..failed };
    let failure = run(&groups, &[]).failure();
    let message = "the feature group FG-new is CreateFailed: the role cannot be assumed";
    assert_eq!(failure.message(), message);
    assert!(failure.hint().contains("delete the group"));
    let groups = Groups::of(&["Deleting"]);
    let failure = run(&groups, &[]).failure();
    assert_eq!(failure.message(), "the feature group FG-new is Deleting");
}

#[test]
fn retries_transient_errors_and_reports_others() {
    let groups = Groups::of(&["Created"]);
    groups.describe_errors.replace(vec![throttled(), internal()]);
    groups.create_errors.replace(vec![throttled()]);
    stdout(run(&groups, &[]));
    // Sometimes the service does not find a new group for a moment.
    let groups = Groups::of(&["Created"]);
    let not_found = StoreError::reported("ResourceNotFound", "FG-new", Some(400));
    groups.describe_errors.replace(vec![not_found.clone(), not_found]);
    stdout(run(&groups, &[]));
    let groups = Groups::default();
    groups.create_errors.replace(vec![denied()]);
    let failure = run(&groups, &[]).failure();
    assert!(failure.message().starts_with("creating the feature group FG-new: AccessForbidden"));
    assert!(failure.hint().contains("sagemaker:CreateFeatureGroup"), "{failure}");
}

#[test]
fn a_signal_ends_the_waiting() {
    let groups = Groups::of(&["Creating"]);
    let machine = machine();
    // The signal arrives after the data was read, which it would stop as well.
    let stopping = Stopping { groups, stop: machine.stop.clone() };
    let failure = machine.run_with(&stopping, &JOB).failure();
    assert_eq!(failure.exit_code(), 143);
    assert_eq!(failure.message(), "stopped while the feature group FG-new is Creating");
}

/// Groups that receive a signal while they are created.
struct Stopping {
    groups: Groups,
    stop: ingest_features::stop::Stop,
}

impl Store for Stopping {
    async fn describe(&self, group: &str) -> Result<FeatureGroup, StoreError> {
        self.groups.describe(group).await
    }

    async fn create(&self, group: &NewGroup) -> Result<Creation, StoreError> {
        self.stop.set(15);
        self.groups.create(group).await
    }

    async fn batch_write(&self, to: &Destination, r: &[Record]) -> Result<BatchAnswer, StoreError> {
        self.groups.batch_write(to, r).await
    }

    async fn put(&self, to: &Destination, record: &Record) -> Result<(), StoreError> {
        self.groups.put(to, record).await
    }
}

#[test]
fn checks_the_output_before_it_calls_aws() {
    let groups = Groups::default();
    let machine = machine();
    for (option, value, message) in [
        ("--record-identifier", "ID", "the record identifier `ID` has no column"),
        ("--event-time-feature", "at", "the event time `at` has no column"),
    ] {
        let mut arguments = JOB.to_vec();
        let place = arguments.iter().position(|argument| *argument == option).unwrap();
        arguments[place + 1] = value;
        let failure = machine.run_with(&groups, &arguments).failure();
        assert!(failure.message().contains(message), "{failure}");
    }
    machine.write("data.csv", "id,x,write_time\n1,1.5,3\n");
    let flow = fs::read_to_string(machine.path("small.flow")).unwrap();
    let typed = flow.replace(r#""x": "float"}"#, r#""x": "float", "write_time": "long"}"#);
    machine.write("small.flow", typed);
    let failure = machine.run_with(&groups, &JOB).failure();
    assert!(failure.message().contains("a name that Feature Store reserves"), "{failure}");
    assert!(groups.group.borrow().is_none());
}

#[test]
fn rejects_contradictory_options() {
    let arn = "arn:aws:sagemaker:eu-west-1:123456789012:feature-group/FG";
    let group = ["--create-feature-group", "--feature-group", "FG", "--record-identifier", "id"];
    let time = ["--event-time-feature", "time"];
    let complete = [&group[..], &time].concat();
    let with = |more: &[&'static str]| [&complete[..], more].concat();
    for arguments in [
        group.to_vec(),
        complete.clone(),
        with(&["--online-store"])
            .into_iter()
            .map(|argument| if argument == "FG" { arn } else { argument })
            .collect(),
        with(&["--offline-store", "s3://bucket-a/fs"]),
        with(&["--offline-store", "bucket-a/fs", "--role-arn", ROLE]),
        with(&["--offline-store", "s3://bucket-a/fs", "--role-arn", ROLE, "--ttl", "1d"]),
        with(&["--online-store", "--role-arn", "admin"]),
        with(&["--online-store", "--dry-run"]),
        with(&["--online-store", "--output", "a.csv"]),
        with(&["--online-store", "--print-feature-definitions"]),
        with(&["--online-store", "--target-stores", "online"]),
        with(&["--online-store", "--kms-key", "a b"]),
        [&group[..], &["--event-time-feature", "id", "--online-store"]].concat(),
        vec!["--feature-group", "FG", "--online-store"],
        vec!["--feature-group", "FG", "--role-arn", ROLE],
    ] {
        let ended = machine().run_with(&Groups::default(), &arguments);
        assert_eq!(ended.failure().exit_code(), 2, "{arguments:?}");
    }
}
