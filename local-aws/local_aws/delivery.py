"""Service Catalog, CodeCommit, CodeBuild and CodePipeline, wired together."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from local_aws.background import Background
from local_aws.calls import CallLog
from local_aws.clients import Clients, Keys
from local_aws.faults import Faults
from local_aws.protocol.caller import Check
from local_aws.protocol.dispatcher import ServiceHost
from local_aws.protocol.json_service import JsonService
from local_aws.services.cloudformation.catalog_types import CATALOG_TYPES
from local_aws.services.cloudformation.delivery_types import delivery_types
from local_aws.services.cloudformation.resource_type import ResourceType
from local_aws.services.cloudformation.stacks import Stacks
from local_aws.services.codebuild import projects as codebuild
from local_aws.services.codebuild.runner import BuildRunner
from local_aws.services.codecommit import repositories as codecommit
from local_aws.services.codecommit.git import GitError
from local_aws.services.codecommit.http import GitHost, GitOverHttp
from local_aws.services.codepipeline import pipelines as codepipeline
from local_aws.services.codepipeline.engine import Engine, RoleHost
from local_aws.services.service_catalog import operations as service_catalog
from local_aws.services.service_catalog.artifacts import Artifacts
from local_aws.services.service_catalog.launches import Launches
from local_aws.services.service_catalog.model import Catalog
from local_aws.services.service_catalog.portfolios import Portfolios
from local_aws.services.service_catalog.products import Products
from local_aws.services.service_catalog.provisioned import ProvisionedProducts
from local_aws.services.service_catalog.provisioning import Provisioning

_EVENTS: Final = "events.amazonaws.com"


class DeliveryHost(Keys, ServiceHost, RoleHost, GitHost, Protocol):
    """What these services need from the server."""

    def read_object(self, bucket: str, key: str, version: str | None) -> bytes | None:
        """An object in the local S3, or None."""

    def parse_template(self, text: str) -> dict[str, Any]:
        """Parse a CloudFormation template into its sections. Raises ValueError."""

    def trusts(self, role_arn: str, service: str) -> bool:
        """Whether a service may assume a role."""

    def emit(self, account: str, region: str, event: dict[str, Any]) -> None:
        """Put an event of an AWS service on the default bus."""


class Delivery:
    """The four services and their state."""

    def __init__(
        self,
        folder: Path,
        endpoint: str,
        host: DeliveryHost,
        clients: Clients,
        background: Background,
        lock: threading.RLock,
    ) -> None:
        self._host = host
        self._lock = lock
        self.catalog = Catalog()
        self.stacks = Stacks(clients, background)
        self.launches = Launches(self.catalog, self.stacks, host, host.trusts, background, lock)
        self._provisioned = ProvisionedProducts(self.catalog)
        self.provisioning = Provisioning(self.catalog, self._provisioned, self.launches, host.parse_template)
        self.repositories = codecommit.Repositories(folder, endpoint, self._reference_changed)
        self.builds = codebuild.BuildProjects(BuildRunner(clients, host, background, lock), host.trusts)
        engine = Engine(self.repositories, self.builds, clients, host, host, background, lock)
        self.pipelines = codepipeline.Pipelines(engine, host.trusts)
        self.git = GitOverHttp(self.repositories, host, lock)

    def services(self, calls: CallLog, faults: Faults) -> dict[str, JsonService]:
        """Returns the services' endpoints, by the service name in signatures."""
        artifacts = Artifacts(self.catalog, self._host.read_object, self._host.parse_template)
        catalog = service_catalog.operations(
            Portfolios(self.catalog),
            Products(self.catalog, artifacts),
            artifacts,
            self._provisioned,
            self.provisioning,
        )
        offered = (
            (service_catalog.PROTOCOL, catalog),
            (codecommit.PROTOCOL, codecommit.operations(self.repositories)),
            (codebuild.PROTOCOL, codebuild.operations(self.builds)),
            (codepipeline.PROTOCOL, codepipeline.operations(self.pipelines)),
        )
        return {
            protocol.service: JsonService(protocol, operations, self._host, self._lock, calls, faults)
            for protocol, operations in offered
        }

    def resource_types(self) -> tuple[ResourceType, ...]:
        """The CloudFormation types of these services."""
        return (*CATALOG_TYPES, *delivery_types(self._seed))

    def invoke_target(self, target: dict[str, Any], rule: dict[str, Any]) -> str | None:
        """Start the pipeline of a rule's target. Returns the reason if it could not be started."""
        arn = str(target.get("Arn", ""))
        _, _, _, region, account, name = arn.split(":", 5)
        denial = self._host.role_denial(
            str(target.get("RoleArn", "")), _EVENTS, Check("codepipeline:StartPipelineExecution", arn, {})
        )
        if denial is not None:
            return denial
        with self._lock:
            pipeline = self.pipelines.by_arn.get(arn)
            if pipeline is None:
                return f"Pipeline {name} does not exist in {account} and {region}"
            self.pipelines.start(pipeline, ("CloudWatchEvent", str(rule.get("Arn", ""))), time.time())
        return None

    def stop_all(self) -> None:
        """Stop builds and executions. The caller must hold the lock."""
        self.builds.stop_all()
        self.pipelines.stop_all()

    def clear(self) -> None:
        """Forget everything."""
        self.catalog.clear()
        self.builds.clear()
        self.pipelines.clear()
        self.repositories.clear()

    def _seed(self, name: str, code: dict[str, Any]) -> None:
        place = code.get("S3", {})
        bucket, key = place.get("Bucket", ""), place.get("Key", "")
        content = self._host.read_object(bucket, key, place.get("ObjectVersion"))
        if content is None:
            raise ValueError(f"s3://{bucket}/{key} does not exist")
        repository = self.repositories.find(self._host.scope(), name)
        try:
            self.repositories.seed(repository, content, code.get("BranchName", "main"))
        except GitError as error:
            raise ValueError(str(error)) from error

    def _reference_changed(
        self,
        repository: codecommit.Repository,
        branch: str,
        before: str | None,
        after: str | None,
        who: str,
    ) -> None:
        """Emit CodeCommit's event for a branch. Source: "Monitoring CodeCommit events" in its user guide."""
        kind = (
            "referenceCreated"
            if before is None
            else "referenceDeleted"
            if after is None
            else "referenceUpdated"
        )
        detail = {
            "event": kind,
            "repositoryName": repository.name,
            "repositoryId": repository.id,
            "referenceType": "branch",
            "referenceName": branch,
            "referenceFullName": f"refs/heads/{branch}",
            "callerUserArn": who,
            **({"commitId": after} if after else {}),
            **({"oldCommitId": before} if before else {}),
        }
        event = {
            "Source": "aws.codecommit",
            "DetailType": "CodeCommit Repository State Change",
            "Detail": json.dumps(detail),
            "Resources": [repository.arn],
        }
        self._host.emit(repository.account, repository.region, event)


def api_of(
    services: dict[str, JsonService], sagemaker: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> Callable[[str, str, dict[str, Any]], dict[str, Any]]:
    """Returns one function that calls any of the services, for CloudFormation."""

    def call(service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return (
            sagemaker(operation, request)
            if service == "sagemaker"
            else services[service].call(operation, request)
        )

    return call
