"""The state of SageMaker projects."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from local_aws.protocol.caller import Identity

ProjectStatus = Literal[
    "CreateInProgress", "CreateCompleted", "CreateFailed",
    "DeleteInProgress", "DeleteCompleted", "DeleteFailed",
    "UpdateInProgress", "UpdateCompleted", "UpdateFailed",
]  # fmt: skip
_ID_ALPHABET: Final = string.ascii_lowercase + string.digits


def new_project_id() -> str:
    """An id such as ``p-abc123def456``."""
    return f"p-{''.join(secrets.choice(_ID_ALPHABET) for _ in range(12))}"


@dataclass
class Project:
    """A project and its stack."""

    name: str
    id: str
    arn: str
    account: str
    region: str
    description: str | None
    tags: dict[str, str]
    created_at: float
    created_by: Identity
    modified_at: float
    modified_by: Identity
    catalog: dict[str, Any] | None
    """Its ServiceCatalogProvisioningDetails, or None for a project from a template."""
    template: dict[str, Any] | None
    """Its CfnTemplateProvider, or None for a project from a product."""
    status: ProjectStatus = "CreateInProgress"
    message: str = ""
    provisioned_product_id: str | None = None
    stack_id: str | None = None

    @property
    def stack_name(self) -> str:
        """The name of the stack of a project from a template."""
        return f"sagemaker-{self.name}-{self.id}"

    def parameters(self) -> dict[str, str]:
        """The parameters that SageMaker sets."""
        return {"SageMakerProjectName": self.name, "SageMakerProjectId": self.id}

    def stack_tags(self) -> dict[str, str]:
        """The project's tags and the ones that SageMaker adds."""
        return {**self.tags, "sagemaker:project-name": self.name, "sagemaker:project-id": self.id}


@dataclass
class Projects:
    """All projects by ARN. Deleted ones stay until their name is reused."""

    by_arn: dict[str, Project] = field(default_factory=dict)
