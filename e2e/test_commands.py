"""The commands that the README gives."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import builds
from builds import ROOT
from demo_data import abalone
from observe import EVENTS

CHECK_GLIBC = [sys.executable, "packaging/check_glibc.py"]


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=800
    )


def test_invoke_prints_the_functions_answer() -> None:
    done = run("make", "invoke", f"EVENT={EVENTS / 'key-plus.json'}")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["outcome"] == "started"
    assert answer["input_url"] == "s3://amzn-s3-demo-bucket/landing/a+b.csv"


@pytest.mark.parametrize("event", ["object-deleted.json", "not-json.txt"])
def test_invoke_fails_when_the_function_fails(event: str) -> None:
    done = run("make", "invoke", f"EVENT={EVENTS / event}")
    assert done.returncode != 0
    assert "Permanent.InvalidEvent" in done.stderr


def test_invoke_says_so_when_the_function_cannot_start() -> None:
    done = run("env", "RUST_LOG=inof", "make", "invoke", f"EVENT={EVENTS / 'put-object.json'}")
    assert done.returncode != 0
    assert "RUST_LOG: `inof`" in done.stderr
    assert "The event was not answered: the function" in done.stderr


@pytest.mark.parametrize("event", ["", "events/no-such-event.json"])
def test_invoke_without_an_event_says_how(event: str) -> None:
    done = run("make", "invoke", f"EVENT={event}")
    assert done.returncode != 0
    assert "hint: make invoke EVENT=events/put-object.json" in done.stderr


DEMO = [sys.executable, "e2e/demo.py"]


def words_of(done: subprocess.CompletedProcess[str]) -> list[list[str]]:
    return [line.split() for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def shown(engine: Path) -> subprocess.CompletedProcess[str]:
    """What the demo shows of the Abalone data."""
    assert engine.exists()
    return run(*DEMO)


def test_the_demo_takes_the_road_of_the_guides(shown: subprocess.CompletedProcess[str]) -> None:
    assert shown.returncode == 0, shown.stdout + shown.stderr
    commands = [line[1:3] for line in words_of(shown) if line[:1] == ["$"]]
    assert commands == [
        ["make", "package"], ["make", "deploy"], ["make", "attach-policies"],
        ["ingestion-pipeline", "delete"], ["aws", "sagemaker"], ["make", "delete"],
    ]  # fmt: skip


def test_the_demo_shows_each_hop_and_starts_each_upload_once(shown: subprocess.CompletedProcess[str]) -> None:
    labels = [line[0] for line in words_of(shown) if line]
    for hop in ("event", "function", "invocation", "id", "token", "input"):
        assert labels.count(hop) == 3, hop
    assert "4,177 rows" in shown.stdout
    assert "2 uploads, 3 deliveries, 2 executions" in shown.stdout


def test_the_demo_shows_features(shown: subprocess.CompletedProcess[str]) -> None:
    words = words_of(shown)
    for number in ("1", "2"):
        assert ["execution", number, "Succeeded"] in [line[:3] for line in words]
    assert words.count(["written", "4,177", "rows"]) == 2
    assert ["records", "4,177"] in words
    assert ["GetRecord", "record_id", "=", "1"] in words
    assert ["rings", "15"] in words
    # The counts of the UCI data's own description.
    assert ["female", "1307", "11.13"] in words
    assert ["infant", "1342", "7.89"] in words
    assert ["male", "1528", "10.71"] in words


def test_the_demo_says_how_long_each_stage_took_and_what_is_left(
    shown: subprocess.CompletedProcess[str],
) -> None:
    stages, _, totals = shown.stdout.partition("How long it took")
    titles = [line[4:] for line in stages.splitlines() if line[:2].strip().isdigit()]
    assert len(titles) == 12
    for title in (*titles, "in all"):
        [line] = [line for line in totals.splitlines() if line[4:].startswith(title)]
        assert re.fullmatch(r" +[0-9]+\.[0-9] s", line[4 + len(title) :]), line
    left = stages.partition("What is left")[2]
    assert [line.split()[0] for line in left.splitlines()[1:] if line] == [
        "bucket", "bucket", "bucket", "feature", "log", "table",
    ]  # fmt: skip
    assert left.count("declared Retain") == 2


def test_the_demo_takes_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / """나의 "자료" $(1)+`a'.csv"""
    file.write_bytes(b"".join(abalone().content.splitlines(keepends=True)[:8]))
    done = run("make", "demo", f"FILE={file}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"/landing/{file.name}" in done.stdout
    assert ["records", "7"] in words_of(done)


def test_the_demo_shows_the_rejected_rows_of_a_broken_file(tmp_path: Path) -> None:
    file = tmp_path / "broken.csv"
    # Without a record identifier there is no record.
    broken = b"x1,M,0.5,0.4,0.1,0.5,0.2,0.1,0.1,9\n,F,0.5,0.4,0.1,0.5,0.2,0.1,0.1,9\n"
    file.write_bytes(abalone().content + broken)
    done = run(*DEMO, "--file", file)
    assert done.returncode == 1
    assert "2 of 4179 rows were rejected" in done.stdout
    assert "line 4179" in done.stdout
    assert "The demo failed: execution 1 is Failed: " in done.stderr


def test_the_demo_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    for file, problem in [(tmp_path / "none.csv", "cannot be read"), (empty, "is empty")]:
        done = run(*DEMO, "--file", file)
        assert done.returncode == 1
        assert problem in done.stderr
        assert "hint: FILE=" in done.stderr


def test_the_demo_says_what_was_not_built(tmp_path: Path) -> None:
    root = checkout_without_builds(tmp_path)
    done = run(*DEMO, "--root", root)
    assert done.returncode == 1
    assert "start-pipeline/bootstrap.zip does not exist" in done.stderr
    assert "hint: make build" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_fails_when_the_function_does(engine: Path, cli: Path, tmp_path: Path) -> None:
    root = checkout_without_builds(tmp_path)
    for built in (engine, cli):
        copy = root / built.relative_to(ROOT)
        copy.parent.mkdir(parents=True)
        copy.symlink_to(built)
    package_of_a_broken_program(root / builds.PACKAGE, like=cli)
    done = run(*DEMO, "--root", root)
    assert done.returncode == 1
    assert "The demo failed: the function failed without an answer" in done.stderr
    assert "local-aws.log" in done.stderr


def checkout_without_builds(folder: Path) -> Path:
    """What packaging takes from the repository."""
    root = folder / "checkout"
    for name in ("cfn-templates", "project-seed-code"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "Cargo.toml", root)
    return root


def package_of_a_broken_program(path: Path, *, like: Path) -> None:
    """A Lambda's package whose program has the header of a real one, and nothing else."""
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as package:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        package.writestr(entry, like.read_bytes()[:64])


def test_the_program_runs_on_amazon_linux_2023(cli: Path) -> None:
    done = run(*CHECK_GLIBC, "2.34", cli)
    assert done.returncode == 0, done.stderr
    assert run(cli, "--version").stdout.startswith("ingestion-pipeline ")


def test_the_package_is_one_executable_for_amazon_linux_2023(package: Path) -> None:
    with zipfile.ZipFile(package) as zipped:
        [entry] = zipped.infolist()
    assert entry.filename == "bootstrap"
    assert entry.external_attr >> 16 & 0o111 == 0o111
    done = run(*CHECK_GLIBC, "2.34", package)
    assert done.returncode == 0, done.stderr


def test_a_binary_for_a_newer_glibc_is_refused(package: Path) -> None:
    done = run(*CHECK_GLIBC, "2.17", package)
    assert done.returncode == 1
    assert "needs glibc 2." in done.stderr
    assert "hint: " in done.stderr


def test_make_alone_explains_every_target() -> None:
    done = run("make")
    assert done.returncode == 0
    for target in ("demo", "test", "check", "build", "invoke", "local-aws", "fuzz", "clean"):
        lines = [line for line in done.stdout.splitlines() if line.split()[:2] == ["make", target]]
        assert len(lines) == 1, target


def test_smoke_aws_prints_every_call_and_the_cost_in_a_dry_run() -> None:
    done = run("make", "smoke-aws", "DRY_RUN=1")
    assert done.returncode == 0, done.stderr
    assert "A dry run: nothing is called." in done.stdout
    assert "sagemaker:StartPipelineExecution" in done.stdout
    assert done.stdout.count("  cost: ") == 4
    assert "undefined variable" not in done.stderr


def test_smoke_aws_refuses_to_run_without_the_account_to_run_in() -> None:
    done = run("make", "smoke-aws")
    assert done.returncode != 0
    assert "CONFIRM" in done.stderr


def test_the_golden_token_can_be_computed_without_our_code() -> None:
    folder = ROOT / "crates/start-pipeline/src/request"
    done = run("sh", folder / "golden-token.sh")
    assert done.stdout == (folder / "golden-token.txt").read_text()
