"""The context of an operation, apart from its request."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_aws.faults import FaultSpec
from local_aws.protocol.arns import Scope
from local_aws.protocol.caller import Identity
from local_aws.protocol.errors import validation_error
from local_aws.services.feature_store.model import FeatureGroup, FeatureGroups
from local_aws.services.processing.model import ProcessingJob, ProcessingJobs
from local_aws.services.sagemaker.domains_model import Domain, Domains
from local_aws.services.sagemaker.model import Pipeline, Store
from local_aws.services.sagemaker.projects_model import Project, Projects

if TYPE_CHECKING:
    from local_aws.services.feature_store.store import FeatureStore
    from local_aws.services.processing.runner import JobRunner
    from local_aws.services.sagemaker.engine import PipelineEngine
    from local_aws.services.sagemaker.project_stacks import ProjectStacks

Request = dict[str, Any]
Response = dict[str, Any]
ReadObject = Callable[[str, str, str | None], bytes | None]
"""Maps bucket, key and version to the object's bytes, or to None if there is no such object."""


@dataclass
class Context:
    """The state, the caller and the time of one request."""

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
    """A fault that hits some entries of a batch, if any."""
    now: float = field(default_factory=time.time)
    started_execution: str | None = None
    """The ARN of the execution that StartPipelineExecution started. None if it started no new one."""
    notes: list[str] = field(default_factory=list)
    """Notes for the call log, about things that AWS does silently."""

    def resource(self, arn: str) -> Pipeline | FeatureGroup | ProcessingJob | Project | Domain | None:
        """The taggable resource with a lower-case ARN, or None."""
        return (
            self.store.pipelines.get(arn)
            or self.feature_groups.by_arn.get(arn)
            or self.jobs.by_arn.get(arn)
            or self.projects.by_arn.get(arn)
            or self.domains.by_arn.get(arn)
        )

    def entry_fault(self, index: int) -> FaultSpec | None:
        """Returns the fault that hits this entry of a batch. Faults hit the first entries."""
        return self.fault if self.fault is not None and index < self.fault.entries else None


def refuse_members(request: Request, *members: str) -> None:
    """Refuse members that AWS has and local-aws does not implement, by name."""
    for member in members:
        if member in request:
            raise validation_error(f"local-aws does not implement the member {member}.")
