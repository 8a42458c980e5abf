"""The operations of Service Catalog there are, and what IAM decides about each.

Resources are those of the "Service Authorization Reference" for AWS Service Catalog: products and portfolios
have ARNs, all else is decided on ``*``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from local_aws.caller import Caller
from local_aws.json_service import Operation, Protocol11, Request, Response
from local_aws.sagemaker.arns import Scope
from local_aws.sagemaker.operations import Check
from local_aws.service_catalog.artifacts import Artifacts
from local_aws.service_catalog.portfolios import Portfolios
from local_aws.service_catalog.products import Products
from local_aws.service_catalog.provisioned import ProvisionedProducts
from local_aws.service_catalog.provisioning import Provisioning

PROTOCOL: Final = Protocol11("servicecatalog", "AWS242ServiceCatalogService.", "servicecatalog", "Message")
_Run = Callable[[Caller, Request], Response]


def operations(
    portfolios: Portfolios,
    products: Products,
    artifacts: Artifacts,
    provisioned: ProvisionedProducts,
    provisioning: Provisioning,
) -> dict[str, Operation]:
    """All operations by name."""
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


# Whose provisioned products a statement is about. Here it is always the asker's own.
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
