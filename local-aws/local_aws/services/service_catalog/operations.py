"""The implemented operations of Service Catalog, and the IAM checks of each.

Resources are those of the "Service Authorization Reference" for AWS Service Catalog: products and portfolios
have ARNs; everything else is authorized on ``*``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from local_aws.protocol.arns import Scope
from local_aws.protocol.caller import Caller, Check
from local_aws.protocol.dispatcher import Request, Response
from local_aws.protocol.json_service import JsonProtocol, Operation
from local_aws.services.service_catalog.artifacts import Artifacts
from local_aws.services.service_catalog.portfolios import Portfolios
from local_aws.services.service_catalog.products import Products
from local_aws.services.service_catalog.provisioned import ProvisionedProducts
from local_aws.services.service_catalog.provisioning import Provisioning

PROTOCOL: Final = JsonProtocol("servicecatalog", "AWS242ServiceCatalogService.", "servicecatalog", "Message")
_Run = Callable[[Caller, Request], Response]


def operations(
    portfolios: Portfolios,
    products: Products,
    artifacts: Artifacts,
    provisioned: ProvisionedProducts,
    provisioning: Provisioning,
) -> dict[str, Operation]:
    """Returns all operations by name."""
    runs: dict[str, tuple[_Run, str | None]] = {
        "AssociatePrincipalWithPortfolio": (portfolios.associate_principal, "PortfolioId"),
        "AssociateProductWithPortfolio": (portfolios.associate_product, "PortfolioId"),
        "CreateConstraint": (portfolios.create_constraint, "PortfolioId"),
        "CreatePortfolio": (portfolios.create, None),
        "CreateProduct": (products.create, None),
        "CreateProvisioningArtifact": (artifacts.create, "ProductId"),
        "DeleteConstraint": (portfolios.delete_constraint, None),
        "DeletePortfolio": (portfolios.delete, "Id"),
        "DeleteProduct": (products.delete, "Id"),
        "DeleteProvisioningArtifact": (artifacts.delete, "ProductId"),
        "DescribeConstraint": (portfolios.describe_constraint, None),
        "DescribePortfolio": (portfolios.describe, "Id"),
        "DescribeProduct": (products.describe, "Id"),
        "DescribeProductAsAdmin": (products.describe_as_admin, "Id"),
        "DescribeProvisionedProduct": (provisioned.describe, None),
        "DescribeProvisioningArtifact": (artifacts.describe, "ProductId"),
        "DescribeProvisioningParameters": (artifacts.provisioning_parameters, "ProductId"),
        "DescribeRecord": (provisioned.describe_record, None),
        "DisassociatePrincipalFromPortfolio": (portfolios.disassociate_principal, "PortfolioId"),
        "DisassociateProductFromPortfolio": (portfolios.disassociate_product, "PortfolioId"),
        "GetProvisionedProductOutputs": (provisioned.outputs, None),
        "ListConstraintsForPortfolio": (portfolios.list_constraints, "PortfolioId"),
        "ListPortfolios": (portfolios.list_portfolios, None),
        "ListPortfoliosForProduct": (portfolios.of_product, "ProductId"),
        "ListPrincipalsForPortfolio": (portfolios.principals, "PortfolioId"),
        "ListProvisioningArtifacts": (artifacts.list_artifacts, "ProductId"),
        "ListRecordHistory": (provisioned.history, None),
        "ProvisionProduct": (provisioning.provision, "ProductId"),
        "ScanProvisionedProducts": (provisioned.scan, None),
        "SearchProducts": (products.search, None),
        "SearchProductsAsAdmin": (products.search_as_admin, None),
        "SearchProvisionedProducts": (provisioned.search, None),
        "TerminateProvisionedProduct": (provisioning.terminate, None),
        "UpdateConstraint": (portfolios.update_constraint, None),
        "UpdatePortfolio": (portfolios.update, "Id"),
        "UpdateProduct": (products.update, "Id"),
        "UpdateProvisionedProduct": (provisioning.update, "ProductId"),
        "UpdateProvisioningArtifact": (artifacts.update, "ProductId"),
    }
    return {name: Operation(run, _checks(name, member)) for name, (run, member) in runs.items()}


# The owner of the provisioned products. Here it is always the caller.
_OWNERS: Final = {f"servicecatalog:{level}Level": "self" for level in ("account", "role", "user")}


def _checks(operation: str, member: str | None) -> Callable[[Scope, Request], Iterator[Check]]:
    def checks(scope: Scope, request: Request) -> Iterator[Check]:
        named = request.get(member or "")
        kind = "portfolio" if str(named).startswith("port-") else "product"
        arn = f"arn:aws:catalog:{scope.region}:{scope.account}:{kind}/{named}" if named else "*"
        tags = [
            tag for tag in request.get("Tags", []) if isinstance(tag, dict) and {"Key", "Value"} <= tag.keys()
        ]
        keys: dict[str, object] = dict(_OWNERS)
        keys |= {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}
        if tags:
            keys["aws:TagKeys"] = [tag["Key"] for tag in tags]
        yield Check(f"servicecatalog:{operation}", arn, keys)

    return checks
