"""`make demo`: the whole workflow, from the package to features, on a laptop.

Packages and publishes the product, creates a project as Studio does, and uploads a file twice. Then delivers
the first event again, shows the result of each execution, queries the features, and cleans up.
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
from demo_flow import DemoFlow, abalone_flow, own_flow
from features import SPARK, ExecutionResult, Features, as_table, definitions_from
from inventory import everything
from local_aws.launcher import LocalAws, LocalAwsError
from reporter import Reporter
from stages import Delivery, Stages
from studio import Project, Studio, wait_for_builds
from terminal import WalkthroughError, output_of
from walkthrough import STAGING_BUCKET, Platform

LOG: Final = Path("target/demo/local-aws.log")
LAST_LINES: Final = 20
NAME: Final = "Abalone"
# Resources that remain after the clean-up, by the beginning of kind and name, with the reason.
LEFT: Final = {
    f"bucket {STAGING_BUCKET}": "the package, which projects use",
    "bucket sagemaker-p-": "retained by the template (Retain): the project's {what}",
    "feature group ": "created by the user",
    "table ": "of the feature group",
    "log group ": "shared by all SageMaker processing jobs",
}


class Demo:
    """The demo, run on a local-aws server."""

    def __init__(self, aws: LocalAws, root: Path, flow: DemoFlow, reporter: Reporter) -> None:
        self._aws = aws
        self._flow = flow
        self._form = form(flow)
        self._platform = Platform(aws, root=root)
        self._engine = root / ENGINE
        self._reporter = reporter

    def run(self, upload: Upload) -> None:
        """Runs all steps."""
        user, before = self._account()
        self._publish()
        studio = Studio(user)
        project = self._project(studio)
        features = self._feature_group(user, upload)
        stages = Stages(self._aws, user, project, self._reporter)
        executions = self._uploads(stages, upload)
        self._executions(features, executions)
        self._features(features, upload)
        self._clean_up(studio, project, before)

    def _account(self) -> tuple[StudioUser, set[str]]:
        """Returns the user, and the account's resources before the product is deployed."""
        with self._reporter.step("Set up an account with SageMaker Studio"):
            user = open_account(self._aws)
            self._aws.client("s3").put_object(
                Bucket=DEFAULT_BUCKET, Key=f"flows/{self._flow.path.name}", Body=self._flow.path.read_bytes()
            )
            self._reporter.line("role", STUDIO_ROLE, "(the Studio user's)")
            self._reporter.line("role", LAUNCH_ROLE)
            self._reporter.line("flow", self._form["DataWranglerFlowUrl"])
            before = everything(self._aws)
        return user, before

    def _publish(self) -> None:
        with self._reporter.step("The platform team packages the product (already built)"):
            self._reporter.command(f"make package S3_BUCKET_NAME={STAGING_BUCKET}")
            for line in self._platform.package().splitlines():
                action, _, key = line.partition(" ")
                if action in ("created", "uploaded"):
                    self._reporter.line(
                        action, key.strip().replace("amazon-sagemaker-reusable-components/", "…/")
                    )
        with self._reporter.step("The platform team publishes the product in Service Catalog"):
            self._reporter.command(f"make deploy S3_BUCKET_NAME={STAGING_BUCKET} \\")
            self._reporter.text("        SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=<the Studio user's role>")
            outputs = self._platform.deploy()
            self._reporter.line("product", outputs["ProductName"], outputs["ProvisioningArtifactNames"])
            for name, arn in sorted(outputs.items()):
                if name.endswith("RoleArn") and name != "ProductLaunchRoleArn":
                    self._reporter.line("role", arn.rpartition("/")[2])
            self._reporter.command("make attach-policies")
            output_of(self._platform.make("attach-policies"))

    def _project(self, studio: Studio) -> Project:
        with self._reporter.step("A user creates a project in Studio"):
            for name, value in self._form.items():
                self._reporter.line("form", f"{name} = {value}")
            studio.create_project(NAME, self._form)
            project = studio.project(NAME)
            self._reporter.line("project", project.name, project.id)
            types = Counter(kind.rpartition("::")[2] for kind in studio.resource_types(project))
            listed = [f"{number} {kind}" for kind, number in sorted(types.items())]
            self._reporter.line("stack", f"{types.total()} resources:")
            for first in range(0, len(listed), 5):
                self._reporter.line("", ", ".join(listed[first : first + 5]))
        with self._reporter.step("The project's build creates the SageMaker pipeline"):
            [build] = wait_for_builds(self._aws, project)
            [source] = build["sourceRevisions"]
            self._reporter.line("source", project.outputs["RepositoryCloneUrl"].rpartition("/")[2])
            self._reporter.line("commit", source["revisionId"][:8], source["revisionSummary"])
            self._reporter.line("pipeline", project.pipeline)
        return project

    def _feature_group(self, user: StudioUser, upload: Upload) -> Features:
        with (
            self._reporter.step("The user creates the feature group"),
            tempfile.TemporaryDirectory() as folder,
        ):
            # The rows of the user's file may not fit the repository's flow. The demo shows that later.
            sample = upload if self._flow.is_own else abalone()
            data = Path(folder) / Path(sample.key).name
            data.write_bytes(sample.content)
            definitions = definitions_from(self._engine, data, self._flow.path)
            keys = self._flow.keys_among(definitions)
            features = Features(user, DEFAULT_BUCKET, role=STUDIO_ROLE_ARN, group=self._flow.group, keys=keys)
            features.create_group(definitions)
            self._reporter.line("group", self._flow.group)
            self._reporter.line("features", f"{len(definitions)}, to match the flow's output")
            self._reporter.line(
                "keys", f"{keys.identifier} identifies a record, {keys.event_time} is its time"
            )
        self._keys = keys
        return features

    def _uploads(self, stages: Stages, upload: Upload) -> list[str]:
        """Uploads twice and delivers three events. Returns the ARNs of the started executions."""
        stages.watch()
        with self._reporter.step(f"Upload {upload.description}"):
            first = stages.upload(upload)
            check(stages.executions() == 1, "one upload starts one execution")
        with self._reporter.step("Upload it again: each upload starts its own execution"):
            second = stages.upload(upload)
            check(first.execution != second.execution, "a second upload starts a second execution")
            check(stages.executions() == 2, "two uploads start two executions")
        with self._reporter.step("Deliver the first event again: nothing new starts"):
            self._deliver_again(stages, first)
        stages.stop_watching()
        return [first.execution, second.execution]

    def _deliver_again(self, stages: Stages, first: Delivery) -> None:
        again = stages.deliver_again(first.event)
        check(again.execution == first.execution, "a redelivery finds the execution of the first delivery")
        check(stages.executions() == 2, "a redelivery starts nothing")
        self._reporter.text("    This is the first upload's execution: the token is the same.")

    def _executions(self, features: Features, arns: list[str]) -> None:
        """Reports the result of each execution. Raises WalkthroughError if one failed."""
        with self._reporter.step("The executions apply the flow to the data"):
            for number, arn in enumerate(arns, start=1):
                result = features.wait_for_execution(arn)
                self._reporter.line(
                    f"execution {number}", result.status, f"(its job took {result.seconds:.1f} s)"
                )
                self._job(result)
                if result.status != "Succeeded":
                    raise WalkthroughError(f"execution {number} is {result.status}: {result.reason}")

    def _job(self, result: ExecutionResult) -> None:
        """Reports the number of rows and, if the job failed, the reason."""
        summary = result.summary()
        for what in ("read", "written", "rejected"):
            if f"rows_{what}" in summary:
                self._reporter.line(f"  {what}", f"{summary[f'rows_{what}']:>6,} rows")
        if result.status != "Succeeded":
            for line in result.exit_message.splitlines() or result.log[-LAST_LINES:]:
                self._reporter.text(f"      {line}")

    def _features(self, features: Features, upload: Upload) -> None:
        """Shows the number of records, one record, and a query over all records."""
        with self._reporter.step(f"The features are in {self._flow.group}"):
            count = features.count()
            self._reporter.line("records", f"{count:,}")
            check(count == upload.records or upload.records is None, f"there are {upload.records} records")
            record = features.first()
            identifier = self._keys.identifier
            self._reporter.line("GetRecord", f"{identifier} = {record[identifier]}")
            for name, value in record.items():
                self._reporter.text(f"      {name:<20} {value}")
            if self._flow.is_own:
                return
            self._reporter.line("Athena", "mean rings by sex")
            for line in as_table(features.rings_by_sex()):
                self._reporter.text(f"      {line}")

    def _clean_up(self, studio: Studio, project: Project, before: set[str]) -> None:
        with self._reporter.step("Clean-up"):
            self._reporter.command("ingestion-pipeline delete --yes")
            studio.delete_pipeline(project)
            self._reporter.command(f"aws sagemaker delete-project --project-name {NAME}")
            studio.delete_project(NAME)
            self._reporter.command("make delete")
            output_of(self._platform.make("delete"))
            left = sorted(everything(self._aws) - before)
        self._reporter.text("\nResources left, and why")
        width = max(map(len, left))
        for thing in left:
            reasons = [why for begin, why in LEFT.items() if thing.startswith(begin)]
            check(bool(reasons), f"clean-up removes {thing}")
            what = "data" if "-data-" in thing else "flows and sources"
            self._reporter.text(f"    {thing:<{width}}  {reasons[0].format(what=what)}")


