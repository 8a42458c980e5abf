"""Does the launch role provision the product? Through Service Catalog, as Studio does it, and away again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from smoke.claims import BUILD, PROVISIONING, TERMINATION
from smoke.ledger import StillThereError, is_gone
from smoke.report import Verdict, decide
from smoke.world import UndecidedError, World

FLOW: Final = Path(__file__).resolve().parent / "three-rows.flow"
DEFAULT_PREFIX: Final = "s3-fs-ingest-pipeline"
ENDED: Final = {"SUCCEEDED", "FAILED"}
# About a quarter of an hour, at the usual pace.
REMOVAL_LOOKS: Final = 90
# A principal that was just let in sees the product after some seconds.
PATH_SECONDS: Final = 120.0


def check(world: World) -> Iterator[Verdict]:
    """Provision, wait for the first build, terminate."""
    outputs = portfolio(world)
    let_in(world, outputs["PortfolioId"])
    world.make_bucket()
    flow = world.put("smoke.flow", flow_text(world.bucket).encode())
    artifact = newest(world, outputs["ProductId"])
    write_down(world)
    record = provision(world, outputs["ProductId"], artifact, flow)
    provisioned = ended(world, record, "the product was provisioned")
    yield decide(PROVISIONING, provisioned["Status"] == "SUCCEEDED", told(provisioned))
    if provisioned["Status"] == "SUCCEEDED":
        yield built(world)
        terminated = ended(world, terminate(world, "terminate"), "the product was terminated")
        yield decide(TERMINATION, terminated["Status"] == "SUCCEEDED", told(terminated))


def project_id(world: World) -> str:
    """As SageMaker makes them."""
    return f"p-smoke{world.run_id}"


def portfolio(world: World) -> dict[str, str]:
    """The outputs of the portfolio's stack."""
    try:
        [stack] = world.aws.call("cloudformation", "DescribeStacks", StackName=world.stack)["Stacks"]
    except ClientError as error:
        if is_gone(error):
            raise UndecidedError(
                f"there is no stack {world.stack}; make package and make deploy first, or STACK_NAME=..."
            ) from error
        raise
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def let_in(world: World, portfolio_id: str) -> None:
    """Make the caller a principal of the portfolio, if it is none yet."""
    principal = world.aws.caller
    session = re.fullmatch(r"arn:[a-z-]+:sts::[0-9]{12}:assumed-role/([^/]+)/.*", principal)
    if session:
        principal = world.aws.call("iam", "GetRole", RoleName=session[1])["Role"]["Arn"]
    if principal in principals(world, portfolio_id):
        return
    one = {"PortfolioId": portfolio_id, "PrincipalARN": principal, "PrincipalType": "IAM"}
    world.ledger.will_make(
        f"principal {principal} of the portfolio",
        "servicecatalog",
        "DisassociatePrincipalFromPortfolio",
        **one,
    )
    world.aws.call("servicecatalog", "AssociatePrincipalWithPortfolio", **one)


def principals(world: World, portfolio_id: str) -> set[str]:
    """The ARNs of the portfolio's."""
    request = {"PortfolioId": portfolio_id}
    found: set[str] = set()
    while True:
        page = world.aws.call("servicecatalog", "ListPrincipalsForPortfolio", **request)
        found |= {each["PrincipalARN"] for each in page["Principals"]}
        if not page.get("NextPageToken"):
            return found
        request["PageToken"] = page["NextPageToken"]


def newest(world: World, product: str) -> str:
    """The id of the product's newest version."""
    found = world.aws.call("servicecatalog", "ListProvisioningArtifacts", ProductId=product)
    active = [each for each in found["ProvisioningArtifactDetails"] if each.get("Active", True)]
    if not active:
        raise UndecidedError("the product has no active version")
    return str(max(active, key=lambda each: str(each.get("CreatedTime", "")))["Id"])


def flow_text(bucket: str) -> str:
    """The flow, whose own object is in the run's bucket, and missing there."""
    return FLOW.read_text(encoding="utf-8").replace("BUCKET", bucket)


