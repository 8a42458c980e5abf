//! The program by hand.

use crate::fake_store::FakeStore;
use crate::machine::{Machine, abalone_flow};

fn failure(machine: &Machine, arguments: &[&str]) -> ingest_features::failure::Failure {
    machine.run(FakeStore::new(|_, _| None), arguments).0.failure()
}

#[test]
fn what_is_missing_is_named() {
    let machine = Machine::new();
    machine.write("a.flow", abalone_flow());
    for (arguments, missing) in [
        (&["--dry-run"][..], "there is no flow"),
        (&["--flow", "@/gone.flow", "--dry-run"], "gone.flow cannot be read"),
        (&["--flow", "s3://bucket-a/gone.flow", "--dry-run"], "NoSuchKey"),
        (&["--flow", "@/a.flow", "--input", "x.csv"], "there is no feature group to write to"),
    ] {
        let failure = failure(&machine, arguments);
        assert!(failure.message().contains(missing), "{arguments:?}: {failure}");
        assert!(!failure.hint().is_empty());
    }
}

#[test]
fn a_file_that_is_no_flow_is_refused() {
    let machine = Machine::new();
    machine.write("a.flow", "not JSON");
    let failure = failure(&machine, &["--flow", "@/a.flow", "--dry-run"]);
    assert!(failure.message().contains("a.flow: "), "{failure}");
}

#[test]
fn help_explains_the_options_with_examples() {
    let help =
        ingest_features::cli::parse(["ingest-features".into(), "--help".into()]).unwrap_err();
    insta::assert_snapshot!(help.to_string());
}

#[test]
fn arguments_that_contradict_each_other_make_no_job() {
    for arguments in [
        &["--dry-run", "--output", "a.csv"][..],
        &["--dry-run", "--print-feature-definitions"],
        &["--output", "a.csv", "--print-feature-definitions"],
        &["--output", "a.txt"],
        &["--concurrency", "0"],
        &["--event-time", "yesterday"],
        &["--feature-group", "a b"],
        &["--flow", "http://x/y"],
        &["--rejected", "s3://"],
        &["--output-config", "{}"],
        &["surplus"],
    ] {
        let program = std::iter::once("ingest-features".into());
        let arguments = program.chain(arguments.iter().map(Into::into));
        assert!(ingest_features::cli::parse(arguments).is_err());
    }
}