def form(flow: DemoFlow) -> dict[str, str]:
    """Returns what the user enters in Studio.

    The native engine supports only x86_64, and not every flow. With "data-wrangler", local-aws runs an engine
    of ours in place of AWS's container.
    """
    native = ARCHITECTURE == "x86_64" and not flow.is_own
    return {
        "DataWranglerFlowUrl": f"s3://{DEFAULT_BUCKET}/flows/{flow.path.name}",
        "Engine": "native" if native else "data-wrangler",
        "FeatureGroupName": flow.group,
    }


def check(holds: bool, claim: str) -> None:
    """Raises WalkthroughError if a claim of the demo does not hold."""
    if not holds:
        raise WalkthroughError(f"check failed: {claim}")


def show(root: Path, upload: Upload, flow: DemoFlow) -> None:
    """Starts local-aws, runs the demo, and prints the totals."""
    begin = time.monotonic()
    for built_file in (PACKAGE, CLI, ENGINE):
        if not (root / built_file).is_file():
            raise WalkthroughError(f"{root / built_file} does not exist\nhint: make build")
    reporter = Reporter()
    LOG.parent.mkdir(parents=True, exist_ok=True)
    reporter.text("This demo does not connect to AWS. It runs on local-aws, which enforces IAM.")
    with LocalAws(auth=True, log_file=LOG, ingest_features=root / ENGINE, spark_engine=SPARK) as aws:
        Demo(aws, root, flow, reporter).run(upload)
    reporter.totals()
    reporter.text("\n2 uploads, 3 deliveries, 2 executions: each upload started the pipeline once.")
    reporter.text(f"Total time: {time.monotonic() - begin:.1f} s. Log: {LOG}")


def main() -> int:
    """Runs the demo and returns the exit code."""
    parser = argparse.ArgumentParser(
        description="Run the whole workflow, from the package to features, on a laptop."
    )
    parser.add_argument("--file", type=Path, help="the file to upload (default: the Abalone data)")
    parser.add_argument("--flow", type=Path, help="your own flow, for a file of --file")
    parser.add_argument("--record-id", metavar="FEATURE", help="the feature that identifies a record")
    parser.add_argument("--event-time", metavar="FEATURE", help="the feature with the time of a record")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        upload = own_file(options.file) if options.file else abalone()
        flow = abalone_flow()
        if options.flow:
            flow = own_flow(options.flow, options.record_id, options.event_time)
        show(options.root, upload, flow)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader, such as `head`, closed the pipe. Python's last flush must not raise, either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (WalkthroughError, LocalAwsError, ClientError, BotoCoreError, OSError) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        if LOG.exists():
            print(f"Log: {LOG}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
