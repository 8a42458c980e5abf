"""Creates, updates, deletes and searches products."""

from __future__ import annotations

from typing import Any

from local_aws.protocol.caller import Caller
from local_aws.protocol.dispatcher import Request, Response
from local_aws.protocol.errors import AwsError
from local_aws.protocol.json_service import refuse
from local_aws.services.service_catalog.artifacts import Artifacts, artifact_detail, artifact_summary
from local_aws.services.service_catalog.model import Catalog, Product, invalid, listed_tags, new_id, tags_of
from local_aws.services.service_catalog.portfolios import launch_paths

_SUPPORT = ("SupportDescription", "SupportEmail", "SupportUrl")
_SEARCHED = {"FullTextSearch", "Owner", "ProductType", "SourceProductId"}


class Products:
    """The operations on products."""

    def __init__(self, catalog: Catalog, artifacts: Artifacts) -> None:
        self._catalog = catalog
        self._artifacts = artifacts

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
        artifact = self._artifacts.make(caller, request["ProvisioningArtifactParameters"])
        product.artifacts[artifact.id] = artifact
        self._catalog.products[product.id] = product
        return {
            "ProductViewDetail": _view_detail(product),
            "ProvisioningArtifactDetail": artifact_detail(artifact),
            "Tags": listed_tags(product.tags),
        }

    def update(self, caller: Caller, request: Request) -> Response:
        """UpdateProduct. Omitted members keep their values."""
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
        """DeleteProduct. Refused while it is in a portfolio or provisioned."""
        product = self._catalog.product(caller.scope, request["Id"])
        if self._catalog.portfolios_of(product):
            raise AwsError("ResourceInUseException", f"Product {product.id} is associated with a portfolio.")
        if any(item.product_id == product.id for item in self._catalog.provisioned.values()):
            raise AwsError("ResourceInUseException", f"Product {product.id} is provisioned.")
        del self._catalog.products[product.id]
        return {}

    def describe(self, caller: Caller, request: Request) -> Response:
        """DescribeProduct, for callers that may provision it."""
        product = self._requested(caller, request)
        paths = launch_paths(self._catalog, product, caller.identity if self._restricted(caller) else None)
        return {
            "ProductViewSummary": _summary(product),
            "ProvisioningArtifacts": [
                artifact_summary(artifact) for artifact in product.artifacts.values() if artifact.active
            ],
            "Budgets": [],
            "LaunchPaths": [{"Id": path.id, "Name": path.name} for path in paths],
        }

    def describe_as_admin(self, caller: Caller, request: Request) -> Response:
        """DescribeProductAsAdmin."""
        product = self._requested(caller, request)
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
        """SearchProducts. Returns the products that the caller may provision, on one page."""
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

    def _requested(self, caller: Caller, request: Request) -> Product:
        if ("Id" in request) == ("Name" in request):
            raise invalid("Set either Id or Name, not both.")
        if "Id" in request:
            return self._catalog.product(caller.scope, request["Id"])
        return self._catalog.product_named(caller.scope, request["Name"])

    @staticmethod
    def _restricted(caller: Caller) -> bool:
        """Whether the caller may see a product. The account itself may see all of them."""
        return caller.identity is not None and not caller.identity.arn.endswith(":root")


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
