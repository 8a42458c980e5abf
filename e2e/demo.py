"""`make demo`: from the package to features, by the road that users take, on a laptop.

Stages and publishes the product, creates a project of it as Studio does, uploads a file twice and delivers
the first event once more, shows each hop and what the executions did, reads the features, and cleans up.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from account import DEFAULT_BUCKET, LAUNCH_ROLE, STUDIO_ROLE, STUDIO_ROLE_ARN, StudioUser, open_account
from builds import ARCHITECTURE, CLI, ENGINE, PACKAGE, ROOT
from demo_data import Upload, abalone, own_file
from features import GROUP, IDENTIFIER, Ended, Features, as_table
from hops import Hops, Started
from inventory import everything
from local_aws.launcher import LocalAws, LocalAwsError
from narration import Narration
from project import FLOW
from road import STAGING_BUCKET, Platform
from studio import Project, Studio, built
from terminal import RoadError, done

LOG: Final = Path("target/demo/local-aws.log")
LAST_LINES: Final = 20
NAME: Final = "Abalone"
# The native engine is built for x86_64 alone; elsewhere local-aws has it stand in for AWS's container.
FORM: Final = {
    "DataWranglerFlowUrl": f"s3://{DEFAULT_BUCKET}/flows/{FLOW.name}",
    "Engine": "native" if ARCHITECTURE == "x86_64" else "data-wrangler",
    "FeatureGroupName": GROUP,
}
# What is still there in the end, by how its kind and name begin, and why.
LEFT: Final = {
    f"bucket {STAGING_BUCKET}": "the package: projects run from it",
    "bucket sagemaker-p-": "declared Retain: the project's {what}",
    "feature group ": "the user's own",
    "table ": "of that feature group",
    "log group ": "SageMaker's, of all processing jobs",
}


class Demo:
    """The demo against one running local-aws."""

    def __init__(self, aws: LocalAws, root: Path, told: Narration) -> None:
        self._aws = aws
        self._platform = Platform(aws, root=root)
        self._engine = root / ENGINE
        self._told = told

    def run(self, upload: Upload) -> None:
        """The whole road."""
        user, before = self._account()
        self._publish()
        studio = Studio(user)
        project = self._project(studio)
        features = self._feature_group(user)
        hops = Hops(self._aws, user, project, self._told)
        executions = self._uploads(hops, upload)
        self._executions(features, executions)
        self._features(features, upload)
        self._clean_up(studio, project, before)

    def _account(self) -> tuple[StudioUser, set[str]]:
        """The user, and everything that is there before the product comes."""
        with self._told.stage("An account with SageMaker Studio, as the product finds it"):
            user = open_account(self._aws)
            self._aws.client("s3").put_object(
                Bucket=DEFAULT_BUCKET, Key=f"flows/{FLOW.name}", Body=FLOW.read_bytes()
            )
            self._told.line("role", STUDIO_ROLE, "(the Studio user's)")
            self._told.line("role", LAUNCH_ROLE)
            self._told.line("flow", FORM["DataWranglerFlowUrl"])
            before = everything(self._aws)
        return user, before

    def _publish(self) -> None:
        with self._told.stage("The platform team packages the product (it is built already)"):
            self._told.command(f"make package S3_BUCKET_NAME={STAGING_BUCKET}")
            for line in self._platform.package().splitlines():
                what, _, key = line.partition(" ")
                if what in ("made", "uploaded"):
                    self._told.line(what, key.strip().replace("amazon-sagemaker-reusable-components/", "…/"))
        with self._told.stage("The platform team publishes it in Service Catalog"):
            self._told.command(f"make deploy S3_BUCKET_NAME={STAGING_BUCKET} \\")
            self._told.text("        SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=<the Studio user's role>")
            outputs = self._platform.deploy()
            self._told.line("product", outputs["ProductName"], outputs["ProvisioningArtifactNames"])
            for name, arn in sorted(outputs.items()):
                if name.endswith("RoleArn") and name != "ProductLaunchRoleArn":
                    self._told.line("role", arn.rpartition("/")[2])
            self._told.command("make attach-policies")
            done(self._platform.make("attach-policies"))

    def _project(self, studio: Studio) -> Project:
        with self._told.stage("A user creates a project in Studio"):
            for name, value in FORM.items():
                self._told.line("form", f"{name} = {value}")
            studio.create_project(NAME, FORM)
            project = studio.project(NAME)
            self._told.line("project", project.name, project.id)
            types = Counter(kind.rpartition("::")[2] for kind in studio.resource_types(project))
            listed = [f"{number} {kind}" for kind, number in sorted(types.items())]
            self._told.line("stack", f"{types.total()} resources:")
            for first in range(0, len(listed), 5):
                self._told.line("", ", ".join(listed[first : first + 5]))
        with self._told.stage("The project's build makes the SageMaker pipeline"):
            [build] = built(self._aws, project)
            [source] = build["sourceRevisions"]
            self._told.line("source", project.outputs["RepositoryCloneUrl"].rpartition("/")[2])
            self._told.line("commit", source["revisionId"][:8], source["revisionSummary"])
            self._told.line("pipeline", project.pipeline)
        return project

    def _feature_group(self, user: StudioUser) -> Features:
        with self._told.stage("The user makes the feature group"), tempfile.TemporaryDirectory() as folder:
            features = Features(user, DEFAULT_BUCKET, role=STUDIO_ROLE_ARN)
            data = Path(folder) / "abalone.csv"
            data.write_bytes(abalone().content)
            number = features.create_group(self._engine, data)
            self._told.line("group", GROUP)
            self._told.line("features", f"{number}, as the flow's output needs them")
        return features

    def _uploads(self, hops: Hops, upload: Upload) -> list[str]:
        """Two uploads and three deliveries; gives the executions that they started."""
        hops.watch()
        with self._told.stage(f"Upload {upload.description}"):
            first = hops.upload(upload)
            check(hops.executions() == 1, "one upload starts one execution")
        with self._told.stage("Upload it again: a new version, so a new execution"):
            second = hops.upload(upload)
            check(first.execution != second.execution, "a second upload starts a second execution")
            check(hops.executions() == 2, "two uploads start two executions")
        with self._told.stage("Deliver the first event again: nothing new starts"):
            self._deliver_again(hops, first)
        hops.stop_watching()
        return [first.execution, second.execution]

    def _deliver_again(self, hops: Hops, first: Started) -> None:
        again = hops.deliver_again(first.event)
        check(again.execution == first.execution, "a redelivery finds the execution of its first delivery")
        check(hops.executions() == 2, "a redelivery starts nothing")
        self._told.text("    It is the first upload's execution, found again by its token.")

    def _executions(self, features: Features, arns: list[str]) -> None:
        """What the executions did. Fails if one of them has failed, with what its job said."""
        with self._told.stage("The executions run the flow on the data"):
            for number, arn in enumerate(arns, start=1):
                ended = features.ended(arn)
                self._told.line(f"execution {number}", ended.status, f"(its job took {ended.seconds:.1f} s)")
                self._job(ended)
                if ended.status != "Succeeded":
                    raise RoadError(f"execution {number} is {ended.status}: {ended.reason}")

    def _job(self, ended: Ended) -> None:
        """What a job said: what became of the rows, and why it failed, if it did."""
        summary = ended.summary()
        for what in ("read", "written", "rejected"):
            if f"rows_{what}" in summary:
                self._told.line(f"  {what}", f"{summary[f'rows_{what}']:>6,} rows")
        if ended.status != "Succeeded":
            for line in ended.exit_message.splitlines() or ended.log[-LAST_LINES:]:
                self._told.text(f"      {line}")

    def _features(self, features: Features, upload: Upload) -> None:
        """The records: how many, one of them, and a query over all."""
        with self._told.stage(f"The features are in {GROUP}"):
            count = features.count()
            self._told.line("records", f"{count:,}")
            check(count == upload.records or upload.records is None, f"there are {upload.records} records")
            record = features.first()
            self._told.line("GetRecord", f"{IDENTIFIER} = {record[IDENTIFIER]}")
            for name, value in record.items():
                self._told.text(f"      {name:<20} {value}")
            self._told.line("Athena", "mean rings by sex")
            for line in as_table(features.rings_by_sex()):
                self._told.text(f"      {line}")

    def _clean_up(self, studio: Studio, project: Project, before: set[str]) -> None:
        with self._told.stage("Clean-up"):
            self._told.command("ingestion-pipeline delete --yes")
            studio.delete_pipeline(project)
            self._told.command(f"aws sagemaker delete-project --project-name {NAME}")
            studio.delete_project(NAME)
            self._told.command("make delete")
            done(self._platform.make("delete"))
            left = sorted(everything(self._aws) - before)
        self._told.text("\nWhat is left of it, and why")
        width = max(map(len, left))
        for thing in left:
            reasons = [why for begin, why in LEFT.items() if thing.startswith(begin)]
            check(bool(reasons), f"clean-up leaves no {thing}")
            what = "data" if "-data-" in thing else "flows and sources"
            self._told.text(f"    {thing:<{width}}  {reasons[0].format(what=what)}")


def check(holds: bool, claim: str) -> None:
    """The demo fails where what it shows is not so."""
    if not holds:
        raise RoadError(f"it does not hold that {claim}")


def show(root: Path, upload: Upload) -> None:
    """The whole demo, from the start of local-aws to the sum of it all."""
    begin = time.monotonic()
    for built_file in (PACKAGE, CLI, ENGINE):
        if not (root / built_file).is_file():
            raise RoadError(f"{root / built_file} does not exist\nhint: make build")
    told = Narration()
    LOG.parent.mkdir(parents=True, exist_ok=True)
    told.text("Nothing here reaches AWS: local-aws stands in for it, and enforces IAM.")
    with LocalAws(auth=True, log_file=LOG, ingest_features=root / ENGINE) as aws:
        Demo(aws, root, told).run(upload)
    told.totals()
    told.text("\n2 uploads, 3 deliveries, 2 executions: each upload started its pipeline once.")
    told.text(f"All of it took {time.monotonic() - begin:.1f} s. The log is {LOG}")


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description="Take the road from the package to features, on a laptop.")
    parser.add_argument("--file", type=Path, help="what to upload; by default the Abalone data")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        show(options.root, own_file(options.file) if options.file else abalone())
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever reads, `head` say, has seen enough; nor may Python's own last flush complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (RoadError, LocalAwsError, ClientError, BotoCoreError, OSError) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        if LOG.exists():
            print(f"The log is {LOG}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
