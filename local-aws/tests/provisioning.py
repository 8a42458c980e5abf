"""Service Catalog, CodeCommit and CodePipeline, wired up for a test."""

from __future__ import annotations

import io
import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from local_aws import LocalAws
from waiting import until

ROLE = "arn:aws:iam::000000000000:role/service"
QUEUES: dict[str, Any] = {
    "Parameters": {
        "Name": {
            "Type": "String",
            "AllowedPattern": "^[a-z-]{1,20}$",
            "ConstraintDescription": "short and lower",
        },
        "Delay": {"Type": "Number", "Default": 0, "MaxValue": 900},
    },
    "Resources": {
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": {"Ref": "Name"}, "DelaySeconds": {"Ref": "Delay"}},
        }
    },
    "Outputs": {"Arn": {"Description": "Of the queue", "Value": {"Fn::GetAtt": ["Queue", "Arn"]}}},
}


def put_template(server: LocalAws, key: str = "product.json", template: Any = QUEUES) -> str:
    """The URL of a template in S3."""
    s3 = server.client("s3")
    if not any(bucket["Name"] == "templates" for bucket in s3.list_buckets()["Buckets"]):
        s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key=key, Body=json.dumps(template).encode())
    return f"https://templates.s3.us-east-1.amazonaws.com/{key}"


def create_product(server: LocalAws, **members: Any) -> tuple[str, str, str]:
    """The ids of a portfolio, its product, and the product's only version."""
    catalog = server.client("servicecatalog")
    portfolio = catalog.create_portfolio(DisplayName="Queues", ProviderName="Team")["PortfolioDetail"]["Id"]
    created = catalog.create_product(
        Name="Queue",
        Owner="Team",
        ProductType="CLOUD_FORMATION_TEMPLATE",
        ProvisioningArtifactParameters={
            "Name": "v1",
            "Type": "CLOUD_FORMATION_TEMPLATE",
            "Info": {"LoadTemplateFromURL": put_template(server)},
        },
        **members,
    )
    product = created["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    catalog.associate_product_with_portfolio(PortfolioId=portfolio, ProductId=product)
    return portfolio, product, created["ProvisioningArtifactDetail"]["Id"]


def record_of(server: LocalAws, record_id: str) -> dict[str, Any]:
    """Wait for the end of a record's operation, and return the record."""
    catalog = server.client("servicecatalog")

    def look() -> dict[str, Any] | None:
        record: dict[str, Any] = catalog.describe_record(Id=record_id)
        return record if record["RecordDetail"]["Status"] in ("SUCCEEDED", "FAILED") else None

    return until(look)


def stack_status(server: LocalAws, name: str) -> str:
    """Wait until a stack is not in progress, and return its status."""
    client = server.client("cloudformation")

    def look() -> str | None:
        status = str(client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        return None if status.endswith("_IN_PROGRESS") else status

    return until(look)


def create_stack(server: LocalAws, resources: dict[str, Any], **sections: Any) -> str:
    """Create the stack ``stack`` from resources and other sections. Returns its status."""
    body = json.dumps({"Resources": resources, **sections})
    server.client("cloudformation").create_stack(
        StackName="stack", TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    return stack_status(server, "stack")


def failures(server: LocalAws) -> str:
    """Returns the reasons of failed resources of the stack ``stack``."""
    events = server.client("cloudformation").describe_stack_events(StackName="stack")["StackEvents"]
    return "; ".join(
        event.get("ResourceStatusReason", "")
        for event in events
        if event["ResourceStatus"].endswith("_FAILED")
    )


def zipped(files: dict[str, str]) -> bytes:
    """Returns a zip of text files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        for name, text in files.items():
            content.writestr(name, text)
    return archive.getvalue()


def run_git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git without any user settings."""
    who = {
        f"GIT_{role}_{what}": "a@b.example" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**environment, **who},
        capture_output=True,
        text=True,
        check=False,
    )


def commit_and_push(server: LocalAws, folder: Path, name: str, files: dict[str, str]) -> str:
    """Clone a repository, change files and push them to main. Returns the commit's id."""
    url = server.client("codecommit").get_repository(repositoryName=name)["repositoryMetadata"][
        "cloneUrlHttp"
    ]
    work = folder / "work"
    if not work.exists():
        assert run_git(folder, "clone", "--quiet", url, "work").returncode == 0
        run_git(work, "checkout", "--quiet", "-B", "main")
    for file, text in files.items():
        (work / file).write_text(text)
    run_git(work, "add", "--all")
    assert run_git(work, "commit", "--quiet", "--message", "Change").returncode == 0
    pushed = run_git(work, "push", "--quiet", "origin", "main")
    assert pushed.returncode == 0, pushed.stderr
    return run_git(work, "rev-parse", "HEAD").stdout.strip()