def write_down(world: World) -> None:
    """What the product's stack and its build will make, and what of it stays when it is terminated."""
    identifier, account = project_id(world), world.aws.account
    if not world.parameters.get("DataBucketName"):
        world.ledger.will_make_bucket(f"sagemaker-{identifier}-data-{account}")
    world.ledger.will_make_bucket(f"sagemaker-{identifier}-artifacts-{account}")
    world.ledger.will_make(
        f"pipeline {pipeline(world)}",
        "sagemaker",
        "DeletePipeline",
        PipelineName=pipeline(world),
        ClientRequestToken=world.token("delete-built"),
    )
    world.ledger.add(
        f"provisioned product {world.name}",
        lambda: remove(world),
        f"aws servicecatalog terminate-provisioned-product --provisioned-product-name {world.name}",
    )


def pipeline(world: World) -> str:
    """The name of the project's SageMaker pipeline."""
    return f"{world.parameters.get('PipelineNamePrefix', DEFAULT_PREFIX)}-{project_id(world)}"


def provision(world: World, product: str, artifact: str, flow: str) -> str:
    """Ask for it; gives the record's id."""
    filled = {
        "SageMakerProjectName": f"smoke-{world.run_id}",
        "SageMakerProjectId": project_id(world),
        "DataWranglerFlowUrl": flow,
        "FeatureGroupName": world.name,
        **world.parameters,
    }
    give_up = min(world.aws.now() + PATH_SECONDS, world.deadline)
    while True:
        try:
            answer = world.aws.call(
                "servicecatalog",
                "ProvisionProduct",
                ProductId=product,
                ProvisioningArtifactId=artifact,
                ProvisionedProductName=world.name,
                ProvisioningParameters=[{"Key": key, "Value": value} for key, value in filled.items()],
                Tags=world.tags,
                ProvisionToken=world.token("provision"),
            )
        except ClientError as error:
            if "launch path" not in str(error).lower() or world.aws.now() >= give_up:
                raise
        else:
            return str(answer["RecordDetail"]["RecordId"])
        world.aws.pause(world.poll_seconds)


def ended(world: World, record: str, what: str) -> dict[str, Any]:
    """The record at its end."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = world.aws.call("servicecatalog", "DescribeRecord", Id=record)["RecordDetail"]
        return found if found["Status"] in ENDED else None

    return world.until(look, what)


def told(record: dict[str, Any]) -> str:
    """What Service Catalog says of it."""
    errors = [each.get("Description", "") for each in record.get("RecordErrors", [])]
    return ": ".join([record["Status"], *errors])


def built(world: World) -> Verdict:
    """Whether the first build has made the pipeline."""
    name = f"sagemaker-{project_id(world)}-build"

    def look() -> str | None:
        found = world.aws.call("codepipeline", "ListPipelineExecutions", pipelineName=name)
        states = [each["status"] for each in found["pipelineExecutionSummaries"]]
        return states[-1] if states and states[-1] != "InProgress" else None

    try:
        status = world.until(look, "the first build had ended")
        if status == "Succeeded":
            world.aws.call("sagemaker", "DescribePipeline", PipelineName=pipeline(world))
    except UndecidedError as reason:
        return Verdict(BUILD, "undecided", str(reason))
    except ClientError as error:
        return decide(BUILD, holds=False, seen=str(error))
    return decide(BUILD, status == "Succeeded", f"the build's pipeline {name}: {status}")


def terminate(world: World, use: str) -> str:
    """Ask for its end; gives the record's id."""
    answer = world.aws.call(
        "servicecatalog",
        "TerminateProvisionedProduct",
        ProvisionedProductName=world.name,
        TerminateToken=world.token(use),
    )
    return str(answer["RecordDetail"]["RecordId"])


def remove(world: World) -> None:
    """Terminate it if it is there, and wait, as long as CloudFormation may need."""
    record = ""
    for look in range(REMOVAL_LOOKS):
        if look:
            world.aws.pause(world.poll_seconds)
        try:
            record = record or terminate(world, f"remove-{look}")
        except ClientError as error:
            if is_gone(error):
                return
            continue  # it may be in the midst of being provisioned
        found = world.aws.call("servicecatalog", "DescribeRecord", Id=record)["RecordDetail"]
        if found["Status"] == "SUCCEEDED":
            return
        if found["Status"] in ENDED:
            break
    raise StillThereError(world.name)
