"""Portfolios: their products, principals and launch roles."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from local_aws.protocol.caller import Caller, Identity
from local_aws.protocol.dispatcher import Request, Response
from local_aws.protocol.errors import AwsError
from local_aws.protocol.json_service import refuse
from local_aws.services.service_catalog.model import (
    Catalog,
    Constraint,
    Portfolio,
    Product,
    invalid,
    listed_tags,
    new_id,
    not_found,
    tags_of,
)

_ROLE_ARN: Final = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)")
_ASSUMED_ROLE: Final = re.compile(r"arn:aws:sts::(\d{12}):assumed-role/([^/]+)/.+")


class Portfolios:
    """The operations on portfolios."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(self, caller: Caller, request: Request) -> Response:
        """CreatePortfolio."""
        portfolio = Portfolio(
            id=new_id("port"),
            account=caller.scope.account,
            region=caller.scope.region,
            name=request["DisplayName"],
            provider=request["ProviderName"],
            description=request.get("Description", ""),
            tags=tags_of(request.get("Tags", [])),
            created_at=caller.now,
        )
        self._catalog.portfolios[portfolio.id] = portfolio
        return {"PortfolioDetail": _detail(portfolio), "Tags": listed_tags(portfolio.tags)}

    def update(self, caller: Caller, request: Request) -> Response:
        """UpdatePortfolio. Omitted members keep their values."""
        portfolio = self._catalog.portfolio(caller.scope, request["Id"])
        portfolio.name = request.get("DisplayName", portfolio.name)
        portfolio.provider = request.get("ProviderName", portfolio.provider)
        portfolio.description = request.get("Description", portfolio.description)
        added = tags_of(request.get("AddTags", []))
        kept = {
            key: value for key, value in portfolio.tags.items() if key not in request.get("RemoveTags", [])
        }
        portfolio.tags = {**kept, **added}
        return {"PortfolioDetail": _detail(portfolio), "Tags": listed_tags(portfolio.tags)}

    def describe(self, caller: Caller, request: Request) -> Response:
        """DescribePortfolio."""
        portfolio = self._catalog.portfolio(caller.scope, request["Id"])
        return {"PortfolioDetail": _detail(portfolio), "Tags": listed_tags(portfolio.tags)}

    def list_portfolios(self, caller: Caller, request: Request) -> Response:
        """ListPortfolios, all on one page."""
        refuse(request, "PageToken")
        here = (caller.scope.account, caller.scope.region)
        found = [item for item in self._catalog.portfolios.values() if (item.account, item.region) == here]
        return {"PortfolioDetails": [_detail(portfolio) for portfolio in found]}

    def delete(self, caller: Caller, request: Request) -> Response:
        """DeletePortfolio. Refused while it has products or principals."""
        portfolio = self._catalog.portfolio(caller.scope, request["Id"])
        if portfolio.products or portfolio.principals:
            raise AwsError(
                "ResourceInUseException",
                f"Portfolio {portfolio.id} still has products or principals, and cannot be deleted.",
            )
        del self._catalog.portfolios[portfolio.id]
        return {}

    def associate_product(self, caller: Caller, request: Request) -> Response:
        """AssociateProductWithPortfolio. Repeating it is not an error."""
        refuse(request, "SourcePortfolioId")
        product = self._catalog.product(caller.scope, request["ProductId"])
        self._catalog.portfolio(caller.scope, request["PortfolioId"]).products[product.id] = None
        return {}

    def disassociate_product(self, caller: Caller, request: Request) -> Response:
        """DisassociateProductFromPortfolio. Refused while a constraint names both."""
        portfolio = self._catalog.portfolio(caller.scope, request["PortfolioId"])
        product_id = request["ProductId"]
        if product_id not in portfolio.products:
            raise not_found(f"Product {product_id} is not associated with portfolio {portfolio.id}.")
        if self._catalog.launch_constraint(portfolio.id, product_id) is not None:
            raise AwsError(
                "ResourceInUseException",
                f"Product {product_id} has a constraint in portfolio {portfolio.id}.",
            )
        del portfolio.products[product_id]
        return {}

    def of_product(self, caller: Caller, request: Request) -> Response:
        """ListPortfoliosForProduct, all on one page."""
        refuse(request, "PageToken")
        product = self._catalog.product(caller.scope, request["ProductId"])
        return {
            "PortfolioDetails": [_detail(portfolio) for portfolio in self._catalog.portfolios_of(product)]
        }

    def associate_principal(self, caller: Caller, request: Request) -> Response:
        """AssociatePrincipalWithPortfolio, for ARNs without wildcards."""
        if request["PrincipalType"] != "IAM":
            raise invalid("local-aws does not implement the principal type IAM_PATTERN.")
        portfolio = self._catalog.portfolio(caller.scope, request["PortfolioId"])
        portfolio.principals[request["PrincipalARN"]] = request["PrincipalType"]
        return {}

    def disassociate_principal(self, caller: Caller, request: Request) -> Response:
        """DisassociatePrincipalFromPortfolio."""
        portfolio = self._catalog.portfolio(caller.scope, request["PortfolioId"])
        if portfolio.principals.pop(request["PrincipalARN"], None) is None:
            raise not_found(f"{request['PrincipalARN']} is not associated with portfolio {portfolio.id}.")
        return {}

    def principals(self, caller: Caller, request: Request) -> Response:
        """ListPrincipalsForPortfolio, all on one page."""
        refuse(request, "PageToken")
        portfolio = self._catalog.portfolio(caller.scope, request["PortfolioId"])
        listed = [{"PrincipalARN": arn, "PrincipalType": kind} for arn, kind in portfolio.principals.items()]
        return {"Principals": listed}

    def create_constraint(self, caller: Caller, request: Request) -> Response:
        """CreateConstraint of type LAUNCH. A product can have one in a portfolio."""
        if request["Type"] != "LAUNCH":
            raise invalid(f"local-aws does not implement constraints of type {request['Type']}.")
        portfolio = self._catalog.portfolio(caller.scope, request["PortfolioId"])
        product = self._catalog.product(caller.scope, request["ProductId"])
        if product.id not in portfolio.products:
            raise not_found(f"Product {product.id} is not associated with portfolio {portfolio.id}.")
        if self._catalog.launch_constraint(portfolio.id, product.id) is not None:
            raise AwsError(
                "DuplicateResourceException",
                f"Product {product.id} already has a launch constraint in portfolio {portfolio.id}.",
            )
        constraint = Constraint(
            id=new_id("cons"),
            portfolio_id=portfolio.id,
            product_id=product.id,
            role_arn=_role_of(request["Parameters"], caller.scope.account),
            description=request.get("Description", ""),
            owner=caller.scope.account,
        )
        self._catalog.constraints[constraint.id] = constraint
        return _constraint_answer(constraint)

    def update_constraint(self, caller: Caller, request: Request) -> Response:
        """UpdateConstraint."""
        constraint = self._constraint(request["Id"])
        if "Parameters" in request:
            constraint.role_arn = _role_of(request["Parameters"], caller.scope.account)
        constraint.description = request.get("Description", constraint.description)
        return _constraint_answer(constraint)

    def describe_constraint(self, _caller: Caller, request: Request) -> Response:
        """DescribeConstraint."""
        return _constraint_answer(self._constraint(request["Id"]))

    def delete_constraint(self, _caller: Caller, request: Request) -> Response:
        """DeleteConstraint."""
        del self._catalog.constraints[self._constraint(request["Id"]).id]
        return {}

    def list_constraints(self, caller: Caller, request: Request) -> Response:
        """ListConstraintsForPortfolio, all on one page."""
        refuse(request, "PageToken")
        portfolio = self._catalog.portfolio(caller.scope, request["PortfolioId"])
        found = [
            constraint
            for constraint in self._catalog.constraints.values()
            if constraint.portfolio_id == portfolio.id
            and request.get("ProductId", constraint.product_id) == constraint.product_id
        ]
        return {"ConstraintDetails": [_constraint_detail(constraint) for constraint in found]}

    def _constraint(self, constraint_id: str) -> Constraint:
        found = self._catalog.constraints.get(constraint_id)
        if found is None:
            raise not_found(f"Constraint {constraint_id} not found.")
        return found


