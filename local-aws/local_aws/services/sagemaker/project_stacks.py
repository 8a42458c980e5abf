"""Creates, updates and deletes the provisioned product or stack of a project."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from local_aws.background import Background
from local_aws.clients import Credentials, Keys
from local_aws.protocol.caller import Caller
from local_aws.services.cloudformation.stacks import Stack, StackError, Stacks, StackSpec
from local_aws.services.sagemaker.context import Request, Response
from local_aws.services.sagemaker.projects_model import Project, ProjectStatus
from local_aws.services.service_catalog.model import Catalog, Record

_POLL_SECONDS: Final = 0.05


class ServiceCatalog(Protocol):
    """The operations of Service Catalog that a project needs."""

    def provision(self, caller: Caller, request: Request) -> Response:
        """ProvisionProduct."""

    def update(self, caller: Caller, request: Request) -> Response:
        """UpdateProvisionedProduct."""

    def terminate(self, caller: Caller, request: Request) -> Response:
        """TerminateProvisionedProduct."""


class ProjectStacks:
    """Works in the background, and sets the project's status. Callers must hold the lock."""

    def __init__(
        self,
        catalog: Catalog,
        service: ServiceCatalog,
        stacks: Stacks,
        keys: Keys,
        background: Background,
        lock: threading.RLock,
    ) -> None:
        self._catalog = catalog
        self._service = service
        self._stacks = stacks
        self._keys = keys
        self._background = background
        self._lock = lock

    def create(self, caller: Caller, project: Project) -> None:
        """Provision a new project. Raises AwsError for a request that Service Catalog refuses."""
        if project.catalog is not None:
            request = {
                **self._catalog_request(project),
                "ProvisionedProductName": f"{project.name}-{project.id}",
                "ProvisionToken": project.id,
                "Tags": _listed(project.stack_tags()),
            }
            answer = self._service.provision(caller, request)
            project.provisioned_product_id = answer["RecordDetail"]["ProvisionedProductId"]
            self._follow(project, answer["RecordDetail"]["RecordId"], "CreateCompleted", "CreateFailed")
        else:
            self._work(
                project,
                lambda key: self._stacks.create(self._spec(project, key)),
                "CreateCompleted",
                "CreateFailed",
            )

    def update(self, caller: Caller, project: Project, catalog: dict[str, Any] | None) -> None:
        """Update a project. ``catalog`` has the details that change."""
        if project.catalog is not None:
            details = catalog or {}
            request: Request = {
                "ProvisionedProductId": project.provisioned_product_id,
                "ProductId": project.catalog["ProductId"],
                "UpdateToken": f"{project.id}-{time.time_ns()}",
                "ProvisioningParameters": details.get("ProvisioningParameters", []),
                "Tags": _listed(project.stack_tags()),
            }
            if "ProvisioningArtifactId" in details:
                request["ProvisioningArtifactId"] = details["ProvisioningArtifactId"]
            record = self._service.update(caller, request)["RecordDetail"]["RecordId"]
            self._follow(project, record, "UpdateCompleted", "UpdateFailed")
        else:
            stack_id = project.stack_id or project.stack_name
            self._work(
                project,
                lambda key: self._stacks.update(self._spec(project, key), stack_id),
                "UpdateCompleted",
                "UpdateFailed",
            )

    def delete(self, caller: Caller, project: Project) -> None:
        """Delete the provisioned product or stack of a project."""
        if project.provisioned_product_id in self._catalog.provisioned:
            request = {
                "ProvisionedProductId": project.provisioned_product_id,
                "TerminateToken": f"delete-{project.id}",
            }
            record = self._service.terminate(caller, request)["RecordDetail"]["RecordId"]
            self._follow(project, record, "DeleteCompleted", "DeleteFailed")
            return

        def delete(key: Credentials) -> Stack:
            if project.stack_id is not None and project.template is not None:
                self._stacks.delete(project.region, key, project.stack_id, project.template["RoleARN"])
            return Stack(project.stack_id or "")

        self._work(project, delete, "DeleteCompleted", "DeleteFailed")

    def _catalog_request(self, project: Project) -> Request:
        details = project.catalog or {}
        own = [{"Key": key, "Value": value} for key, value in project.parameters().items()]
        request: Request = {
            name: details[name]
            for name in ("ProductId", "ProvisioningArtifactId", "PathId")
            if name in details
        }
        if "ProvisioningArtifactId" not in request:
            product = self._catalog.products.get(details["ProductId"])
            active = [item.id for item in product.artifacts.values() if item.active] if product else []
            request |= {"ProvisioningArtifactId": active[-1]} if active else {}
        return {**request, "ProvisioningParameters": [*details.get("ProvisioningParameters", []), *own]}

    def _spec(self, project: Project, key: Credentials) -> StackSpec:
        template = project.template or {}
        given = {item["Key"]: item.get("Value", "") for item in template.get("Parameters", [])}
        return StackSpec(
            name=project.stack_name,
            region=project.region,
            key=key,
            template_url=template["TemplateURL"],
            parameters={**given, **project.parameters()},
            tags=project.stack_tags(),
            role_arn=template["RoleARN"],
        )

    def _follow(self, project: Project, record_id: str, good: ProjectStatus, bad: ProjectStatus) -> None:
        """Wait for a record of Service Catalog, in the background."""
        record: Record = self._catalog.records[record_id]

        def follow() -> None:
            while record.status in ("CREATED", "IN_PROGRESS"):
                self._background.sleep(_POLL_SECONDS)
            self._ended(project, good if record.status == "SUCCEEDED" else bad, record.error or "")

        self._background.spawn(f"project-{project.id}", follow)

    def _work(
        self, project: Project, run: Callable[[Credentials], Stack], good: ProjectStatus, bad: ProjectStatus
    ) -> None:
        def work() -> None:
            try:
                stack = run(self._keys.account_key(project.account))
            except StackError as error:
                with self._lock:
                    project.stack_id = project.stack_id or error.stack_id
                self._ended(project, bad, str(error))
            else:
                with self._lock:
                    project.stack_id = stack.id
                self._ended(project, good, "")

        self._background.spawn(f"project-{project.id}", work)

    def _ended(self, project: Project, status: ProjectStatus, message: str) -> None:
        with self._lock:
            project.status, project.message, project.modified_at = status, message, time.time()


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
