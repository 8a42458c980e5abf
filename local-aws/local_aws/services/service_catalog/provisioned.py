"""Finds, lists and describes provisioned products and their records."""

from __future__ import annotations

from typing import Any

from local_aws.protocol.caller import Caller
from local_aws.protocol.dispatcher import Request, Response
from local_aws.protocol.json_service import refuse
from local_aws.services.service_catalog.model import (
    Catalog,
    ProvisionedProduct,
    Record,
    invalid,
    listed_tags,
    not_found,
)


class ProvisionedProducts:
    """The read-only operations."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def describe(self, caller: Caller, request: Request) -> Response:
        """DescribeProvisionedProduct, by id or name."""
        target = self.find(
            caller, {f"ProvisionedProduct{key}": request[key] for key in request if key in ("Id", "Name")}
        )
        return {"ProvisionedProductDetail": _detail(target), "CloudWatchDashboards": []}

    def scan(self, caller: Caller, request: Request) -> Response:
        """ScanProvisionedProducts, all on one page."""
        refuse(request, "PageToken")
        return {"ProvisionedProducts": [_detail(item) for item in self.here(caller)]}

    def search(self, caller: Caller, request: Request) -> Response:
        """SearchProvisionedProducts, on one page. A filter is ``name:value`` or a word."""
        refuse(request, "PageToken")
        words: list[str] = request.get("Filters", {}).get("SearchQuery", [])
        found = [
            self._attribute(item) for item in self.here(caller) if all(_answers(item, word) for word in words)
        ]
        return {"ProvisionedProducts": found, "TotalResultsCount": len(found)}

    def describe_record(self, caller: Caller, request: Request) -> Response:
        """DescribeRecord, with the stack's outputs."""
        refuse(request, "PageToken")
        record = self._catalog.records.get(request["Id"])
        if record is None or not self._is_here(caller, record):
            raise not_found(f"Record {request['Id']} not found.")
        return {"RecordDetail": record_detail(record), "RecordOutputs": record.outputs}

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
        return {"RecordDetails": [record_detail(record) for record in reversed(found)]}

    def outputs(self, caller: Caller, request: Request) -> Response:
        """GetProvisionedProductOutputs. Returns the requested outputs, or all."""
        refuse(request, "PageToken")
        target = self.find(caller, request)
        record = self._catalog.records.get(target.last_successful_record or "")
        outputs = record.outputs if record else []
        keys = request.get("OutputKeys")
        missing = set(keys or []) - {output["OutputKey"] for output in outputs}
        if missing:
            raise invalid(f"Output keys not found: {', '.join(sorted(missing))}")
        return {"Outputs": [item for item in outputs if keys is None or item["OutputKey"] in keys]}

    def find(self, caller: Caller, request: Request) -> ProvisionedProduct:
        """Returns the provisioned product with this id or name. Raises AwsError."""
        product_id, name = request.get("ProvisionedProductId"), request.get("ProvisionedProductName")
        if (product_id is None) == (name is None):
            raise invalid("Set either the id or the name of the provisioned product, not both.")
        for item in self.here(caller):
            if product_id == item.id or name == item.name:
                return item
        raise not_found(f"Provisioned product {product_id or name} not found.")

    def here(self, caller: Caller) -> list[ProvisionedProduct]:
        """Returns all provisioned products of the caller's account and region."""
        scope = (caller.scope.account, caller.scope.region)
        return [item for item in self._catalog.provisioned.values() if (item.account, item.region) == scope]

    def _is_here(self, caller: Caller, record: Record) -> bool:
        product = self._catalog.products.get(record.product_id)
        return product is None or (product.account, product.region) == (
            caller.scope.account,
            caller.scope.region,
        )

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


def _answers(item: ProvisionedProduct, word: str) -> bool:
    """Whether a provisioned product matches ``field:value``, or a word in any field."""
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
        raise invalid(
            f"Unknown field '{name}' in the search query. Known fields: {', '.join(sorted(fields))}."
        )
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


def record_detail(record: Record) -> dict[str, Any]:
    """Returns a record as an answer has it."""
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
