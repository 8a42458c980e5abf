"""The `text` blocks of the pages: formulas, queries, layouts and messages, compared with the facts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from botocore.exceptions import ClientError

from builds import ROOT
from demo_data import abalone
from features import GROUP, Features, definitions_from
from local_aws.launcher import LocalAws
from observe import eventually
from pages import blocks
from project import FLOW
from terminal import output_of, run
from wiring import PIPELINE_DEFINITION, policy, statement

SEMANTICS: Final = "docs/semantics.md"
OPERATE: Final = "docs/operate.md"
LOCAL: Final = "docs/local-aws.md"
BENCHMARKS: Final = "docs/benchmarks.md"
# The headings whose text blocks the tests below check.
PROVED: Final = [
    (SEMANTICS, "Every row is accounted for"),
    (OPERATE, "Logs"),
    (LOCAL, "Feature Store"),
    (LOCAL, "Authentication"),
    (BENCHMARKS, "Which engine for which size"),
]
STAGE: Final = re.compile(r'fields (?P<fields>.+)|filter (?P<filter>\w+) = "[^"]+"|sort (?P<sort>@?\w+) desc')


def texts(page: str, heading: str) -> list[str]:
    """Returns the text blocks below a heading, of which there is at least one."""
    assert (page, heading) in PROVED
    found = [each.text for each in blocks(page) if (each.language, each.heading) == ("text", heading)]
    assert found, f"{page} has no text block below `{heading}`"
    return found


def pattern(text: str, placeholder: str) -> re.Pattern[str]:
    """Returns a pattern for a text in which a placeholder stands for any characters."""
    parts = re.split(placeholder, " ".join(text.split()))
    return re.compile(".*".join(re.escape(part) for part in parts))


def test_rows_add_up_as_stated(aws: LocalAws, engine: Path, tmp_path: Path) -> None:
    [formula] = texts(SEMANTICS, "Every row is accounted for")
    lines = abalone().content.splitlines(keepends=True)[:8]
    (tmp_path / "a.csv").write_bytes(b"".join(lines) + b",F,0.5,0.4,0.1,0.5,0.2,0.1,0.1,9\n")
    aws.client("s3").create_bucket(Bucket="features")
    Features(aws, "features").create_group(definitions_from(engine, tmp_path / "a.csv"))
    options = ["--max-rejected", "1", "--feature-group", GROUP, "--summary", "summary.json"]
    command = [engine, "--flow", FLOW, "--input", "a.csv", *options]
    output_of(run(aws.environment(), *command, at=tmp_path))
    summary = json.loads((tmp_path / "summary.json").read_text())
    total, _, terms = formula.strip().partition(" = ")
    assert summary[total] == sum(summary[term] for term in terms.split(" + "))
    assert (summary["rows_read"], summary["rows_written"]) == (8, 7)


def test_rows_that_fit_follow_from_the_lines_as_stated() -> None:
    [formula] = texts(BENCHMARKS, "Which engine for which size")
    stated = re.fullmatch(r"rows = \((.+) \u00d7 memory of .+ - base\) / growth for each row\s*", formula)
    assert stated
    page, engines = (ROOT / BENCHMARKS).read_text("utf-8"), (ROOT / "docs/engines.md").read_text("utf-8")
    [(base, growth)] = re.findall(r"^\| native \| .+ \| (\d+) MB \+ (\d+) MB \|$", page, re.MULTILINE)
    machines = re.findall(r"^\| (\d+) GiB \| ([\d,]+) rows \|", engines, re.MULTILINE)
    assert len(machines) >= 3
    for memory, rows in machines:
        fits = (float(stated[1]) * int(memory) * 2**30 - int(base) * 1e6) / int(growth)
        # Two digits, rounded down; the lines are rounded, too.
        assert 0.97 < fits / int(rows.replace(",", "")) < 1.12


def test_log_queries_use_documented_fields() -> None:
    page = (ROOT / OPERATE).read_text("utf-8")
    rows = re.findall(r"^\| (`.+?`) \| (?:all|started|skipped|failed)", page, re.MULTILINE)
    documented = {"@timestamp", *(name for row in rows for name in re.findall(r"`(\w+)`", row))}
    for query in texts(OPERATE, "Logs"):
        for stage in query.strip().split("\n| "):
            match = STAGE.fullmatch(stage)
            assert match, stage
            names = [name for part in match.groups() if part for name in part.split(", ")]
            assert set(names) <= documented, stage


def test_offline_store_has_the_documented_layout(aws: LocalAws) -> None:
    [layout] = texts(LOCAL, "Feature Store")
    aws.client("s3").create_bucket(Bucket="store")
    aws.client("sagemaker").create_feature_group(
        FeatureGroupName="FG",
        RecordIdentifierFeatureName="id",
        EventTimeFeatureName="time",
        FeatureDefinitions=[
            {"FeatureName": "id", "FeatureType": "String"},
            {"FeatureName": "time", "FeatureType": "Fractional"},
        ],
        OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://store/features"}},
        RoleArn="arn:aws:iam::000000000000:role/store",
    )

    def status() -> bool:
        found = aws.client("sagemaker").describe_feature_group(FeatureGroupName="FG")
        return bool(found["FeatureGroupStatus"] == "Created")

    eventually(status, "the feature group")
    record = [
        {"FeatureName": "id", "ValueAsString": "1"},
        {"FeatureName": "time", "ValueAsString": "1700000000"},
    ]
    aws.client("sagemaker-featurestore-runtime").put_record(FeatureGroupName="FG", Record=record)
    listed = eventually(
        lambda: aws.client("s3").list_objects_v2(Bucket="store").get("Contents"), "the offline store's file"
    )
    key = f"s3://store/{listed[0]['Key']}"
    assert pattern(layout, r"<.+?>|(?<==)(?=/)|\*").fullmatch(key), key


@pytest.fixture
def guarded_aws() -> Iterator[LocalAws]:
    """A server that enforces IAM."""
    with LocalAws(auth=True, steps="hold") as aws:
        yield aws


def test_denial_has_the_documented_wording(guarded_aws: LocalAws) -> None:
    [message] = texts(LOCAL, "Authentication")
    iam, sts = guarded_aws.client("iam"), guarded_aws.client("sts")
    trust = statement("sts:AssumeRole", None) | {"Principal": {"AWS": "arn:aws:iam::000000000000:root"}}
    role = iam.create_role(RoleName="trigger", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    guarded_aws.client("sagemaker").create_pipeline(
        PipelineName="other",
        PipelineDefinition=PIPELINE_DEFINITION,
        ClientRequestToken="create-other".ljust(32, "-"),
        RoleArn=role,
    )
    session = sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    sagemaker = guarded_aws.client(
        "sagemaker",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    with pytest.raises(ClientError) as refused:
        sagemaker.start_pipeline_execution(PipelineName="other")
    error = refused.value.response["Error"]
    said = f"{error['Code']}: {error['Message']}"
    assert pattern(message, r"\.\.\.").fullmatch(said), said
