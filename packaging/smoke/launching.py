"""Can the launch role provision and terminate the product? Goes through Service Catalog, as Studio does."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from smoke import project
from smoke.claims import BUILD, PROVISIONING, TERMINATION
from smoke.context import Context, UndecidedError
from smoke.report import Verdict, decide


def check(context: Context) -> Iterator[Verdict]:
    """Provisions the product, waits for the first build, and terminates the product."""
    provisioned = project.create(context)
    yield decide(PROVISIONING, provisioned["Status"] == "SUCCEEDED", project.status_text(provisioned))
    if provisioned["Status"] == "SUCCEEDED":
        yield built(context)
        record = project.terminate(context, "terminate")
        terminated = project.ended(context, record, "the product was terminated")
        yield decide(TERMINATION, terminated["Status"] == "SUCCEEDED", project.status_text(terminated))


def built(context: Context) -> Verdict:
    """Whether the first build created the pipeline."""
    try:
        status = project.built(context)
        if status == "Succeeded":
            context.aws.call("sagemaker", "DescribePipeline", PipelineName=project.pipeline(context))
    except UndecidedError as reason:
        return Verdict(BUILD, "undecided", str(reason))
    except ClientError as error:
        return decide(BUILD, holds=False, seen=str(error))
    name = project.build_pipeline(context)
    return decide(BUILD, status == "Succeeded", f"the build's pipeline {name}: {status}")
