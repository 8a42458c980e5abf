"""The resource types of Service Catalog."""

from __future__ import annotations

import json
from typing import Any, Final

from local_aws.services.cloudformation.resource_type import (
    Api,
    Attributes,
    Properties,
    PropertyError,
    ResourceType,
)

_SERVICE: Final = "servicecatalog"
_PRODUCT_TEXTS: Final = (
    "Name",
    "Owner",
    "Description",
    "Distributor",
    "SupportDescription",
    "SupportEmail",
    "SupportUrl",
)


def _create_portfolio(api: Api, properties: Properties, _name: str) -> tuple[str, Attributes]:
    detail = api(_SERVICE, "CreatePortfolio", _with_token(properties))["PortfolioDetail"]
    return detail["Id"], {"PortfolioName": detail["DisplayName"]}


def _update_portfolio(api: Api, physical_id: str, old: Properties, new: Properties) -> Attributes:
    request = {name: value for name, value in new.items() if name != "Tags"}
    detail = api(_SERVICE, "UpdatePortfolio", {"Id": physical_id, **request, **_tag_changes(old, new)})
    return {"PortfolioName": detail["PortfolioDetail"]["DisplayName"]}


def _delete_portfolio(api: Api, physical_id: str, _properties: Properties) -> None:
    api(_SERVICE, "DeletePortfolio", {"Id": physical_id})


