"""Products and their versions, which AWS calls provisioning artifacts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local_aws.caller import Caller
from local_aws.errors import AwsError
from local_aws.json_service import Request, Response, refuse
from local_aws.service_catalog.model import (
    Artifact,
    Catalog,
    Product,
    artifact_of,
    invalid,
    listed_tags,
    new_id,
    tags_of,
)
from local_aws.service_catalog.portfolios import launch_paths
from local_aws.service_catalog.template import (
    MAX_BYTES,
    ParseTemplate,
    check_sections,
    form,
    object_of,
    output_keys,
    usage,
)

ReadObject = Callable[[str, str, str | None], bytes | None]
_SEARCHED = {"FullTextSearch", "Owner", "ProductType", "SourceProductId"}


class Products:
    """The operations on products."""

    def __init__(self, catalog: Catalog, read_object: ReadObject, parse: ParseTemplate) -> None:
        self._catalog = catalog
        self._read_object = read_object
        self._parse = parse

    def create(self, caller: Caller, request: Request) -> Response:
        """CreateProduct, with its first version."""
        refuse(request, "SourceConnection")
        if request["ProductType"] != "CLOUD_FORMATION_TEMPLATE":
            raise invalid(f"local-aws does not implement products of type {request['ProductType']}.")
        if "ProvisioningArtifactParameters" not in request:
            raise invalid("ProvisioningArtifactParameters is required.")
        product = Product(
            id=new_id("prod"),
            account=caller.scope.account,
            region=caller.scope.region,
            name=request["Name"],
            owner=request["Owner"],
            description=request.get("Description", ""),
            distributor=request.get("Distributor", ""),
            support={name: request[name] for name in _SUPPORT if name in request},
            tags=tags_of(request.get("Tags", [])),
            created_at=caller.now,
        )
        artifact = self._artifact(caller, request["ProvisioningArtifactParameters"])
        product.artifacts[artifact.id] = artifact
        self._catalog.products[product.id] = product
        return {
            "ProductViewDetail": _view_detail(product),
            "ProvisioningArtifactDetail": _artifact_detail(artifact),
            "Tags": listed_tags(product.tags),
        }

    def update(self, caller: Caller, request: Request) -> Response:
        """UpdateProduct: what is left out stays."""
        refuse(request, "SourceConnection")
        product = self._catalog.product(caller.scope, request["Id"])
        product.name = request.get("Name", product.name)
        product.owner = request.get("Owner", product.owner)
        product.description = request.get("Description", product.description)
        product.distributor = request.get("Distributor", product.distributor)
        product.support.update({name: request[name] for name in _SUPPORT if name in request})
        added = tags_of(request.get("AddTags", []))
        kept = {key: value for key, value in product.tags.items() if key not in request.get("RemoveTags", [])}
        product.tags = {**kept, **added}
        return {"ProductViewDetail": _view_detail(product), "Tags": listed_tags(product.tags)}

    def delete(self, caller: Caller, request: Request) -> Response:
        """DeleteProduct. One that is in a portfolio, or provisioned, is refused."""
        product = self._catalog.product(caller.scope, request["Id"])
        if self._catalog.portfolios_of(product):
            raise AwsError("ResourceInUseException", f"Product {product.id} is associated with a portfolio.")
        if any(item.product_id == product.id for item in self._catalog.provisioned.values()):
            raise AwsError("ResourceInUseException", f"Product {product.id} is provisioned.")
        del self._catalog.products[product.id]
        return {}

    def describe(self, caller: Caller, request: Request) -> Response:
        """DescribeProduct, for those who may provision it."""
        product = self._wanted(caller, request)
        paths = launch_paths(self._catalog, product, caller.identity if self._restricted(caller) else None)
        return {
            "ProductViewSummary": _summary(product),
            "ProvisioningArtifacts": [
                _artifact_summary(artifact) for artifact in product.artifacts.values() if artifact.active
            ],
            "Budgets": [],
            "LaunchPaths": [{"Id": path.id, "Name": path.name} for path in paths],
        }

    def describe_as_admin(self, caller: Caller, request: Request) -> Response:
        """DescribeProductAsAdmin."""
        product = self._wanted(caller, request)
        return {
            "ProductViewDetail": _view_detail(product),
            "ProvisioningArtifactSummaries": [
                {
                    "Id": artifact.id,
                    "Name": artifact.name,
                    "Description": artifact.description,
                    "CreatedTime": artifact.created_at,
                    "ProvisioningArtifactMetadata": {},
                }
                for artifact in product.artifacts.values()
            ],
            "Tags": listed_tags(product.tags),
            "TagOptions": [],
            "Budgets": [],
        }

    def search(self, caller: Caller, request: Request) -> Response:
        """SearchProducts: those that the caller may provision, all on one page."""
        refuse(request, "PageToken")
        identity = caller.identity if self._restricted(caller) else None
        found = [
            product
            for product in self._catalog.in_scope(caller.scope)
            if launch_paths(self._catalog, product, identity) and _matches(product, request)
        ]
        return {
            "ProductViewSummaries": [_summary(product) for product in found],
            "ProductViewAggregations": {},
        }

    def search_as_admin(self, caller: Caller, request: Request) -> Response:
        """SearchProductsAsAdmin, all on one page."""
        refuse(request, "PageToken", "ProductSource")
        found = [product for product in self._catalog.in_scope(caller.scope) if _matches(product, request)]
        if "PortfolioId" in request:
            inside = self._catalog.portfolio(caller.scope, request["PortfolioId"]).products
            found = [product for product in found if product.id in inside]
        return {"ProductViewDetails": [_view_detail(product) for product in found]}

    def create_artifact(self, caller: Caller, request: Request) -> Response:
        """CreateProvisioningArtifact. Names of versions may repeat, as on AWS."""
        product = self._catalog.product(caller.scope, request["ProductId"])
        artifact = self._artifact(caller, request["Parameters"])
        product.artifacts[artifact.id] = artifact
        return self._artifact_answer(artifact)

    def describe_artifact(self, caller: Caller, request: Request) -> Response:
        """DescribeProvisioningArtifact, by ids or names."""
        refuse(request, "Verbose")
        product = (
            self._catalog.product(caller.scope, request["ProductId"])
            if "ProductId" in request
            else self._catalog.product_named(caller.scope, request.get("ProductName", ""))
        )
        wanted = request.get("ProvisioningArtifactId") or _named(
            product, request.get("ProvisioningArtifactName", "")
        )
        artifact = artifact_of(product, wanted)
        answer = self._artifact_answer(artifact)
        if request.get("IncludeProvisioningArtifactParameters"):
            answer["ProvisioningArtifactParameters"] = form(self._parse(artifact.template))
        return answer

    def list_artifacts(self, caller: Caller, request: Request) -> Response:
        """ListProvisioningArtifacts, oldest first."""
        product = self._catalog.product(caller.scope, request["ProductId"])
        return {
            "ProvisioningArtifactDetails": [_artifact_detail(item) for item in product.artifacts.values()]
        }

    def update_artifact(self, caller: Caller, request: Request) -> Response:
        """UpdateProvisioningArtifact: name, description, whether it can be launched, and guidance."""
        product = self._catalog.product(caller.scope, request["ProductId"])
        artifact = artifact_of(product, request["ProvisioningArtifactId"])
        artifact.name = request.get("Name", artifact.name)
        artifact.description = request.get("Description", artifact.description)
        artifact.active = request.get("Active", artifact.active)
        artifact.guidance = request.get("Guidance", artifact.guidance)
        return self._artifact_answer(artifact)

    def delete_artifact(self, caller: Caller, request: Request) -> Response:
        """DeleteProvisioningArtifact. The last one of a product is refused."""
        product = self._catalog.product(caller.scope, request["ProductId"])
        artifact = artifact_of(product, request["ProvisioningArtifactId"])
        if len(product.artifacts) == 1:
            raise AwsError(
                "ResourceInUseException", f"{artifact.id} is the last provisioning artifact of its product."
            )
        del product.artifacts[artifact.id]
        return {}

    def provisioning_parameters(self, caller: Caller, request: Request) -> Response:
        """DescribeProvisioningParameters: the form that Studio shows."""
        product = (
            self._catalog.product(caller.scope, request["ProductId"])
            if "ProductId" in request
            else self._catalog.product_named(caller.scope, request.get("ProductName", ""))
        )
        wanted = request.get("ProvisioningArtifactId") or _named(
            product, request.get("ProvisioningArtifactName", "")
        )
        template = self._parse(artifact_of(product, wanted).template)
        constrained = any(item.product_id == product.id for item in self._catalog.constraints.values())
        keys = output_keys(template)
        return {
            "ProvisioningArtifactParameters": form(template),
            "ConstraintSummaries": [{"Type": "LAUNCH", "Description": ""}] if constrained else [],
            "UsageInstructions": usage(template),
            "TagOptions": [],
            "ProvisioningArtifactOutputs": keys,
            "ProvisioningArtifactOutputKeys": keys,
        }

    def _wanted(self, caller: Caller, request: Request) -> Product:
        if ("Id" in request) == ("Name" in request):
            raise invalid("Either Id or Name must be given, and not both.")
        if "Id" in request:
            return self._catalog.product(caller.scope, request["Id"])
        return self._catalog.product_named(caller.scope, request["Name"])

    @staticmethod
    def _restricted(caller: Caller) -> bool:
        """The account itself sees everything; so does everybody while authentication is off."""
        return caller.identity is not None and not caller.identity.arn.endswith(":root")

    def _artifact(self, caller: Caller, given: dict[str, Any]) -> Artifact:
        if given.get("Type", "CLOUD_FORMATION_TEMPLATE") != "CLOUD_FORMATION_TEMPLATE":
            raise invalid(f"local-aws does not implement versions of type {given['Type']}.")
        info = given.get("Info", {})
        if info.keys() != {"LoadTemplateFromURL"}:
            raise invalid("Info must have LoadTemplateFromURL, and nothing else that local-aws knows.")
        url: str = info["LoadTemplateFromURL"]
        template = self._load(url)
        if given.get("DisableTemplateValidation", False):
            raise invalid("local-aws does not implement DisableTemplateValidation.")
        try:
            check_sections(self._parse(template))
        except ValueError as error:
            raise invalid(
                f"Invalid templateBody. Please make sure that your template is valid: {error}"
            ) from error
        return Artifact(
            id=new_id("pa"),
            name=given.get("Name", ""),
            description=given.get("Description", ""),
            url=url,
            template=template,
            created_at=caller.now,
        )

    def _load(self, url: str) -> str:
        where = object_of(url)
        if where is None:
            raise invalid(f"LoadTemplateFromURL {url} is not the HTTPS URL of an object in S3.")
        content = self._read_object(*where, None)
        if content is None:
            raise invalid(f"Unable to read the template: s3://{where[0]}/{where[1]} does not exist.")
        if len(content) > MAX_BYTES:
            raise invalid(f"The template {url} is larger than {MAX_BYTES} bytes.")
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise invalid(f"The template {url} is not UTF-8: {error}") from error

    @staticmethod
    def _artifact_answer(artifact: Artifact) -> Response:
        return {
            "ProvisioningArtifactDetail": _artifact_detail(artifact),
            "Info": {"TemplateUrl": artifact.url},
            "Status": "AVAILABLE",
        }


_SUPPORT = ("SupportDescription", "SupportEmail", "SupportUrl")


def _named(product: Product, name: str) -> str:
    found = [artifact.id for artifact in product.artifacts.values() if artifact.name == name]
    if len(found) != 1:
        raise invalid(f"Product {product.id} has {len(found) or 'no'} versions named '{name}'.")
    return found[0]


def _matches(product: Product, request: Request) -> bool:
    filters: dict[str, list[str]] = request.get("Filters", {})
    unknown = filters.keys() - _SEARCHED
    if unknown:
        raise invalid(f"Unknown filters: {', '.join(sorted(unknown))}")
    text = f"{product.name} {product.owner} {product.description} {product.id}".lower()
    return (
        all(word.lower() in text for word in filters.get("FullTextSearch", []))
        and product.owner in filters.get("Owner", [product.owner])
        and "CLOUD_FORMATION_TEMPLATE" in filters.get("ProductType", ["CLOUD_FORMATION_TEMPLATE"])
        and "SourceProductId" not in filters
    )


def _summary(product: Product) -> dict[str, Any]:
    return {
        "Id": f"prodview-{product.id.partition('-')[2]}",
        "ProductId": product.id,
        "Name": product.name,
        "Owner": product.owner,
        "ShortDescription": product.description,
        "Type": "CLOUD_FORMATION_TEMPLATE",
        "Distributor": product.distributor,
        "HasDefaultPath": False,
        **product.support,
    }


def _view_detail(product: Product) -> dict[str, Any]:
    return {
        "ProductViewSummary": _summary(product),
        "Status": "AVAILABLE",
        "ProductARN": product.arn,
        "CreatedTime": product.created_at,
    }


def _artifact_summary(artifact: Artifact) -> dict[str, Any]:
    return {
        "Id": artifact.id,
        "Name": artifact.name,
        "Description": artifact.description,
        "CreatedTime": artifact.created_at,
        "Guidance": artifact.guidance,
    }


def _artifact_detail(artifact: Artifact) -> dict[str, Any]:
    return {**_artifact_summary(artifact), "Type": "CLOUD_FORMATION_TEMPLATE", "Active": artifact.active}
