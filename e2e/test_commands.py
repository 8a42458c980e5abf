"""The commands in the README."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

import builds
from builds import ROOT
from demo_data import abalone
from observe import EVENTS

CHECK_GLIBC = [sys.executable, "packaging/check_glibc.py"]


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=800
    )


def test_invoke_prints_the_answer_of_the_function() -> None:
    result = run("make", "invoke", f"EVENT={EVENTS / 'key-plus.json'}")
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["outcome"] == "started"
    assert answer["input_url"] == "s3://amzn-s3-demo-bucket/landing/a+b.csv"


@pytest.mark.parametrize("event", ["object-deleted.json", "not-json.txt"])
def test_invoke_fails_when_the_function_fails(event: str) -> None:
    result = run("make", "invoke", f"EVENT={EVENTS / event}")
    assert result.returncode != 0
    assert "Permanent.InvalidEvent" in result.stderr


def test_invoke_reports_a_function_that_cannot_start() -> None:
    result = run("env", "RUST_LOG=inof", "make", "invoke", f"EVENT={EVENTS / 'put-object.json'}")
    assert result.returncode != 0
    assert "RUST_LOG: `inof`" in result.stderr
    assert "The invocation failed: the function" in result.stderr


@pytest.mark.parametrize("event", ["", "events/no-such-event.json"])
def test_invoke_without_an_event_prints_a_hint(event: str) -> None:
    result = run("make", "invoke", f"EVENT={event}")
    assert result.returncode != 0
    assert "hint: make invoke EVENT=events/put-object.json" in result.stderr


DEMO = [sys.executable, "e2e/demo.py"]


def words_of(result: subprocess.CompletedProcess[str]) -> list[list[str]]:
    return [line.split() for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def shown(engine: Path) -> subprocess.CompletedProcess[str]:
    """The demo's output for the Abalone data."""
    assert engine.exists()
    return run(*DEMO)


def test_demo_runs_the_commands_of_the_guides(shown: subprocess.CompletedProcess[str]) -> None:
    assert shown.returncode == 0, shown.stdout + shown.stderr
    commands = [line[1:3] for line in words_of(shown) if line[:1] == ["$"]]
    assert commands == [
        ["make", "package"], ["make", "deploy"], ["make", "attach-policies"],
        ["ingestion-pipeline", "delete"], ["aws", "sagemaker"], ["make", "delete"],
    ]  # fmt: skip


def test_demo_shows_each_stage_and_starts_each_upload_once(shown: subprocess.CompletedProcess[str]) -> None:
    labels = [line[0] for line in words_of(shown) if line]
    for stage in ("event", "function", "invocation", "id", "token", "input"):
        assert labels.count(stage) == 3, stage
    assert "4,177 rows" in shown.stdout
    assert "2 uploads, 3 deliveries, 2 executions" in shown.stdout


def test_demo_shows_features(shown: subprocess.CompletedProcess[str]) -> None:
    words = words_of(shown)
    for number in ("1", "2"):
        assert ["execution", number, "Succeeded"] in [line[:3] for line in words]
    assert words.count(["written", "4,177", "rows"]) == 2
    assert ["records", "4,177"] in words
    assert ["GetRecord", "record_id", "=", "1"] in words
    assert ["rings", "15"] in words
    # The counts in the description of the UCI data.
    assert ["female", "1307", "11.13"] in words
    assert ["infant", "1342", "7.89"] in words
    assert ["male", "1528", "10.71"] in words


def test_demo_prints_step_durations_and_remaining_resources(
    shown: subprocess.CompletedProcess[str],
) -> None:
    steps, _, totals = shown.stdout.partition("Durations")
    titles = [line[4:] for line in steps.splitlines() if line[:2].strip().isdigit()]
    assert len(titles) == 12
    for title in (*titles, "total"):
        [line] = [line for line in totals.splitlines() if line[4:].startswith(title)]
        assert re.fullmatch(r" +[0-9]+\.[0-9] s", line[4 + len(title) :]), line
    left = steps.partition("Resources left")[2]
    assert [line.split()[0] for line in left.splitlines()[1:] if line] == [
        "bucket", "bucket", "bucket", "feature", "log", "table",
    ]  # fmt: skip
    assert left.count("retained by the template") == 2


def test_demo_accepts_a_user_file(tmp_path: Path) -> None:
    file = tmp_path / """나의 "자료" $(1)+`a'.csv"""
    file.write_bytes(b"".join(abalone().content.splitlines(keepends=True)[:8]))
    result = run("make", "demo", f"FILE={file}")
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"/landing/{file.name}" in result.stdout
    assert ["records", "7"] in words_of(result)


def test_demo_runs_a_user_flow_that_needs_spark(engine: Path) -> None:
    assert engine.exists()
    flow = "spark-engine/tests/fixtures/flows/abalone-pandas.flow"
    result = run("make", "demo", f"FLOW={flow}")
    assert result.returncode == 0, result.stdout + result.stderr
    assert ["group", "FG-demo"] in words_of(result)
    assert ["records", "4,177"] in words_of(result)


