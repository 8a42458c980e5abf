"""Provisions, updates and terminates products.

Each operation returns a record at once. The stack changes in the background, and the record shows the result.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from local_aws.protocol.caller import Caller, Identity
from local_aws.protocol.dispatcher import Request, Response
from local_aws.protocol.errors import AwsError
from local_aws.protocol.json_service import refuse
from local_aws.services.service_catalog.launches import Launches
from local_aws.services.service_catalog.model import (
    Artifact,
    Catalog,
    Portfolio,
    Product,
    ProvisionedProduct,
    Record,
    RecordType,
    artifact_named,
    artifact_of,
    invalid,
    new_id,
    not_found,
    tags_of,
)
from local_aws.services.service_catalog.portfolios import launch_paths
from local_aws.services.service_catalog.provisioned import ProvisionedProducts, record_detail
from local_aws.services.service_catalog.template import ParseTemplate, check_parameters


class Provisioning:
    """The operations that change provisioned products."""

    def __init__(
        self, catalog: Catalog, provisioned: ProvisionedProducts, launches: Launches, parse: ParseTemplate
    ) -> None:
        self._catalog = catalog
        self._provisioned = provisioned
        self._launches = launches
        self._parse = parse

    def provision(self, caller: Caller, request: Request) -> Response:
        """ProvisionProduct. The same token returns the first record again."""
        refuse(request, "ProvisioningPreferences", "NotificationArns")
        for known in self._catalog.provisioned.values():
            if known.token == request["ProvisionToken"]:
                return {"RecordDetail": record_detail(self._catalog.records[known.last_provisioning_record])}
        product, artifact = self._version(caller, request)
        path = self._path(product, request, caller.identity)
        name: str = request["ProvisionedProductName"]
        if any(item.name == name for item in self._provisioned.here(caller)):
            raise invalid(f"A stack named {name} already exists.")
        parameters = _values(request.get("ProvisioningParameters", []))
        check_parameters(self._parse(artifact.template), parameters)
        constraint = self._catalog.launch_constraint(path.id, product.id)
        target = ProvisionedProduct(
            id=new_id("pp"),
            account=caller.scope.account,
            region=caller.scope.region,
            name=name,
            product_id=product.id,
            artifact_id=artifact.id,
            path_id=path.id,
            user_arn=caller.identity.arn if caller.identity else "",
            created_at=caller.now,
            token=request["ProvisionToken"],
            role_arn=constraint.role_arn if constraint else None,
            parameters=parameters,
            tags=_inherited(path, product, tags_of(request.get("Tags", []))),
        )
        self._catalog.provisioned[target.id] = target
        record = self._record(caller, target, "PROVISION_PRODUCT")
        self._launches.create(target, record, artifact)
        return {"RecordDetail": record_detail(record)}

    def update(self, caller: Caller, request: Request) -> Response:
        """UpdateProvisionedProduct. Changes version and parameters. Omitted members keep their values."""
        refuse(request, "ProvisioningPreferences")
        target = self._provisioned.find(caller, request)
        self._require_idle(target)
        product = self._catalog.product(caller.scope, request.get("ProductId", target.product_id))
        if "ProductName" in request:
            product = self._catalog.product_named(caller.scope, request["ProductName"])
        artifact = self._artifact(product, request, target.artifact_id)
        if "PathId" in request or "PathName" in request:
            target.path_id = self._path(product, request, caller.identity).id
        declared = self._parse(artifact.template).get("Parameters") or {}
        kept = {key: value for key, value in target.parameters.items() if key in declared}
        given = request.get("ProvisioningParameters", [])
        changed = _values([item for item in given if not item.get("UsePreviousValue")])
        parameters = {**kept, **changed}
        check_parameters({"Parameters": declared}, parameters)
        before = replace(target)
        target.product_id, target.artifact_id, target.parameters = product.id, artifact.id, parameters
        if "Tags" in request:
            target.tags = {**target.tags, **tags_of(request["Tags"])}
        record = self._record(caller, target, "UPDATE_PROVISIONED_PRODUCT")
        self._launches.update(target, record, artifact, before)
        return {"RecordDetail": record_detail(record)}

    def terminate(self, caller: Caller, request: Request) -> Response:
        """TerminateProvisionedProduct. Deletes its stack, unless it is retained."""
        target = self._provisioned.find(caller, request)
        self._require_idle(target)
        record = self._record(caller, target, "TERMINATE_PROVISIONED_PRODUCT")
        self._launches.delete(target, record, request.get("RetainPhysicalResources", False))
        return {"RecordDetail": record_detail(record)}

    def _version(self, caller: Caller, request: Request) -> tuple[Product, Artifact]:
        if ("ProductId" in request) == ("ProductName" in request):
            raise invalid("Set either ProductId or ProductName, not both.")
        product = (
            self._catalog.product(caller.scope, request["ProductId"])
            if "ProductId" in request
            else self._catalog.product_named(caller.scope, request["ProductName"])
        )
        return product, self._artifact(product, request, None)

    @staticmethod
    def _artifact(product: Product, request: Request, otherwise: str | None) -> Artifact:
        by_name = request.get("ProvisioningArtifactName")
        if by_name is not None:
            artifact_id: str | None = artifact_named(product, by_name).id
        else:
            artifact_id = request.get("ProvisioningArtifactId", otherwise)
        if artifact_id is None:
            raise invalid("Set either ProvisioningArtifactId or ProvisioningArtifactName.")
        artifact = artifact_of(product, artifact_id)
        if not artifact.active and artifact.id != otherwise:
            raise invalid(f"Provisioning Artifact {artifact.id} is not active.")
        return artifact

    def _path(self, product: Product, request: Request, identity: Identity | None) -> Portfolio:
        anybody = identity is None or identity.arn.endswith(":root")
        paths = launch_paths(self._catalog, product, None if anybody else identity)
        path_id, path_name = request.get("PathId"), request.get("PathName")
        chosen = [
            path
            for path in paths
            if path.id == (path_id or path.id) and path.name == (path_name or path.name)
        ]
        if not chosen:
            raise not_found(f"No launch paths found for resource: {product.id}")
        if len(chosen) > 1:
            raise invalid(f"Product {product.id} has several launch paths. Set PathId.")
        return chosen[0]

    @staticmethod
    def _require_idle(target: ProvisionedProduct) -> None:
        if target.status == "UNDER_CHANGE":
            raise AwsError("ValidationException", f"Provisioned product {target.id} is under change.")

    def _record(self, caller: Caller, target: ProvisionedProduct, kind: RecordType) -> Record:
        record = Record(
            id=new_id("rec"),
            type=kind,
            provisioned_product_id=target.id,
            provisioned_product_name=target.name,
            product_id=target.product_id,
            artifact_id=target.artifact_id,
            path_id=target.path_id,
            created_at=caller.now,
            updated_at=caller.now,
            tags=dict(target.tags),
            role_arn=target.role_arn,
        )
        self._catalog.records[record.id] = record
        target.last_record = record.id
        if kind != "TERMINATE_PROVISIONED_PRODUCT":
            target.last_provisioning_record = record.id
        target.status = "UNDER_CHANGE"
        return record


def _inherited(path: Portfolio, product: Product, own: dict[str, str]) -> dict[str, str]:
    """Returns the stack's tags: those of portfolio and product, overridden by those of the request."""
    return {**path.tags, **product.tags, **own}


def _values(parameters: list[dict[str, Any]]) -> dict[str, str]:
    values = {item["Key"]: item.get("Value", "") for item in parameters if "Key" in item}
    if len(values) != len(parameters):
        raise invalid("Each provisioning parameter must have a unique Key.")
    return values
