"""Provisioned products: stacks that the launch role of a portfolio makes, changes and deletes.

Each operation answers at once with a record; the stack is worked on in the background, and the record says
what came of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from local_aws.background import Background
from local_aws.caller import Caller
from local_aws.clients import Credentials, Keys
from local_aws.cloudformation.stacks import Stack, StackError, Stacks, WantedStack
from local_aws.errors import AwsError
from local_aws.json_service import Request, Response, refuse
from local_aws.sagemaker.model import Identity
from local_aws.service_catalog.model import (
    Artifact,
    Catalog,
    Portfolio,
    Product,
    ProvisionedProduct,
    Record,
    RecordType,
    artifact_of,
    invalid,
    listed_tags,
    new_id,
    not_found,
    tags_of,
)
from local_aws.service_catalog.portfolios import launch_paths
from local_aws.service_catalog.template import ParseTemplate, check_parameters

SERVICE: Final = "servicecatalog.amazonaws.com"
ARTIFACT_URL: Final = "local-aws-artifact:"
"""What begins the URL of a version's template, which is kept here and not in S3."""
Trusts = Callable[[str, str], bool]
"""Whether a role may be assumed by a service. Everything is, while authentication is off."""


class Provisioning:
    """The operations on provisioned products."""

    def __init__(
        self,
        catalog: Catalog,
        stacks: Stacks,
        keys: Keys,
        trusts: Trusts,
        parse: ParseTemplate,
        background: Background,
        lock: threading.RLock,
    ) -> None:
        self._catalog = catalog
        self._stacks = stacks
        self._keys = keys
        self._trusts = trusts
        self._parse = parse
        self._background = background
        self._lock = lock

    def template_of(self, url: str) -> str | None:
        """The template behind a URL of a version, or None for another URL."""
        artifact_id = url.removeprefix(ARTIFACT_URL)
        for product in self._catalog.products.values():
            if url.startswith(ARTIFACT_URL) and artifact_id in product.artifacts:
                return product.artifacts[artifact_id].template
        return None

    def provision(self, caller: Caller, request: Request) -> Response:
        """ProvisionProduct. The same token again answers the first record."""
        refuse(request, "ProvisioningPreferences", "NotificationArns")
        for known in self._catalog.provisioned.values():
            if known.token == request["ProvisionToken"]:
                return {"RecordDetail": _record_detail(self._catalog.records[known.last_provisioning_record])}
        product, artifact = self._version(caller, request)
        path = self._path(product, request, caller.identity)
        name: str = request["ProvisionedProductName"]
        if any(item.name == name for item in self._here(caller)):
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
        self._work(target, record, lambda: self._stacks.create(self._wanted(target, artifact)))
        return {"RecordDetail": _record_detail(record)}

    def update(self, caller: Caller, request: Request) -> Response:
        """UpdateProvisionedProduct: another version, other parameters; what is left out stays."""
        refuse(request, "ProvisioningPreferences")
        target = self._target(caller, request)
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
        wanted_stack = before.stack_id

        def change() -> Stack:
            wanted = self._wanted(target, artifact)
            return self._stacks.update(wanted, wanted_stack) if wanted_stack else self._stacks.create(wanted)

        self._work(target, record, change, before)
        return {"RecordDetail": _record_detail(record)}

    def terminate(self, caller: Caller, request: Request) -> Response:
        """TerminateProvisionedProduct: its stack is deleted, unless it is to be retained."""
        target = self._target(caller, request)
        self._require_idle(target)
        record = self._record(caller, target, "TERMINATE_PROVISIONED_PRODUCT")
        retained = request.get("RetainPhysicalResources", False)

        def delete() -> Stack:
            if target.stack_id and not retained:
                self._stacks.delete(target.region, self._key(target), target.stack_id)
            return Stack(target.stack_id or "")

        self._work(target, record, delete)
        return {"RecordDetail": _record_detail(record)}

    def describe(self, caller: Caller, request: Request) -> Response:
        """DescribeProvisionedProduct, by id or name."""
        target = self._target(
            caller, {f"ProvisionedProduct{key}": request[key] for key in request if key in ("Id", "Name")}
        )
        return {"ProvisionedProductDetail": _detail(target), "CloudWatchDashboards": []}

    def scan(self, caller: Caller, request: Request) -> Response:
        """ScanProvisionedProducts, all on one page."""
        refuse(request, "PageToken")
        return {"ProvisionedProducts": [_detail(item) for item in self._here(caller)]}

    def search(self, caller: Caller, request: Request) -> Response:
        """SearchProvisionedProducts; filters of the form ``name:value`` or a word, all on one page."""
        refuse(request, "PageToken")
        words: list[str] = request.get("Filters", {}).get("SearchQuery", [])
        found = [
            self._attribute(item)
            for item in self._here(caller)
            if all(_answers(item, word) for word in words)
        ]
        return {"ProvisionedProducts": found, "TotalResultsCount": len(found)}

    def describe_record(self, caller: Caller, request: Request) -> Response:
        """DescribeRecord, with the stack's outputs."""
        refuse(request, "PageToken")
        record = self._catalog.records.get(request["Id"])
        if record is None or not self._is_here(caller, record):
            raise not_found(f"Record {request['Id']} not found.")
        return {"RecordDetail": _record_detail(record), "RecordOutputs": record.outputs}

    def history(self, caller: Caller, request: Request) -> Response:
        """ListRecordHistory, latest first, all on one page."""
        refuse(request, "PageToken")
        search = request.get("SearchFilter", {})
        if search and search.get("Key") not in ("provisionedproduct", "product"):
            raise invalid("SearchFilter must have the Key provisionedproduct or product.")
        found = [
            record
            for record in self._catalog.records.values()
            if self._is_here(caller, record)
            and search.get("Value") in (None, record.provisioned_product_id, record.product_id)
        ]
        return {"RecordDetails": [_record_detail(record) for record in reversed(found)]}

    def outputs(self, caller: Caller, request: Request) -> Response:
        """GetProvisionedProductOutputs, those asked for or all."""
        refuse(request, "PageToken")
        target = self._target(caller, request)
        record = self._catalog.records.get(target.last_successful_record or "")
        outputs = record.outputs if record else []
        wanted = request.get("OutputKeys")
        missing = set(wanted or []) - {output["OutputKey"] for output in outputs}
        if missing:
            raise invalid(f"Output keys not found: {', '.join(sorted(missing))}")
        return {"Outputs": [item for item in outputs if wanted is None or item["OutputKey"] in wanted]}

    def _here(self, caller: Caller) -> list[ProvisionedProduct]:
        scope = (caller.scope.account, caller.scope.region)
        return [item for item in self._catalog.provisioned.values() if (item.account, item.region) == scope]

    def _is_here(self, caller: Caller, record: Record) -> bool:
        product = self._catalog.products.get(record.product_id)
        return product is None or (product.account, product.region) == (
            caller.scope.account,
            caller.scope.region,
        )

    def _version(self, caller: Caller, request: Request) -> tuple[Product, Artifact]:
        if ("ProductId" in request) == ("ProductName" in request):
            raise invalid("Either ProductId or ProductName must be given, and not both.")
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
            found = [item.id for item in product.artifacts.values() if item.name == by_name]
            if len(found) != 1:
                raise invalid(f"Product {product.id} has {len(found) or 'no'} versions named '{by_name}'.")
            wanted: str | None = found[0]
        else:
            wanted = request.get("ProvisioningArtifactId", otherwise)
        if wanted is None:
            raise invalid("Either ProvisioningArtifactId or ProvisioningArtifactName must be given.")
        artifact = artifact_of(product, wanted)
        if not artifact.active and artifact.id != otherwise:
            raise invalid(f"Provisioning Artifact {artifact.id} is not active.")
        return artifact

    def _path(self, product: Product, request: Request, identity: Identity | None) -> Portfolio:
        anybody = identity is None or identity.arn.endswith(":root")
        paths = launch_paths(self._catalog, product, None if anybody else identity)
        wanted_id, wanted_name = request.get("PathId"), request.get("PathName")
        chosen = [
            path
            for path in paths
            if path.id == (wanted_id or path.id) and path.name == (wanted_name or path.name)
        ]
        if not chosen:
            raise not_found(f"No launch paths found for resource: {product.id}")
        if len(chosen) > 1:
            raise invalid(f"Product {product.id} has several launch paths: PathId must be given.")
        return chosen[0]

    def _target(self, caller: Caller, request: Request) -> ProvisionedProduct:
        wanted_id, name = request.get("ProvisionedProductId"), request.get("ProvisionedProductName")
        if (wanted_id is None) == (name is None):
            raise invalid("Either the id or the name of a provisioned product must be given, and not both.")
        for item in self._here(caller):
            if wanted_id == item.id or name == item.name:
                return item
        raise not_found(f"Provisioned product {wanted_id or name} not found.")

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

    def _wanted(self, target: ProvisionedProduct, artifact: Artifact) -> WantedStack:
        return WantedStack(
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
                f"hint: the role must exist, and trust {SERVICE}"
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
            # The stack has gone back to what it was.
            target.status = "TAINTED"
            target.product_id, target.artifact_id = before.product_id, before.artifact_id
            target.parameters, target.tags = before.parameters, before.tags

    def _attribute(self, item: ProvisionedProduct) -> dict[str, Any]:
        product = self._catalog.products.get(item.product_id)
        artifact = product.artifacts.get(item.artifact_id) if product else None
        return {
            **{name: value for name, value in _detail(item).items() if name != "LaunchRoleArn"},
            "Tags": listed_tags(item.tags),
            "PhysicalId": item.stack_id,
            "ProductName": product.name if product else None,
            "ProvisioningArtifactName": artifact.name if artifact else None,
            "UserArn": item.user_arn,
            "UserArnSession": item.user_arn,
        }


def _inherited(path: Portfolio, product: Product, own: dict[str, str]) -> dict[str, str]:
    """Tags of portfolio and product go to the stack, as on AWS; a key of the request's own wins."""
    return {**path.tags, **product.tags, **own}


def _values(parameters: list[dict[str, Any]]) -> dict[str, str]:
    values = {item["Key"]: item.get("Value", "") for item in parameters if "Key" in item}
    if len(values) != len(parameters):
        raise invalid("Each provisioning parameter needs a Key, and none may be given twice.")
    return values


def _answers(item: ProvisionedProduct, word: str) -> bool:
    """Whether a provisioned product answers ``field:value``, or a word that may be anywhere."""
    fields = {
        "id": item.id,
        "arn": item.arn,
        "name": item.name,
        "status": item.status,
        "productid": item.product_id,
        "provisioningartifactid": item.artifact_id,
        "physicalid": item.stack_id or "",
        "userarn": item.user_arn,
        "type": "CFN_STACK",
    }
    name, separator, value = word.partition(":")
    if separator and name.lower() in fields:
        return fields[name.lower()].lower() == value.lower()
    if separator and name.isidentifier():
        raise invalid(f"Unknown field '{name}' in the search query. There are {', '.join(sorted(fields))}.")
    return any(word.lower() in text.lower() for text in fields.values())


def _detail(item: ProvisionedProduct) -> dict[str, Any]:
    return {
        "Name": item.name,
        "Arn": item.arn,
        "Type": "CFN_STACK",
        "Id": item.id,
        "Status": item.status,
        "StatusMessage": item.message or None,
        "CreatedTime": item.created_at,
        "IdempotencyToken": item.token,
        "LastRecordId": item.last_record,
        "LastProvisioningRecordId": item.last_provisioning_record,
        "LastSuccessfulProvisioningRecordId": item.last_successful_record,
        "ProductId": item.product_id,
        "ProvisioningArtifactId": item.artifact_id,
        "LaunchRoleArn": item.role_arn,
    }


def _record_detail(record: Record) -> dict[str, Any]:
    return {
        "RecordId": record.id,
        "ProvisionedProductName": record.provisioned_product_name,
        "Status": record.status,
        "CreatedTime": record.created_at,
        "UpdatedTime": record.updated_at,
        "ProvisionedProductType": "CFN_STACK",
        "RecordType": record.type,
        "ProvisionedProductId": record.provisioned_product_id,
        "ProductId": record.product_id,
        "ProvisioningArtifactId": record.artifact_id,
        "PathId": record.path_id,
        "RecordErrors": [{"Code": "ResourceFailure", "Description": record.error}] if record.error else [],
        "RecordTags": listed_tags(record.tags),
        "LaunchRoleArn": record.role_arn,
    }