def test_demo_reports_a_missing_flow() -> None:
    result = run(*DEMO, "--flow", "no.flow")
    assert result.returncode == 1
    assert "no.flow is not a file\nhint: FLOW=<a readable flow>" in result.stderr


def test_demo_shows_rejected_rows(tmp_path: Path) -> None:
    file = tmp_path / "broken.csv"
    # The record identifier is missing.
    broken = b"x1,M,0.5,0.4,0.1,0.5,0.2,0.1,0.1,9\n,F,0.5,0.4,0.1,0.5,0.2,0.1,0.1,9\n"
    file.write_bytes(abalone().content + broken)
    result = run(*DEMO, "--file", file)
    assert result.returncode == 1
    assert "2 of 4179 rows were rejected" in result.stdout
    assert "line 4179" in result.stdout
    assert "The demo failed: execution 1 is Failed: " in result.stderr


def test_demo_reports_an_unusable_file(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    for file, problem in [(tmp_path / "none.csv", "cannot be read"), (empty, "is empty")]:
        result = run(*DEMO, "--file", file)
        assert result.returncode == 1
        assert problem in result.stderr
        assert "hint: FILE=" in result.stderr


def test_demo_reports_missing_builds(tmp_path: Path) -> None:
    root = checkout_without_builds(tmp_path)
    result = run(*DEMO, "--root", root)
    assert result.returncode == 1
    assert "start-pipeline/bootstrap.zip does not exist" in result.stderr
    assert "hint: make build" in result.stderr
    assert "Traceback" not in result.stderr


def test_demo_fails_when_the_function_fails(engine: Path, cli: Path, tmp_path: Path) -> None:
    root = checkout_without_builds(tmp_path)
    for built in (engine, cli):
        copy = root / built.relative_to(ROOT)
        copy.parent.mkdir(parents=True)
        copy.symlink_to(built)
    write_broken_package(root / builds.PACKAGE, like=cli)
    result = run(*DEMO, "--root", root)
    assert result.returncode == 1
    assert "The demo failed: the function failed without a log line" in result.stderr
    assert "local-aws.log" in result.stderr


def checkout_without_builds(folder: Path) -> Path:
    """Copies the repository files that packaging needs."""
    root = folder / "checkout"
    for name in ("cfn-templates", "project-seed-code"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "Cargo.toml", root)
    return root


def write_broken_package(path: Path, *, like: Path) -> None:
    """Writes a Lambda package whose program has a valid header, but nothing else."""
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as package:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        package.writestr(entry, like.read_bytes()[:64])


def test_cli_runs_on_amazon_linux_2023(cli: Path) -> None:
    result = run(*CHECK_GLIBC, "2.34", cli)
    assert result.returncode == 0, result.stderr
    assert run(cli, "--version").stdout.startswith("ingestion-pipeline ")


def test_package_is_one_executable_for_amazon_linux_2023(package: Path) -> None:
    with zipfile.ZipFile(package) as zipped:
        [entry] = zipped.infolist()
    assert entry.filename == "bootstrap"
    assert entry.external_attr >> 16 & 0o111 == 0o111
    result = run(*CHECK_GLIBC, "2.34", package)
    assert result.returncode == 0, result.stderr


def test_package_keeps_cold_code_apart(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        elf = ELFFile(io.BytesIO(archive.read("bootstrap")))
    cold, code = (elf.get_section_by_name(name) for name in (".text.cold", ".text"))
    assert code is not None
    assert cold is not None, "the linker ignored crates/start-pipeline/cold-sections.ld"
    # 0.18 when the script was written. If most of its patterns no longer match, memory is lost.
    assert cold["sh_size"] / (cold["sh_size"] + code["sh_size"]) > 0.12


def test_check_glibc_rejects_a_binary_for_a_newer_glibc(package: Path) -> None:
    result = run(*CHECK_GLIBC, "2.17", package)
    assert result.returncode == 1
    assert "needs glibc 2." in result.stderr
    assert "hint: " in result.stderr


def test_make_without_a_target_explains_every_target() -> None:
    result = run("make")
    assert result.returncode == 0
    for target in ("demo", "test", "check", "build", "invoke", "local-aws", "fuzz", "clean"):
        lines = [line for line in result.stdout.splitlines() if line.split()[:2] == ["make", target]]
        assert len(lines) == 1, target


def test_smoke_aws_prints_every_call_and_the_cost_in_a_dry_run() -> None:
    result = run("make", "smoke-aws", "DRY_RUN=1")
    assert result.returncode == 0, result.stderr
    assert "Dry run: nothing is called." in result.stdout
    assert "sagemaker:StartPipelineExecution" in result.stdout
    assert result.stdout.count("  cost: ") == 5
    assert "undefined variable" not in result.stderr


def test_smoke_aws_requires_a_confirmed_account() -> None:
    result = run("make", "smoke-aws")
    assert result.returncode != 0
    assert "CONFIRM" in result.stderr


def test_golden_token_can_be_computed_without_our_code() -> None:
    folder = ROOT / "crates/start-pipeline/src/request"
    result = run("sh", folder / "golden-token.sh")
    assert result.stdout == (folder / "golden-token.txt").read_text()
