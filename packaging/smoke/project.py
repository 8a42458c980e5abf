"""A project of the product, provisioned and terminated through Service Catalog, as Studio does it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from smoke.cleanup import StillThereError, is_gone
from smoke.context import Context, UndecidedError

FLOW: Final = Path(__file__).resolve().parent / "three-rows.flow"
DEFAULT_PREFIX: Final = "s3-fs-ingest-pipeline"
ENDED: Final = {"SUCCEEDED", "FAILED"}
# About 15 minutes at the usual polling interval.
REMOVAL_LOOKS: Final = 90
# A new principal of the portfolio sees the product after some seconds.
PATH_SECONDS: Final = 120.0


def create(context: Context) -> dict[str, Any]:
    """Makes the check's bucket with a flow, and provisions the product. Returns the ended record."""
    outputs = portfolio(context)
    grant_access(context, outputs["PortfolioId"])
    context.make_bucket()
    flow = context.put("smoke.flow", flow_text(context.bucket).encode())
    artifact = newest(context, outputs["ProductId"])
    register_resources(context)
    record = provision(context, outputs["ProductId"], artifact, flow)
    return ended(context, record, "the product was provisioned")


def project_id(context: Context) -> str:
    """A project ID in SageMaker's format. Each check has its own: SQS blocks a deleted queue's name."""
    return f"p-smoke{context.run_id}{context.check[0]}"


def portfolio(context: Context) -> dict[str, str]:
    """The outputs of the portfolio's stack."""
    try:
        [stack] = context.aws.call("cloudformation", "DescribeStacks", StackName=context.stack)["Stacks"]
    except ClientError as error:
        if is_gone(error):
            raise UndecidedError(
                f"stack {context.stack} does not exist; run make package and make deploy, or set STACK_NAME"
            ) from error
        raise
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def grant_access(context: Context, portfolio_id: str) -> None:
    """Makes the caller a principal of the portfolio, unless it already is."""
    principal = context.aws.caller
    session = re.fullmatch(r"arn:[a-z-]+:sts::[0-9]{12}:assumed-role/([^/]+)/.*", principal)
    if session:
        principal = context.aws.call("iam", "GetRole", RoleName=session[1])["Role"]["Arn"]
    if principal in principals(context, portfolio_id):
        return
    one = {"PortfolioId": portfolio_id, "PrincipalARN": principal, "PrincipalType": "IAM"}
    context.cleanup.register(
        f"principal {principal} of the portfolio",
        "servicecatalog",
        "DisassociatePrincipalFromPortfolio",
        **one,
    )
    context.aws.call("servicecatalog", "AssociatePrincipalWithPortfolio", **one)


def principals(context: Context, portfolio_id: str) -> set[str]:
    """The ARNs of the portfolio's principals."""
    request = {"PortfolioId": portfolio_id}
    found: set[str] = set()
    while True:
        page = context.aws.call("servicecatalog", "ListPrincipalsForPortfolio", **request)
        found |= {each["PrincipalARN"] for each in page["Principals"]}
        if not page.get("NextPageToken"):
            return found
        request["PageToken"] = page["NextPageToken"]


def newest(context: Context, product: str) -> str:
    """The ID of the product's newest version."""
    found = context.aws.call("servicecatalog", "ListProvisioningArtifacts", ProductId=product)
    active = [each for each in found["ProvisioningArtifactDetails"] if each.get("Active", True)]
    if not active:
        raise UndecidedError("the product has no active version")
    return str(max(active, key=lambda each: str(each.get("CreatedTime", "")))["Id"])


def flow_text(bucket: str) -> str:
    """The flow. Its source object is in the check's bucket, but does not exist."""
    return FLOW.read_text(encoding="utf-8").replace("BUCKET", bucket)


