"""Creates, updates and deletes the stacks of provisioned products, with the launch role."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from local_aws.background import Background
from local_aws.clients import Credentials, Keys
from local_aws.services.cloudformation.stacks import Stack, StackError, Stacks, StackSpec
from local_aws.services.service_catalog.model import Artifact, Catalog, ProvisionedProduct, Record

SERVICE: Final = "servicecatalog.amazonaws.com"
ARTIFACT_URL: Final = "local-aws-artifact:"
"""The prefix of the URLs of versions' templates, which are kept here and not in S3."""
Trusts = Callable[[str, str], bool]
"""Whether a service may assume a role. Always true while authentication is off."""


class Launches:
    """Changes stacks in the background. The result is in a record."""

    def __init__(
        self,
        catalog: Catalog,
        stacks: Stacks,
        keys: Keys,
        trusts: Trusts,
        background: Background,
        lock: threading.RLock,
    ) -> None:
        self._catalog = catalog
        self._stacks = stacks
        self._keys = keys
        self._trusts = trusts
        self._background = background
        self._lock = lock

    def template_of(self, url: str) -> str | None:
        """Returns the template for the URL of a version, or None for any other URL."""
        artifact_id = url.removeprefix(ARTIFACT_URL)
        for product in self._catalog.products.values():
            if url.startswith(ARTIFACT_URL) and artifact_id in product.artifacts:
                return product.artifacts[artifact_id].template
        return None

    def create(self, target: ProvisionedProduct, record: Record, artifact: Artifact) -> None:
        """Create the stack."""
        self._work(target, record, lambda: self._stacks.create(self._spec(target, artifact)))

    def update(
        self, target: ProvisionedProduct, record: Record, artifact: Artifact, before: ProvisionedProduct
    ) -> None:
        """Update the stack, or create it if it does not exist. A failure restores ``before``."""

        def change() -> Stack:
            spec = self._spec(target, artifact)
            return (
                self._stacks.update(spec, before.stack_id) if before.stack_id else self._stacks.create(spec)
            )

        self._work(target, record, change, before)

    def delete(self, target: ProvisionedProduct, record: Record, retained: bool) -> None:
        """Delete the stack, unless it is retained."""

        def delete() -> Stack:
            if target.stack_id and not retained:
                self._stacks.delete(target.region, self._key(target), target.stack_id)
            return Stack(target.stack_id or "")

        self._work(target, record, delete)

    def _spec(self, target: ProvisionedProduct, artifact: Artifact) -> StackSpec:
        return StackSpec(
            name=target.stack_name,
            region=target.region,
            key=self._key(target),
            template_url=f"{ARTIFACT_URL}{artifact.id}",
            parameters=target.parameters,
            tags=target.tags,
        )

    def _work(
        self,
        target: ProvisionedProduct,
        record: Record,
        run: Callable[[], Stack],
        before: ProvisionedProduct | None = None,
    ) -> None:
        def work() -> None:
            with self._lock:
                record.status = "IN_PROGRESS"
            try:
                stack = run()
            except StackError as error:
                self._failed(target, record, error, before)
            else:
                self._succeeded(target, record, stack)

        self._background.spawn(f"service-catalog-{record.id}", work)

    def _key(self, target: ProvisionedProduct) -> Credentials:
        if target.role_arn is None:
            return self._keys.account_key(target.account)
        if not self._trusts(target.role_arn, SERVICE):
            raise StackError(
                f"Service Catalog is not authorized to assume the launch role {target.role_arn}. "
                f"hint: the role must exist and trust {SERVICE}"
            )
        return self._keys.role_key(target.role_arn, target.account)

    def _succeeded(self, target: ProvisionedProduct, record: Record, stack: Stack) -> None:
        with self._lock:
            record.status = "SUCCEEDED"
            if record.type == "TERMINATE_PROVISIONED_PRODUCT":
                self._catalog.provisioned.pop(target.id, None)
                return
            target.stack_id, target.status, target.message = stack.id, "AVAILABLE", ""
            target.last_successful_record = record.id
            arn = {"OutputKey": "CloudformationStackARN", "OutputValue": stack.id}
            record.outputs = [*stack.outputs, {**arn, "Description": "The ARN of the stack"}]

    def _failed(
        self, target: ProvisionedProduct, record: Record, error: StackError, before: ProvisionedProduct | None
    ) -> None:
        with self._lock:
            record.status, record.error = "FAILED", str(error)
            target.stack_id = target.stack_id or error.stack_id
            target.message = str(error)
            if before is None or before.stack_id is None:
                target.status = "ERROR"
                return
            # The stack has rolled back.
            target.status = "TAINTED"
            target.product_id, target.artifact_id = before.product_id, before.artifact_id
            target.parameters, target.tags = before.parameters, before.tags
