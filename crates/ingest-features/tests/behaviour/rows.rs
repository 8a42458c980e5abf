//! Whole jobs, and the outcome of their rows.

use std::fs;

use ingest_features::feature_group::{Collection, ElementType, Feature, FeatureType, Shape};
use ingest_features::store::{Destination, TargetStores};
use serde_json::{Value, json};

use crate::fake_store::{
    Attempts, Call, FakeStore, Fault, all_stores, denied, group, internal, refused, throttled,
};
use crate::machine::{Ended, Machine, OUTPUT, abalone_csv, abalone_flow};

const TIME: &str = "2026-11-22T10:00:00Z";
const JOB: [&str; 8] = [
    "--flow",
    "@/small.flow",
    "--input",
    "@/data.csv",
    "--feature-group",
    "FG-test",
    "--event-time",
    TIME,
];

/// Creates a machine with a small flow and this data. Rejected rows go to its `rejected.jsonl`.
fn machine(csv: &str) -> Machine {
    let machine = Machine::new();
    let flow = format!("{}/tests/fixtures/small.flow", env!("CARGO_MANIFEST_DIR"));
    machine.write("small.flow", fs::read(flow).unwrap());
    machine.write("data.csv", csv);
    machine
}

fn rows(count: usize) -> String {
    let rows = (0..count).map(|row| format!("{row},{row}.5\n"));
    std::iter::once("id,x\n".to_owned()).chain(rows).collect()
}

/// Returns the job's arguments, with more arguments.
fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    JOB.into_iter().chain(["--rejected", "@/rejected.jsonl"]).chain(more.iter().copied()).collect()
}

