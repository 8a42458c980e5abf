"""ARNs of pipelines and executions.

SageMaker lower-cases the pipeline's name in its ARN and keeps its case in ``PipelineName``. As the ARN
identifies the pipeline, names that differ only by case name the same pipeline.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# The stand-in is one of AWS's regions in the partition "aws": other partitions have no pipelines here.
_PIPELINE = re.compile(r"arn:aws:sagemaker:([a-z0-9-]*):([0-9]{12}|aws):pipeline/([^/]+)")
_EXECUTION = re.compile(r"(arn:aws:sagemaker:[a-z0-9-]*:(?:[0-9]{12}|aws):pipeline/[^/]+)/execution/([^/]+)")


@dataclass(frozen=True)
class Scope:
    """Where a request acts: pipelines of one account and region do not exist in another."""

    account: str
    region: str

    def pipeline_arn(self, name: str) -> str:
        """The ARN of a pipeline of this name."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:pipeline/{name.lower()}"

    def pipeline_arn_of(self, name_or_arn: str) -> str:
        """The ARN that a ``PipelineNameOrArn`` means; an ARN may lead to another account or region."""
        match = _PIPELINE.fullmatch(name_or_arn)
        if match is None:
            return name_or_arn if name_or_arn.startswith("arn:") else self.pipeline_arn(name_or_arn)
        return Scope(account=match[2], region=match[1]).pipeline_arn(match[3])

    def execution_arn_of(self, arn: str) -> str:
        """An execution's ARN with its pipeline's name in lower case."""
        match = _EXECUTION.fullmatch(arn)
        return f"{self.pipeline_arn_of(match[1])}/execution/{match[2]}" if match else arn


def pipeline_of_execution(arn: str) -> str:
    """The ARN of the pipeline that an execution's ARN names, or the empty string for any other ARN."""
    match = _EXECUTION.fullmatch(arn)
    return match[1] if match else ""
