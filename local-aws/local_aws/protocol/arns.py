"""ARNs of pipelines, executions, processing jobs and feature groups.

SageMaker lower-cases a resource's name in its ARN and keeps its case in ``PipelineName`` and the like. The
ARN identifies the resource, so names that differ only in case mean the same resource.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# local-aws supports the partition "aws" only.
_PIPELINE = re.compile(r"arn:aws:sagemaker:([a-z0-9-]*):([0-9]{12}|aws):pipeline/([^/]+)")
_FEATURE_GROUP = re.compile(r"arn:aws[a-z-]*:sagemaker:([a-z0-9-]*):([0-9]{12}):feature-group/(.+)")
_EXECUTION = re.compile(r"(arn:aws:sagemaker:[a-z0-9-]*:(?:[0-9]{12}|aws):pipeline/[^/]+)/execution/([^/]+)")


@dataclass(frozen=True)
class Scope:
    """The account and region of a request."""

    account: str
    region: str

    @property
    def arn_prefix(self) -> str:
        """The common prefix of all SageMaker ARNs of this account and region."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:"

    def pipeline_arn(self, name: str) -> str:
        """The ARN of a pipeline of this name."""
        return f"{self.arn_prefix}pipeline/{name.lower()}"

    def pipeline_arn_of(self, name_or_arn: str) -> str:
        """The ARN for a ``PipelineNameOrArn``. An ARN may name another account or region."""
        match = _PIPELINE.fullmatch(name_or_arn)
        if match is None:
            return name_or_arn if name_or_arn.startswith("arn:") else self.pipeline_arn(name_or_arn)
        return Scope(account=match[2], region=match[1]).pipeline_arn(match[3])

    def processing_job_arn(self, name: str) -> str:
        """The ARN of a processing job of this name."""
        return f"{self.arn_prefix}processing-job/{name.lower()}"

    def project_arn(self, name: str) -> str:
        """The ARN of a project of this name."""
        return f"{self.arn_prefix}project/{name.lower()}"

    def domain_arn(self, domain_id: str) -> str:
        """The ARN of a Studio domain with this id."""
        return f"{self.arn_prefix}domain/{domain_id}"

    def feature_group_arn(self, name: str) -> str:
        """The ARN of a feature group of this name."""
        return f"{self.arn_prefix}feature-group/{name.lower()}"

    def feature_group_arn_of(self, name_or_arn: str) -> str:
        """The ARN for a ``FeatureGroupNameOrArn``. An ARN may name another account or region."""
        match = _FEATURE_GROUP.fullmatch(name_or_arn)
        if match is None:
            return self.feature_group_arn(name_or_arn)
        return Scope(account=match[2], region=match[1]).feature_group_arn(match[3])

    def resource_arn_of(self, arn: str) -> str:
        """The ARN of a taggable resource, with its name in lower case."""
        if ":feature-group/" in arn:
            return self.feature_group_arn_of(arn)
        if ":processing-job/" in arn:
            head, _, name = arn.partition(":processing-job/")
            return f"{head}:processing-job/{name.lower()}"
        return self.pipeline_arn_of(arn) if ":pipeline/" in arn and "/execution/" not in arn else arn

    def execution_arn_of(self, arn: str) -> str:
        """An execution's ARN with its pipeline's name in lower case."""
        match = _EXECUTION.fullmatch(arn)
        return f"{self.pipeline_arn_of(match[1])}/execution/{match[2]}" if match else arn


def pipeline_of_execution(arn: str) -> str:
    """The ARN of the pipeline that an execution's ARN names, or the empty string for any other ARN."""
    match = _EXECUTION.fullmatch(arn)
    return match[1] if match else ""