def register_resources(context: Context) -> None:
    """Registers the provisioned product, and the resources that termination leaves behind."""
    identifier, account = project_id(context), context.aws.account
    if not context.parameters.get("DataBucketName"):
        context.cleanup.register_bucket(data_bucket(context))
    context.cleanup.register_bucket(f"sagemaker-{identifier}-artifacts-{account}")
    context.cleanup.register(
        f"pipeline {pipeline(context)}",
        "sagemaker",
        "DeletePipeline",
        PipelineName=pipeline(context),
        ClientRequestToken=context.token("delete-built"),
    )
    context.cleanup.add(
        f"provisioned product {context.name}",
        lambda: remove(context),
        f"aws servicecatalog terminate-provisioned-product --provisioned-product-name {context.name}",
    )


def pipeline(context: Context) -> str:
    """The name of the project's SageMaker pipeline."""
    return f"{context.parameters.get('PipelineNamePrefix', DEFAULT_PREFIX)}-{project_id(context)}"


def data_bucket(context: Context) -> str:
    """The name of the project's own data bucket."""
    return f"sagemaker-{project_id(context)}-data-{context.aws.account}"


def build_pipeline(context: Context) -> str:
    """The name of the CodePipeline pipeline that builds the project."""
    return f"sagemaker-{project_id(context)}-build"


def function(context: Context) -> str:
    """The name of the function that starts the project's pipeline."""
    return f"sagemaker-{project_id(context)}-start-pipeline"


def provision(context: Context, product: str, artifact: str, flow: str) -> str:
    """Starts provisioning. Returns the record's ID."""
    filled = {
        "SageMakerProjectName": f"smoke-{context.run_id}",
        "SageMakerProjectId": project_id(context),
        "DataWranglerFlowUrl": flow,
        "FeatureGroupName": context.name,
        **context.parameters,
    }
    end = min(context.aws.now() + PATH_SECONDS, context.deadline)
    while True:
        try:
            answer = context.aws.call(
                "servicecatalog",
                "ProvisionProduct",
                ProductId=product,
                ProvisioningArtifactId=artifact,
                ProvisionedProductName=context.name,
                ProvisioningParameters=[{"Key": key, "Value": value} for key, value in filled.items()],
                Tags=context.tags,
                ProvisionToken=context.token("provision"),
            )
        except ClientError as error:
            if "launch path" not in str(error).lower() or context.aws.now() >= end:
                raise
        else:
            return str(answer["RecordDetail"]["RecordId"])
        context.aws.pause(context.poll_seconds)


def ended(context: Context, record: str, what: str) -> dict[str, Any]:
    """Waits for the record to end. Returns it."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = context.aws.call("servicecatalog", "DescribeRecord", Id=record)[
            "RecordDetail"
        ]
        return found if found["Status"] in ENDED else None

    return context.until(look, what)


def status_text(record: dict[str, Any]) -> str:
    """The record's status and errors."""
    errors = [each.get("Description", "") for each in record.get("RecordErrors", [])]
    return ": ".join([record["Status"], *errors])


def built(context: Context) -> str:
    """Waits for the first build. Returns its status."""

    def look() -> str | None:
        states = builds(context)
        return states[-1] if states and states[-1] != "InProgress" else None

    return context.until(look, "the first build ended")


def builds(context: Context) -> list[str]:
    """The states of the project's builds, newest first."""
    found = context.aws.call("codepipeline", "ListPipelineExecutions", pipelineName=build_pipeline(context))
    return [each["status"] for each in found["pipelineExecutionSummaries"]]


def terminate(context: Context, use: str) -> str:
    """Starts termination. Returns the record's ID."""
    answer = context.aws.call(
        "servicecatalog",
        "TerminateProvisionedProduct",
        ProvisionedProductName=context.name,
        TerminateToken=context.token(use),
    )
    return str(answer["RecordDetail"]["RecordId"])


def remove(context: Context) -> None:
    """Terminates the product if it exists, and waits for CloudFormation."""
    record = ""
    for look in range(REMOVAL_LOOKS):
        if look:
            context.aws.pause(context.poll_seconds)
        try:
            record = record or terminate(context, f"remove-{look}")
        except ClientError as error:
            if is_gone(error):
                return
            continue  # it may still be provisioning
        found = context.aws.call("servicecatalog", "DescribeRecord", Id=record)["RecordDetail"]
        if found["Status"] == "SUCCEEDED":
            return
        if found["Status"] in ENDED:
            break
    raise StillThereError(context.name)