def _create_product(api: Api, properties: Properties, _name: str) -> tuple[str, Attributes]:
    artifacts = _artifacts(properties)
    request: Properties = {name: properties[name] for name in (*_PRODUCT_TEXTS, "Tags") if name in properties}
    kind = {"ProductType": "CLOUD_FORMATION_TEMPLATE"}
    answer = api(
        _SERVICE,
        "CreateProduct",
        _with_token({**request, **kind, "ProvisioningArtifactParameters": _artifact(artifacts[0])}),
    )  # fmt: skip
    product_id: str = answer["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    ids = [answer["ProvisioningArtifactDetail"]["Id"]]
    ids += [_add_artifact(api, product_id, artifact) for artifact in artifacts[1:]]
    return product_id, _product_attributes(properties, ids)


def _update_product(api: Api, physical_id: str, old: Properties, new: Properties) -> Attributes:
    """Update the versions of a product. Versions with the same name and URL keep their ids."""
    texts: Properties = {name: new.get(name, "") for name in _PRODUCT_TEXTS if name in new or name in old}
    api(_SERVICE, "UpdateProduct", {"Id": physical_id, **texts, **_tag_changes(old, new)})
    known = _existing(api, physical_id)
    replaced = str(new.get("ReplaceProvisioningArtifacts", False)).lower() == "true"
    ids: list[str] = []
    kept: set[str] = set()
    for artifact in _artifacts(new):
        found = None if replaced else known.get(_identity(artifact))
        if found is None:
            found = _add_artifact(api, physical_id, artifact)
        else:
            described = {"Description": artifact.get("Description", "")}
            request = {"ProductId": physical_id, "ProvisioningArtifactId": found, **described}
            api(_SERVICE, "UpdateProvisioningArtifact", request)
        kept.add(found)
        ids.append(found)
    declared = {_identity(artifact) for artifact in _artifacts(old)}
    for identity, artifact_id in known.items():
        # Leave versions alone that were not created by the stack.
        if identity in declared and artifact_id not in kept:
            request = {"ProductId": physical_id, "ProvisioningArtifactId": artifact_id}
            api(_SERVICE, "DeleteProvisioningArtifact", request)
    return _product_attributes(new, ids)


def _delete_product(api: Api, physical_id: str, _properties: Properties) -> None:
    api(_SERVICE, "DeleteProduct", {"Id": physical_id})


def _existing(api: Api, product_id: str) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for detail in api(_SERVICE, "ListProvisioningArtifacts", {"ProductId": product_id})[
        "ProvisioningArtifactDetails"
    ]:
        request = {"ProductId": product_id, "ProvisioningArtifactId": detail["Id"]}
        url = api(_SERVICE, "DescribeProvisioningArtifact", request)["Info"]["TemplateUrl"]
        found[detail["Name"], url] = detail["Id"]
    return found


def _artifacts(properties: Properties) -> list[dict[str, Any]]:
    artifacts: list[dict[str, Any]] = properties.get("ProvisioningArtifactParameters", [])
    if not artifacts:
        raise PropertyError("ProvisioningArtifactParameters must have at least one provisioning artifact")
    return artifacts


def _artifact(artifact: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "CLOUD_FORMATION_TEMPLATE", **artifact}


def _identity(artifact: dict[str, Any]) -> tuple[str, str]:
    return artifact.get("Name", ""), artifact.get("Info", {}).get("LoadTemplateFromURL", "")


def _add_artifact(api: Api, product_id: str, artifact: dict[str, Any]) -> str:
    request = _with_token({"ProductId": product_id, "Parameters": _artifact(artifact)})
    added: str = api(_SERVICE, "CreateProvisioningArtifact", request)["ProvisioningArtifactDetail"]["Id"]
    return added


def _product_attributes(properties: Properties, ids: list[str]) -> Attributes:
    names = [artifact.get("Name", "") for artifact in _artifacts(properties)]
    return {
        "ProductName": properties["Name"],
        "ProvisioningArtifactIds": ",".join(ids),
        "ProvisioningArtifactNames": ",".join(names),
    }


def _associate_product(api: Api, properties: Properties, _name: str) -> tuple[str, Attributes]:
    api(_SERVICE, "AssociateProductWithPortfolio", properties)
    return f"{properties['PortfolioId']}|{properties['ProductId']}", {}


def _disassociate_product(api: Api, _physical_id: str, properties: Properties) -> None:
    request = {name: properties[name] for name in ("PortfolioId", "ProductId")}
    api(_SERVICE, "DisassociateProductFromPortfolio", request)


def _associate_principal(api: Api, properties: Properties, _name: str) -> tuple[str, Attributes]:
    api(_SERVICE, "AssociatePrincipalWithPortfolio", properties)
    return f"{properties['PrincipalARN']}|{properties['PortfolioId']}", {}


def _disassociate_principal(api: Api, _physical_id: str, properties: Properties) -> None:
    request = {name: properties[name] for name in ("PortfolioId", "PrincipalARN")}
    api(_SERVICE, "DisassociatePrincipalFromPortfolio", request)


def _create_launch_role(api: Api, properties: Properties, _name: str) -> tuple[str, Attributes]:
    request: Properties = {
        name: properties[name] for name in ("PortfolioId", "ProductId", "Description") if name in properties
    }
    given = {"Type": "LAUNCH", "Parameters": _launch_parameters(properties)}
    constraint_id: str = api(_SERVICE, "CreateConstraint", _with_token({**request, **given}))[
        "ConstraintDetail"
    ]["ConstraintId"]
    return constraint_id, {}


def _update_launch_role(api: Api, physical_id: str, _old: Properties, new: Properties) -> Attributes:
    request = {
        "Id": physical_id,
        "Parameters": _launch_parameters(new),
        "Description": new.get("Description", ""),
    }
    api(_SERVICE, "UpdateConstraint", request)
    return {}


def _delete_launch_role(api: Api, physical_id: str, _properties: Properties) -> None:
    api(_SERVICE, "DeleteConstraint", {"Id": physical_id})


def _launch_parameters(properties: Properties) -> str:
    return json.dumps({name: properties[name] for name in ("RoleArn", "LocalRoleName") if name in properties})


def _unchanged(_api: Api, _physical_id: str, _old: Properties, _new: Properties) -> Attributes:
    return {}


def _with_token(request: dict[str, Any]) -> dict[str, Any]:
    return {**request, "IdempotencyToken": "cloudformation"}


def _tag_changes(old: Properties, new: Properties) -> dict[str, Any]:
    before = {tag["Key"] for tag in old.get("Tags", [])}
    after = {tag["Key"] for tag in new.get("Tags", [])}
    return {"AddTags": new.get("Tags", []), "RemoveTags": sorted(before - after)}


_BOTH: Final = frozenset({"PortfolioId", "ProductId"})
CATALOG_TYPES: Final = (
    ResourceType(
        "AWS::ServiceCatalog::Portfolio",
        _create_portfolio,
        _update_portfolio,
        _delete_portfolio,
        frozenset({"DisplayName", "ProviderName", "Description", "AcceptLanguage", "Tags"}),
        tagged=True,
    ),
    ResourceType(
        "AWS::ServiceCatalog::CloudFormationProduct",
        _create_product,
        _update_product,
        _delete_product,
        frozenset(
            {*_PRODUCT_TEXTS, "ProvisioningArtifactParameters", "ReplaceProvisioningArtifacts", "Tags"}
        ),
        tagged=True,
    ),
    ResourceType(
        "AWS::ServiceCatalog::PortfolioProductAssociation",
        _associate_product,
        _unchanged,
        _disassociate_product,
        _BOTH,
        replacing=_BOTH,
    ),
    ResourceType(
        "AWS::ServiceCatalog::PortfolioPrincipalAssociation",
        _associate_principal,
        _unchanged,
        _disassociate_principal,
        frozenset({"PortfolioId", "PrincipalARN", "PrincipalType"}),
        replacing=frozenset({"PortfolioId", "PrincipalARN", "PrincipalType"}),
    ),
    ResourceType(
        "AWS::ServiceCatalog::LaunchRoleConstraint",
        _create_launch_role,
        _update_launch_role,
        _delete_launch_role,
        _BOTH | {"RoleArn", "LocalRoleName", "Description"},
        replacing=_BOTH,
    ),
)
