"""What an operation knows besides its request."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_aws.errors import validation_error
from local_aws.faults import FaultSpec
from local_aws.feature_store.model import FeatureGroup, FeatureGroups
from local_aws.processing.model import ProcessingJob, ProcessingJobs
from local_aws.sagemaker.arns import Scope
from local_aws.sagemaker.domains_model import Domain, Domains
from local_aws.sagemaker.model import Identity, Pipeline, Store
from local_aws.sagemaker.projects_model import Project, Projects

if TYPE_CHECKING:
    from local_aws.feature_store.store import FeatureStore
    from local_aws.processing.runner import JobRunner
    from local_aws.sagemaker.engine import PipelineEngine
    from local_aws.sagemaker.project_stacks import ProjectStacks

Request = dict[str, Any]
Response = dict[str, Any]
ReadObject = Callable[[str, str, str | None], bytes | None]
"""Bucket, key and version to the object's bytes, or None when there is no such object."""


@dataclass
class Context:
    """One request: where, by whom, when, on which state."""

    store: Store
    jobs: ProcessingJobs
    feature_groups: FeatureGroups
    engine: PipelineEngine
    runner: JobRunner
    feature_store: FeatureStore
    projects: Projects
    domains: Domains
    project_stacks: ProjectStacks
    scope: Scope
    identity: Identity
    read_object: ReadObject
    check_assumable: Callable[[str], None]
    """Raises a ValidationException for a role that SageMaker may not assume."""
    fault: FaultSpec | None = None
    """A fault that hits some entries of a batch, if there is one."""
    now: float = field(default_factory=time.time)
    started_execution: str | None = None
    """Set by StartPipelineExecution when, and only when, it started a new execution."""
    notes: list[str] = field(default_factory=list)
    """Remarks for the call log: what AWS would do silently and a test may want to see."""

    def resource(self, arn: str) -> Pipeline | FeatureGroup | ProcessingJob | Project | Domain | None:
        """The resource of an ARN in lower case, if there is one that can be tagged."""
        return (
            self.store.pipelines.get(arn)
            or self.feature_groups.by_arn.get(arn)
            or self.jobs.by_arn.get(arn)
            or self.projects.by_arn.get(arn)
            or self.domains.by_arn.get(arn)
        )

    def entry_fault(self, index: int) -> FaultSpec | None:
        """The fault that hits this entry of a batch: the first ones are hit."""
        return self.fault if self.fault is not None and index < self.fault.entries else None


def refuse_members(request: Request, *members: str) -> None:
    """Refuse members that AWS has and local-aws does not, by name: ignoring them would be a lie."""
    for member in members:
        if member in request:
            raise validation_error(f"local-aws does not implement the member {member}.")
