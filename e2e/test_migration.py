"""docs/migrate.md: `How to move`, typed without changes, while files keep arriving for the old project.

Each upload must start one execution, of the old or of the new pipeline.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

import predecessor
from account import DEFAULT_BUCKET, STUDIO_ROLE, STUDIO_ROLE_ARN, open_account
from builds import ROOT
from demo_data import abalone
from features import GROUP, Features, definitions_from
from local_aws.launcher import LocalAws
from observe import eventually, executions, input_url
from pages import Block, blocks
from predecessor import OldProject
from project import FLOW
from shell import Shell
from typed_pages import LIMIT_SECONDS, PRELUDE, for_this_machine
from wiring import policy, statement

MIGRATE: Final = "docs/migrate.md"
SWITCH: Final = "6. Switch over"
BEFORE: Final = [
    "How to move",
    "1. Publish next to the old product",
    "2. Turn on events for the data bucket",
    "3. Check the flow",
    "4. Create the new project on a test prefix",
    "5. Test",
]
AFTER: Final = ["7. Remove the old project"]
BUCKET: Final = "my-data-bucket"
PREFIX: Final = "landing-zone/"
ROWS: Final = 7
DATA: Final = b"".join(abalone().content.splitlines(keepends=True)[: ROWS + 1])
OUTPUT: Final = yaml.safe_load(FLOW.read_text())["nodes"][-1]["node_id"]
FORM: Final = {
    "DataWranglerFlowUrl": f"s3://{BUCKET}/flows/{FLOW.name}",
    "DataWranglerOutputName": f"{OUTPUT}.default",
    "FeatureGroupName": GROUP,
}


def executed(block: Block) -> bool:
    """Whether the test runs the block."""
    tried = block.heading in (*BEFORE, SWITCH, *AFTER)
    return block.page == MIGRATE and block.language == "sh" and block.marker is None and tried


def commands(*headings: str) -> list[str]:
    """Returns the blocks below these headings."""
    return [each.text for each in blocks(MIGRATE) if executed(each) and each.heading in headings]


class Sender:
    """Uploads files to the old project's prefix. Knows what it has sent."""

    def __init__(self, project: OldProject) -> None:
        self._project = project
        self.sent: list[str] = []

    def upload(self, name: str) -> str:
        """Uploads a file. Returns its key."""
        key = f"{PREFIX}{name}"
        self._project.aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=DATA)
        self.sent.append(f"s3://{BUCKET}/{key}")
        return key

    def started(self, *pipelines: str) -> list[str]:
        """Returns the files that the pipelines' executions read, below the prefix."""
        aws = self._project.aws
        urls = [input_url(aws, each) for name in pipelines for each in executions(aws, name)]
        return [url for url in urls if url.startswith(f"s3://{BUCKET}/{PREFIX}")]


@pytest.fixture
def migrating_aws(engine: Path) -> Iterator[LocalAws]:
    """An account with Studio and IAM, in which steps run."""
    with LocalAws(auth=True, ingest_features=engine) as aws:
        open_account(aws)
        yield aws


@pytest.fixture
def features(migrating_aws: LocalAws, engine: Path, tmp_path: Path) -> Features:
    """The feature group of the old project."""
    (tmp_path / "abalone.csv").write_bytes(DATA)
    group = Features(migrating_aws, DEFAULT_BUCKET, role=STUDIO_ROLE_ARN)
    group.create_group(definitions_from(engine, tmp_path / "abalone.csv"))
    return group


@pytest.fixture
def old(migrating_aws: LocalAws, features: Features, cli: Path) -> OldProject:
    """A live project of the predecessor."""
    assert features
    s3 = migrating_aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=f"flows/{FLOW.name}", Body=FLOW.read_bytes())
    allowed = policy(statement(["s3:GetObject", "s3:ListBucket"], f"arn:aws:s3:::{BUCKET}*"))
    migrating_aws.client("iam").put_role_policy(
        RoleName=STUDIO_ROLE, PolicyName="data", PolicyDocument=allowed
    )
    product = predecessor.deploy_portfolio(migrating_aws)
    project = predecessor.create_project(migrating_aws, product, "old-project", BUCKET + "/" + PREFIX, FORM)
    predecessor.build_pipeline(project, cli, FORM, STUDIO_ROLE_ARN)
    return project


@pytest.mark.timeout(LIMIT_SECONDS + 60)
@pytest.mark.usefixtures("package")
def test_moves_a_live_project_without_losing_or_doubling_uploads(
    old: OldProject, features: Features, tmp_path: Path
) -> None:
    shutil.rmtree(ROOT / "target/migration", ignore_errors=True)
    aws, sender = old.aws, Sender(old)
    wait, disable, listen, check, repair = commands(SWITCH)

    assert old.deliver(sender.upload("first.csv"))
    with Shell(aws.environment(), tmp_path) as shell:
        shell.run(PRELUDE)
        for number, block in enumerate(commands(*BEFORE)):
            shell.run(for_this_machine(block))
            assert old.deliver(sender.upload(f"meanwhile-{number}.csv"))
        # CloudTrail is late: the event of the last upload comes while the reader waits for it.
        last = sender.upload("last.csv")
        shell.start(wait)
        shell.wait_for_output("last.csv")
        assert old.deliver(last)
        shell.finish()
        shell.run(disable)
        # One sender did not pause.
        assert not old.deliver(sender.upload("unpaused.csv"))
        shell.run(listen)
        new = shell.run('echo "$PIPELINE"').splitlines()[0]
        resumed = [sender.upload(f"resumed-{number}.csv") for number in range(2)]
        assert not any(old.deliver(key) for key in resumed)
        eventually(lambda: len(sender.started(new)) == len(resumed), "the executions of the new project")

        lines = shell.run(check).splitlines()
        assert [line for line in lines if line.startswith(("-s3:", "+s3:"))] == [
            f"-s3://{BUCKET}/{PREFIX}unpaused.csv"
        ]
        shell.run(repair)
        assert "one execution for each file" in shell.run(check)
        assert Counter(sender.started(old.pipeline, new)) == Counter(sender.sent)
        succeeded(aws, features, old.pipeline, new)
        assert features.query(f"SELECT count(*) FROM {features.table}")[1:] == [
            [str(ROWS * len(sender.sent))]
        ]

        for block in commands(*AFTER):
            shell.run(block)
        sender.upload("later.csv")
        eventually(lambda: Counter(sender.started(new))[sender.sent[-1]], "the execution of a later upload")
    remaining = [each["ProjectName"] for each in aws.client("sagemaker").list_projects()["ProjectSummaryList"]
                 if each["ProjectStatus"] != "DeleteCompleted"]  # fmt: skip
    assert remaining == ["new-project"]
    rules = [rule["Name"] for rule in aws.client("events").list_rules()["Rules"]]
    assert old.rule not in rules


def succeeded(aws: LocalAws, features: Features, *pipelines: str) -> None:
    """Waits until all executions have succeeded."""
    for name in pipelines:
        for execution in executions(aws, name):
            result = features.wait_for_execution(execution["PipelineExecutionArn"])
            assert result.status == "Succeeded", result
