"""The state of the catalog."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import Final, Literal

from local_aws.protocol.arns import Scope
from local_aws.protocol.errors import AwsError

_ID_ALPHABET: Final = string.ascii_lowercase + string.digits
RecordStatus = Literal["CREATED", "IN_PROGRESS", "IN_PROGRESS_IN_ERROR", "SUCCEEDED", "FAILED"]
RecordType = Literal["PROVISION_PRODUCT", "UPDATE_PROVISIONED_PRODUCT", "TERMINATE_PROVISIONED_PRODUCT"]
ProductStatus = Literal["AVAILABLE", "UNDER_CHANGE", "TAINTED", "ERROR"]
Guidance = Literal["DEFAULT", "DEPRECATED"]


def new_id(prefix: str) -> str:
    """An id such as ``prod-abc123def4567``."""
    return f"{prefix}-{''.join(secrets.choice(_ID_ALPHABET) for _ in range(13))}"


@dataclass
class Artifact:
    """A version of a product, with the template at the time of its creation."""

    id: str
    name: str
    description: str
    url: str
    template: str
    created_at: float
    active: bool = True
    guidance: Guidance = "DEFAULT"


@dataclass
class Product:
    """A CloudFormation product."""

    id: str
    account: str
    region: str
    name: str
    owner: str
    description: str
    distributor: str
    support: dict[str, str]
    tags: dict[str, str]
    created_at: float
    artifacts: dict[str, Artifact] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:catalog:{self.region}:{self.account}:product/{self.id}"


@dataclass
class Constraint:
    """A launch constraint: the role that a product of a portfolio is launched with."""

    id: str
    portfolio_id: str
    product_id: str
    role_arn: str
    description: str
    owner: str


@dataclass
class Portfolio:
    """Products, and the principals that may provision them."""

    id: str
    account: str
    region: str
    name: str
    provider: str
    description: str
    tags: dict[str, str]
    created_at: float
    products: dict[str, None] = field(default_factory=dict)
    """Ids, in the order of their association."""
    principals: dict[str, str] = field(default_factory=dict)
    """ARN to type."""

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:catalog:{self.region}:{self.account}:portfolio/{self.id}"


@dataclass
class Record:
    """An operation on a provisioned product, and its result."""

    id: str
    type: RecordType
    provisioned_product_id: str
    provisioned_product_name: str
    product_id: str
    artifact_id: str
    path_id: str
    created_at: float
    updated_at: float
    status: RecordStatus = "CREATED"
    error: str | None = None
    outputs: list[dict[str, str]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    role_arn: str | None = None


@dataclass
class ProvisionedProduct:
    """A stack from a product."""

    id: str
    account: str
    region: str
    name: str
    product_id: str
    artifact_id: str
    path_id: str
    user_arn: str
    created_at: float
    token: str
    role_arn: str | None
    """The launch role, or None for the account itself."""
    parameters: dict[str, str]
    tags: dict[str, str]
    status: ProductStatus = "UNDER_CHANGE"
    message: str = ""
    stack_id: str | None = None
    last_record: str = ""
    last_successful_record: str | None = None
    last_provisioning_record: str = ""

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:servicecatalog:{self.region}:{self.account}:stack/{self.name}/{self.id}"

    @property
    def stack_name(self) -> str:
        """The name of its stack."""
        return f"SC-{self.account}-{self.id}"


@dataclass
class Catalog:
    """All state, by id."""

    portfolios: dict[str, Portfolio] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    constraints: dict[str, Constraint] = field(default_factory=dict)
    provisioned: dict[str, ProvisionedProduct] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)

    def portfolio(self, scope: Scope, portfolio_id: str) -> Portfolio:
        """A portfolio of the caller's account and region."""
        found = self.portfolios.get(portfolio_id)
        if found is None or (found.account, found.region) != (scope.account, scope.region):
            raise not_found(f"Portfolio {portfolio_id} not found.")
        return found

    def product(self, scope: Scope, product_id: str) -> Product:
        """A product of the caller's account and region."""
        found = self.products.get(product_id)
        if found is None or (found.account, found.region) != (scope.account, scope.region):
            raise not_found(f"Product {product_id} not found.")
        return found

    def product_named(self, scope: Scope, name: str) -> Product:
        """Returns a product by name, which must be unique."""
        found = [product for product in self.in_scope(scope) if product.name == name]
        if len(found) != 1:
            raise not_found(
                f"Product {name} not found." if not found else f"Several products are named {name}."
            )
        return found[0]

    def in_scope(self, scope: Scope) -> list[Product]:
        """The products of an account in a region, oldest first."""
        return [
            product
            for product in self.products.values()
            if (product.account, product.region) == (scope.account, scope.region)
        ]

    def portfolios_of(self, product: Product) -> list[Portfolio]:
        """The portfolios that contain a product."""
        return [portfolio for portfolio in self.portfolios.values() if product.id in portfolio.products]

    def launch_constraint(self, portfolio_id: str, product_id: str) -> Constraint | None:
        """The launch role of a product in a portfolio."""
        for constraint in self.constraints.values():
            if (constraint.portfolio_id, constraint.product_id) == (portfolio_id, product_id):
                return constraint
        return None

    def clear(self) -> None:
        """Forget everything."""
        for kept in (self.portfolios, self.products, self.constraints, self.provisioned, self.records):
            kept.clear()


def artifact_of(product: Product, artifact_id: str) -> Artifact:
    """A version of a product."""
    found = product.artifacts.get(artifact_id)
    if found is None:
        raise not_found(f"Provisioning Artifact {artifact_id} not found for product {product.id}.")
    return found


def artifact_named(product: Product, name: str) -> Artifact:
    """Returns a version of a product by name, which must be unique."""
    found = [artifact for artifact in product.artifacts.values() if artifact.name == name]
    if len(found) != 1:
        raise invalid(f"Product {product.id} has {len(found) or 'no'} versions named '{name}'.")
    return found[0]


def not_found(message: str) -> AwsError:
    """Service Catalog's ResourceNotFoundException."""
    return AwsError("ResourceNotFoundException", message)


def invalid(message: str) -> AwsError:
    """Service Catalog's InvalidParametersException."""
    return AwsError("InvalidParametersException", message)


def tags_of(listed: list[dict[str, str]]) -> dict[str, str]:
    """Returns tags as a dictionary. Refuses duplicate keys."""
    tags = {tag["Key"]: tag["Value"] for tag in listed}
    if len(tags) != len(listed):
        raise invalid("Tag keys must be unique.")
    return tags


def listed_tags(tags: dict[str, str]) -> list[dict[str, str]]:
    """Returns tags as an answer has them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