fn rejected(machine: &Machine) -> Vec<Value> {
    let text = fs::read_to_string(machine.path("rejected.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn calm(_: usize, _: &Call) -> Option<Fault> {
    None
}

/// Checks that every row is accounted for. Returns read, written, rejected and unwritten rows.
fn account(ended: &Ended) -> [u64; 4] {
    let summary = ended.summary();
    let count = |name: &str| summary[name].as_u64().unwrap();
    let [read, dropped] = [count("rows_read"), count("rows_dropped")];
    let [written, rejected, unwritten] =
        [count("rows_written"), count("rows_rejected"), count("rows_unwritten")];
    assert_eq!(read, written + rejected + unwritten + dropped, "{summary}");
    [read, written, rejected, unwritten]
}

#[test]
fn writes_rows_as_records_with_the_event_time() {
    let (ended, outcome) = machine(&rows(60)).run(FakeStore::new(calm), &with(&[]));
    assert_eq!(ended.result, Ok(()));
    assert_eq!(account(&ended), [60, 60, 0, 0]);
    let record = &outcome.records["7"];
    assert_eq!(record.event_time.1, "1795341600.0");
    assert_eq!(record.others[0].1, "7.5");
    assert_eq!(outcome.calls, 3);
    let mut summary = ended.summary();
    for changing in ["seconds", "rows_per_second"] {
        assert!(summary[changing].take().is_number());
    }
    insta::assert_snapshot!(format!("{summary:#}"));
}

#[test]
fn writes_to_the_named_stores_for_the_given_time() {
    let denied_batches = |_: usize, call: &Call| call.batch.then(|| Fault::Call(denied()));
    for script in [&calm as &dyn Fn(usize, &Call) -> Option<Fault>, &denied_batches] {
        for (arguments, stores, ttl) in [
            (&[][..], None, None),
            (&["--target-stores", "offline"], Some(TargetStores::Offline), None),
            (&["--ttl", "12h"], None, Some("12h")),
            (&["--target-stores", "both", "--ttl", "12h"], Some(TargetStores::Both), Some("12h")),
        ] {
            let store = FakeStore::new(script);
            let ended = machine(&rows(3)).run_with(&store, &with(arguments));
            assert_eq!(ended.result, Ok(()));
            let ttl = ttl.map(|ttl| ttl.parse().unwrap());
            let expected = Destination { stores, ttl, ..all_stores("FG-test") };
            assert_eq!(store.written_to.take(), Some(expected));
        }
    }
}

#[test]
fn refuses_stores_that_the_group_lacks() {
    let no_online = "it has no online store, which the target stores include";
    let no_offline = "it has no offline store, which the target stores include";
    for (online, offline, arguments, message) in [
        (false, true, &["--target-stores", "online"][..], no_online),
        (false, true, &["--target-stores", "both"], no_online),
        (true, false, &["--target-stores", "offline"], no_offline),
        (true, false, &["--target-stores", "online,offline"], no_offline),
        (false, true, &["--ttl", "30d"], "it has no online store, so its records cannot expire"),
    ] {
        for dry_run in [false, true] {
            let mut store = FakeStore::new(calm);
            let stores = &mut store.group.stores;
            stores.online = stores.online.take().filter(|_| online);
            stores.offline = stores.offline.take().filter(|_| offline);
            let arguments = [arguments, if dry_run { &["--dry-run"] } else { &[] }].concat();
            let (ended, outcome) = machine(&rows(3)).run(store, &with(&arguments));
            let failure = ended.failure();
            assert!(failure.message().contains(message), "{arguments:?}: {failure}");
            assert_eq!(outcome.calls, 0);
        }
    }
}

#[test]
fn writes_collections_and_rejects_rows_with_others() {
    let machine = Machine::new();
    let flow =
        fs::read_to_string(format!("{}/tests/fixtures/small.flow", env!("CARGO_MANIFEST_DIR")));
    let typed = flow.unwrap().replace(r#""x": "float""#, r#""tags": "string", "x": "string""#);
    machine.write("small.flow", typed);
    let csv = [
        "id,tags,x",
        r#"1,"[""b"", ""a"", ""b""]","[0.5, 2]""#,
        r#"2,[],"[1, 2]""#,
        r#"3,,"[1, 2]""#,
        r#"4,"[""secret"", 1]","[1, 2]""#,
        r#"5,"[""a""]","[1, 2, 3]""#,
        r#"6,"a, b","[1, 2]""#,
    ];
    machine.write("data.csv", csv.join("\n"));
    let mut store = FakeStore::new(calm);
    let kind = |shape, elements| FeatureType::Collection(Collection { shape, elements });
    store.group = group(&[
        ("id", FeatureType::Integral),
        ("time", FeatureType::Fractional),
        ("tags", kind(Shape::Set, ElementType::String)),
        ("x", kind(Shape::Vector(2), ElementType::Fractional)),
    ]);
    let (ended, outcome) = machine.run(store, &with(&["--max-rejected", "3"]));
    assert_eq!(ended.result, Ok(()));
    assert_eq!(account(&ended), [6, 3, 3, 0]);
    let collections = |id: &str| {
        let collections = &outcome.records[id].collections;
        let shown =
            collections.iter().map(|(name, elements)| format!("{name}={}", elements.join("|")));
        shown.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(collections("1"), "tags=b|a x=0.5|2.0");
    assert_eq!(collections("2"), "tags= x=1.0|2.0");
    assert_eq!(collections("3"), "x=1.0|2.0");
    let reasons: Vec<_> = rejected(&machine).iter().map(|row| row["reason"].to_string()).collect();
    assert_eq!(reasons.len(), 3);
    assert!(reasons[0].contains("tags: an element of the collection is not a JSON string"));
    assert!(reasons[1].contains("x: the vector does not have 2 elements"));
    assert!(reasons[2].contains("tags: the feature is a collection, and the value is not a JSON"));
    assert!(!reasons.concat().contains("secret"));
}

#[test]
fn a_second_run_writes_the_same_records() {
    let machine = machine(&rows(30));
    let first = machine.run(FakeStore::new(calm), &with(&[])).1.records;
    let second = machine.run(FakeStore::new(calm), &with(&[])).1.records;
    assert_eq!(first, second);
}

#[test]
fn stores_invalid_rows_with_line_and_reason_and_writes_nothing() {
    let machine = machine("id,x\n1,1.5\n,2.5\n3\n4,NaN\n5,5.5\n");
    let (ended, outcome) = machine.run(FakeStore::new(calm), &with(&[]));
    assert_eq!((account(&ended), outcome.calls), ([5, 0, 3, 2], 0));
    assert_eq!(ended.summary()["status"], "Failed");
    let lines: Vec<_> = rejected(&machine).iter().map(|row| row["line"].clone()).collect();
    assert_eq!(lines, [3, 4, 5]);
    let root = machine.path("").display().to_string();
    let text = fs::read_to_string(machine.path("rejected.jsonl")).unwrap();
    insta::assert_snapshot!(format!("{text}\n{}", ended.failure()).replace(&root, "/"));
}

#[test]
fn max_rejected_decides_whether_the_job_fails() {
    let csv = "id,x\n1,1.5\n,2.5\n3,3.5\n4,4.5\n";
    for (most, succeeds) in [("0", false), ("1", true), ("24.9%", false), ("25%", true)] {
        let machine = machine(csv);
        let (ended, outcome) = machine.run(FakeStore::new(calm), &with(&["--max-rejected", most]));
        assert_eq!(ended.result.is_ok(), succeeds, "{most}");
        assert_eq!(outcome.records.len(), if succeeds { 3 } else { 0 });
        assert_eq!(rejected(&machine).len(), 1);
        account(&ended);
    }
}

#[test]
fn writes_nothing_if_the_output_does_not_fit() {
    let mut store = FakeStore::new(calm);
    store.group.features.push(Feature { name: "y".into(), kind: FeatureType::String });
    store.group.features[2].kind = FeatureType::String;
    let (ended, outcome) = machine(&rows(3)).run(store, &with(&[]));
    assert_eq!((account(&ended), outcome.calls), ([3, 0, 0, 3], 0));
    let failure = ended.failure();
    assert!(failure.message().contains("the feature `x` is String"), "{failure}");
    assert!(failure.message().contains("the feature `y` has no column"), "{failure}");
}

#[test]
fn fails_before_reading_data_if_the_group_is_missing_or_not_ready() {
    let machine = machine("");
    let mut store = FakeStore::new(calm);
    store.group.name = "FG-other".to_owned();
    let failure = machine.run(store, &with(&[])).0.failure();
    assert!(failure.message().contains("feature group FG-test: ResourceNotFound"), "{failure}");
    let mut store = FakeStore::new(calm);
    store.group.status = "Creating".to_owned();
    let failure = machine.run(store, &with(&[])).0.failure();
    assert!(failure.message().contains("its status is `Creating`"), "{failure}");
    let mut store = FakeStore::new(calm);
    store.group.offline_status = Some("Blocked".to_owned());
    store.group.offline_blocked = Some("AccessDenied".to_owned());
    let (ended, outcome) = machine.run(store, &with(&[]));
    assert_eq!(outcome.calls, 0);
    let failure = ended.failure();
    assert!(
        failure.message().contains("its offline store is `Blocked` (AccessDenied)"),
        "{failure}"
    );
    let mut store = FakeStore::new(calm);
    store.group.offline_status = None;
    let failure = machine.run(store, &with(&[])).0.failure();
    assert!(!failure.message().contains("offline store"), "{failure}");
}

#[test]
fn leaves_rows_unwritten_if_the_store_keeps_failing() {
    let machine = machine(&rows(200));
    // Two calls succeed.
    let store = FakeStore::new(|number, _| (number > 1).then(|| Fault::Call(internal())));
    let (ended, outcome) = machine.run(store, &with(&["--concurrency", "1"]));
    assert_eq!(account(&ended), [200, 50, 0, 150]);
    assert_eq!(outcome.records.len(), 50);
    let kept = rejected(&machine);
    assert_eq!(kept.len(), 150);
    assert!(kept.iter().all(|row| row["status"] == "unwritten"));
    assert_eq!((&kept[0]["line"], &kept[0]["record"]["id"]), (&json!(52), &json!("50")));
    let failure = ended.failure();
    assert!(failure.message().contains("Feature Store failed repeatedly"), "{failure}");
}

#[test]
fn succeeds_after_throttles_and_lost_responses() {
    let attempts = Attempts::default();
    let store = FakeStore::new(|_, call| match attempts.count(call) {
        _ if call.batch => Some(Fault::Call(denied())),
        1 => Some(Fault::Call(throttled())),
        2 => Some(Fault::AnswerLost),
        _ => None,
    });
    let (ended, outcome) = machine(&rows(100)).run(store, &with(&[]));
    assert_eq!(ended.result, Ok(()));
    assert_eq!((account(&ended), outcome.records.len()), ([100, 100, 0, 0], 100));
    assert!(ended.summary()["retries"].as_u64().unwrap() > 0);
}

#[test]
fn stores_the_services_message_but_does_not_log_it() {
    let machine = machine(&rows(3));
    let store = FakeStore::new(|_, _| Some(Fault::Entries(refused())));
    let (ended, _) = machine.run(store, &with(&[]));
    assert_eq!(account(&ended), [3, 1, 2, 0]);
    assert!(rejected(&machine)[0]["reason"].as_str().unwrap().contains("secret"));
    let failure = ended.failure().to_string();
    assert!(failure.contains("2 rows: Feature Store error: ValidationError"), "{failure}");
    assert!(!failure.contains("secret"), "{failure}");
}

#[test]
fn a_stopped_job_accounts_for_every_row() {
    let machine = machine(&rows(500));
    let stop = machine.stop.clone();
    let store = FakeStore::new(move |number, _| {
        if number == 2 {
            stop.set(15);
        }
        None
    });
    let (ended, outcome) = machine.run(store, &with(&["--concurrency", "2"]));
    let [_, written, _, unwritten] = account(&ended);
    assert_eq!((written, written + unwritten), (outcome.records.len() as u64, 500));
    assert_eq!(rejected(&machine).len() as u64, unwritten);
    assert_eq!(ended.summary()["status"], "Stopped");
    assert_eq!(ended.failure().exit_code(), 143);
}

#[test]
fn a_job_stopped_before_writing_writes_nothing() {
    let machine = machine(&rows(500));
    machine.stop.set(15);
    let (ended, outcome) = machine.run(FakeStore::new(calm), &with(&[]));
    assert_eq!((ended.failure().exit_code(), outcome.calls), (143, 0));
}

#[test]
fn stores_rejected_rows_in_s3_under_the_jobs_name() {
    let machine = machine("id,x\n,1.5\n");
    machine.run(FakeStore::new(calm), &with(&[])).0.failure();
    let arguments = [&JOB[..], &["--rejected", "s3://bucket-a/rejected/"]].concat();
    let (ended, _) = machine.run(FakeStore::new(calm), &arguments);
    let place = "s3://bucket-a/rejected/rejected-1795341600.jsonl";
    assert_eq!(ended.summary()["rejected_to"], place);
    assert!(machine.objects.objects.borrow()[place].starts_with(b"{\"file\":"));
}

#[test]
fn reads_an_object_or_all_objects_below_a_prefix() {
    let machine = machine("");
    for (key, csv) in [
        ("one.csv", "id,x\n1,1\n"),
        ("one.csv.bak", "id,x\n2,1\n"),
        ("many/a.csv", "id,x\n3,1\n"),
        ("many/b.csv", "id,x\n4,1\n"),
        ("many/", ""),
        ("many-others/c.csv", "id,x\n5,1\n"),
    ] {
        machine.objects.objects.borrow_mut().insert(format!("s3://bucket-a/{key}"), csv.into());
    }
    for (input, ids) in [
        ("s3://bucket-a/one.csv", &["1"][..]),
        ("s3://bucket-a/many", &["3", "4"]),
        ("s3://bucket-a/many/", &["3", "4"]),
        ("data.csv=s3://bucket-a/many/b.csv", &["4"]),
    ] {
        let mut arguments = JOB;
        arguments[3] = input;
        let (ended, outcome) = machine.run(FakeStore::new(calm), &arguments);
        assert_eq!(ended.result, Ok(()), "{input}");
        assert_eq!(outcome.records.keys().collect::<Vec<_>>(), ids, "{input}");
    }
    let mut arguments = JOB;
    arguments[3] = "s3://bucket-a/gone";
    let failure = machine.run(FakeStore::new(calm), &arguments).0.failure();
    assert!(failure.message().contains("neither an object s3://bucket-a/gone nor one below"));
}

/// No file system can hold these keys next to each other, or at all.
#[test]
fn reads_objects_with_any_key() {
    let long = format!("long/{}.csv", "x".repeat(900));
    let keys = [
        "conflict/data",
        "conflict/data/part.csv",
        "slash//x.csv",
        "slash/x.csv",
        "odd/../up.csv",
        "odd/./here.csv",
        &long,
        "name/a b+c%20d?#é전.csv",
        "emr/part-1.csv",
        "emr/_SUCCESS",
        "emr/sub_$folder$",
        "hidden/_a.csv",
        "nested/in/a.csv",
        "train-a.csv",
    ];
    let machine = machine("");
    for (number, key) in keys.iter().enumerate() {
        let empty = key.ends_with('$') || key.ends_with("_SUCCESS");
        let csv = if empty { String::new() } else { format!("id,x\n{number},1\n") };
        machine.objects.objects.borrow_mut().insert(format!("s3://bucket-a/{key}"), csv.into());
    }
    let run = |input: &str| {
        let mut arguments = JOB;
        let input = format!("s3://bucket-a/{input}");
        arguments[3] = &input;
        let (ended, outcome) = machine.run(FakeStore::new(calm), &arguments);
        ended.result.map(|()| outcome.records.into_keys().collect::<Vec<_>>().join(" "))
    };
    for (input, ids) in [
        ("conflict/", "0"),
        ("conflict/data", "0"),
        ("conflict/data/", "1"),
        ("slash/", "2 3"),
        ("slash//x.csv", "2"),
        ("odd/", "4 5"),
        (&long, "6"),
        ("long", "6"),
        ("name/", "7"),
        (keys[7], "7"),
        ("emr/", "8"),
        ("hidden/_a.csv", "11"),
    ] {
        assert_eq!(run(input), Ok(ids.to_owned()), "{input}");
    }
    for (input, problem) in [
        ("hidden/", "1 name is skipped because it begins with _ or ., as in Spark (`_a.csv`)"),
        ("nested/", "1 subfolder is skipped (`in`)"),
        ("train", "s3://bucket-a/train-a.csv begins with the same characters"),
        ("gone", "neither an object s3://bucket-a/gone nor one below s3://bucket-a/gone/"),
    ] {
        let failure = run(input).unwrap_err();
        assert!(failure.message().contains(problem), "{failure}");
        assert!(!failure.hint().contains("free up space"), "{failure}");
    }
}

#[test]
fn rejected_rows_name_the_objects_url() {
    let machine = machine("");
    let object = "s3://bucket-a/a b.csv".to_owned();
    machine.objects.objects.borrow_mut().insert(object.clone(), b"id,x\n,1\n".to_vec());
    let mut arguments = with(&[]);
    arguments[3] = &object;
    let (ended, _) = machine.run(FakeStore::new(calm), &arguments);
    assert_eq!(rejected(&machine)[0]["file"], object);
    assert!(ended.failure().message().contains("(first: s3://bucket-a/a b.csv, line 2)"));
}

#[test]
fn stores_rejected_rows_locally_if_s3_fails_and_fails_the_job() {
    let machine = Machine::in_a_job();
    machine.objects.full.set(true);
    let mut csv = abalone_csv();
    csv.push_str(",M,0.35,0.265,0.09,0.2255,0.0995,0.0485,0.07,7\n");
    machine.write("ml/processing/abalone.csv/new.csv", csv);
    let arguments =
        ["--max-rejected", "1", "--rejected", "s3://bucket-a/r/", "--output-node", OUTPUT];
    let (ended, _) = machine.run(abalone_store(), &arguments);
    let here = machine.path("ml/processing/rejected/rejected.jsonl");
    assert_eq!(ended.summary()["rejected_to"], here.display().to_string());
    assert!(here.exists());
    let failure = ended.failure();
    assert!(failure.message().contains("r/pipelines-abc-datawrangler-xyz.jsonl"), "{failure}");
}

#[test]
fn stores_rejected_rows_elsewhere_if_a_folder_fails_and_reports_both_failures() {
    for (most, rejected_too_many) in [("1", false), ("0", true)] {
        let machine = Machine::in_a_job();
        let csv = abalone_csv() + ",M,0.35,0.265,0.09,0.2255,0.0995,0.0485,0.07,7\n";
        machine.write("ml/processing/abalone.csv/new.csv", csv);
        machine.write("file", "");
        let arguments =
            ["--max-rejected", most, "--rejected", "@/file/r.jsonl", "--output-node", OUTPUT];
        let (ended, _) = machine.run(abalone_store(), &arguments);
        let here = machine.path("ml/processing/rejected/rejected.jsonl");
        assert!(here.exists());
        let failure = ended.failure();
        let location = format!("the rows are in {} instead", here.display());
        assert!(failure.message().contains("file/r.jsonl: "), "{failure}");
        assert!(failure.message().contains(&location), "{failure}");
        assert!(failure.hint().contains("--rejected"), "{failure}");
        assert_eq!(failure.message().contains("rows were rejected"), rejected_too_many);
    }
}

/// Creates a store with a group from the output of `--print-feature-definitions`.
fn abalone_store() -> FakeStore<'static> {
    let machine = Machine::new();
    machine.write("abalone.flow", abalone_flow());
    machine.write("abalone.csv", abalone_csv());
    let (ended, _) = machine.run(
        FakeStore::new(calm),
        &["--flow", "@", "--input", "@/abalone.csv", "--print-feature-definitions"],
    );
    let request: Value = serde_json::from_str(&ended.stdout).unwrap();
    let feature = |definition: &Value| Feature {
        name: definition["FeatureName"].as_str().unwrap().to_owned(),
        kind: match definition["FeatureType"].as_str().unwrap() {
            "Integral" => FeatureType::Integral,
            "Fractional" => FeatureType::Fractional,
            _ => FeatureType::String,
        },
    };
    let mut store = FakeStore::new(calm);
    store.group =
        group(&[("record_id", FeatureType::Integral), ("record_time", FeatureType::Fractional)]);
    store.group.features =
        request["FeatureDefinitions"].as_array().unwrap().iter().map(feature).collect();
    store
}

#[test]
fn runs_the_data_wrangler_containers_job() {
    let machine = Machine::in_a_job();
    let argument = format!("--output-config '{{\"{OUTPUT}\": {{\"content_type\": \"CSV\"}}}}'");
    let (ended, outcome) = machine.run(abalone_store(), &[&argument]);
    assert_eq!(ended.result, Ok(()));
    assert_eq!(account(&ended), [4, 4, 0, 0]);
    // The job's creation time.
    assert_eq!(outcome.records["1"].event_time.1, "1795341600.0");
}

#[test]
fn dry_run_prints_schema_and_rows_and_writes_nothing() {
    let machine = machine(&rows(12));
    let arguments =
        ["--flow", "@/small.flow", "--input", "@/data.csv", "--event-time", TIME, "--dry-run"];
    let (ended, _) = machine.run(FakeStore::new(calm), &arguments);
    assert_eq!(ended.result, Ok(()));
    insta::assert_snapshot!(ended.stdout);
    let (ended, outcome) = machine.run(FakeStore::new(calm), &with(&["--dry-run"]));
    assert_eq!((ended.result, outcome.calls), (Ok(()), 0));
}

#[test]
fn dry_run_with_a_feature_group_checks_that_it_fits() {
    let mut store = FakeStore::new(calm);
    store.group.features.push(Feature { name: "y".into(), kind: FeatureType::String });
    let arguments = with(&["--dry-run", "--require-all-features"]);
    let (ended, _) = machine(&rows(1)).run(store, &arguments);
    assert!(ended.stdout.ends_with("1 row\n"));
    assert!(ended.failure().message().contains("`y` has no column"));
}

#[test]
fn omits_features_without_a_column() {
    let mut store = FakeStore::new(calm);
    store.group.features.push(Feature { name: "y".into(), kind: FeatureType::String });
    let (ended, outcome) = machine(&rows(2)).run(store, &with(&[]));
    assert_eq!(ended.result, Ok(()));
    assert_eq!((account(&ended), outcome.calls), ([2, 2, 0, 0], 1));
    assert_eq!(ended.summary()["features_absent"], serde_json::json!(["y"]));
}

#[test]
fn writes_the_result_to_a_file() {
    let machine = machine(&rows(3));
    for name in ["@/out.csv", "@/out.parquet"] {
        let arguments = [
            "--flow",
            "@/small.flow",
            "--input",
            "@/data.csv",
            "--event-time",
            TIME,
            "--output",
            name,
        ];
        let (ended, outcome) = machine.run(FakeStore::new(calm), &arguments);
        assert_eq!(ended.result, Ok(()));
        assert_eq!((account(&ended), outcome.calls), ([3, 3, 0, 0], 0));
    }
    let csv = fs::read_to_string(machine.path("out.csv")).unwrap();
    assert_eq!(csv, "id,x,time\n0,0.5,1795341600.0\n1,1.5,1795341600.0\n2,2.5,1795341600.0\n");
    let parquet = fs::File::open(machine.path("out.parquet")).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(parquet, 10);
    let rows: usize = reader.unwrap().map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, 3);
}

#[test]
fn a_failed_export_leaves_no_file() {
    let machine = machine(&rows(3));
    let arguments =
        ["--flow", "@/small.flow", "--input", "@/data.csv", "--output", "@/no/folder/out.csv"];
    let (ended, _) = machine.run(FakeStore::new(calm), &arguments);
    assert_eq!(account(&ended), [3, 0, 0, 3]);
    assert!(ended.failure().message().contains("out.csv cannot be written"));
    assert!(!machine.path("no").exists());
}

#[test]
fn a_header_without_rows_succeeds() {
    let (ended, outcome) = machine("id,x\n").run(FakeStore::new(calm), &with(&[]));
    assert_eq!(ended.result, Ok(()));
    assert_eq!((account(&ended), outcome.calls), ([0, 0, 0, 0], 0));
}

#[test]
fn reports_failed_casts_and_writes_the_rows_without_them() {
    let machine = machine("id,x\n1,abc\n2,2.5\n3,?\n");
    let (ended, outcome) = machine.run(FakeStore::new(calm), &with(&[]));
    assert_eq!((ended.result.clone(), account(&ended)), (Ok(()), [3, 3, 0, 0]));
    assert!(outcome.records["1"].others.is_empty());
    let file = machine.path("data.csv").display().to_string();
    let lost = json!([{
        "node": "types", "column": "x", "type": "double", "rows": 2,
        "first": [{ "file": file, "line": 2 }, { "file": file, "line": 4 }],
    }]);
    assert_eq!(ended.summary()["values_lost"], lost);
}