def may_provision(portfolio: Portfolio, identity: Identity) -> bool:
    """Whether a caller is a principal of a portfolio, itself or through its role."""
    session = _ASSUMED_ROLE.fullmatch(identity.arn)
    for arn in portfolio.principals:
        role = _ROLE_ARN.fullmatch(arn)
        if arn == identity.arn:
            return True
        if session and role and (session[1], session[2]) == (role[1], role[2].rpartition("/")[2]):
            return True
    return False


def launch_paths(catalog: Catalog, product: Product, identity: Identity | None) -> list[Portfolio]:
    """Returns the portfolios through which a caller may provision a product. None means all."""
    return [
        portfolio
        for portfolio in catalog.portfolios_of(product)
        if identity is None or may_provision(portfolio, identity)
    ]


def _role_of(parameters: str, account: str) -> str:
    try:
        given = json.loads(parameters)
    except ValueError as error:
        raise invalid(f"Parameters is not valid JSON: {error}") from error
    if not isinstance(given, dict) or given.keys() not in ({"RoleArn"}, {"LocalRoleName"}):
        raise invalid("Parameters of a launch constraint must have either RoleArn or LocalRoleName only.")
    if "LocalRoleName" in given:
        return f"arn:aws:iam::{account}:role/{given['LocalRoleName']}"
    if not isinstance(given["RoleArn"], str) or _ROLE_ARN.fullmatch(given["RoleArn"]) is None:
        raise invalid(f"RoleArn {given['RoleArn']} is not the ARN of a role.")
    return given["RoleArn"]


def _detail(portfolio: Portfolio) -> dict[str, Any]:
    return {
        "Id": portfolio.id,
        "ARN": portfolio.arn,
        "DisplayName": portfolio.name,
        "Description": portfolio.description,
        "CreatedTime": portfolio.created_at,
        "ProviderName": portfolio.provider,
    }


def _constraint_detail(constraint: Constraint) -> dict[str, Any]:
    return {
        "ConstraintId": constraint.id,
        "Type": "LAUNCH",
        "Description": constraint.description,
        "Owner": constraint.owner,
        "ProductId": constraint.product_id,
        "PortfolioId": constraint.portfolio_id,
    }


def _constraint_answer(constraint: Constraint) -> Response:
    return {
        "ConstraintDetail": _constraint_detail(constraint),
        "ConstraintParameters": json.dumps({"RoleArn": constraint.role_arn}),
        "Status": "AVAILABLE",
    }
