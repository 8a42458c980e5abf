"""Studio domains: created, listed and tagged. Users cannot log in."""

from __future__ import annotations

from typing import Final

from local_aws.protocol.errors import AwsError, not_found
from local_aws.services.sagemaker.context import Context, Request, Response
from local_aws.services.sagemaker.domains_model import Domain, new_domain_id
from local_aws.services.sagemaker.paging import SortKey, page
from local_aws.services.sagemaker.tags import merge_tags

_DESCRIBED: Final = ("AuthMode", "DefaultUserSettings", "SubnetIds", "VpcId")


def create_domain(context: Context, request: Request) -> Response:
    """CreateDomain. The domain is InService at once."""
    name: str = request["DomainName"]
    if any(domain.name == name for domain in _here(context)):
        raise AwsError("ResourceInUse", f"Domain with name {name} already exists.")
    domain_id = new_domain_id()
    domain = Domain(
        id=domain_id,
        arn=context.scope.domain_arn(domain_id),
        name=name,
        made_with={member: request[member] for member in _DESCRIBED if member in request},
        tags=merge_tags({}, request.get("Tags", [])),
        created_at=context.now,
    )
    context.domains.by_arn[domain.arn] = domain
    return {"DomainArn": domain.arn, "DomainId": domain.id}


def describe_domain(context: Context, request: Request) -> Response:
    """DescribeDomain."""
    domain = _find(context, request)
    return {**_summary(domain), **domain.made_with}


def list_domains(context: Context, request: Request) -> Response:
    """ListDomains, latest first."""

    def key(domain: Domain) -> SortKey:
        return domain.created_at, domain.arn

    shown, token = page(_here(context), key, request, descending=True)
    return {"Domains": [_summary(domain) for domain in shown], "NextToken": token}


def delete_domain(context: Context, request: Request) -> Response:
    """DeleteDomain. There is no file system to retain."""
    del context.domains.by_arn[_find(context, request).arn]
    return {}


def _here(context: Context) -> list[Domain]:
    return [
        domain for arn, domain in context.domains.by_arn.items() if arn.startswith(context.scope.arn_prefix)
    ]


def _find(context: Context, request: Request) -> Domain:
    domain = context.domains.by_arn.get(context.scope.domain_arn(request["DomainId"]))
    if domain is None:
        raise not_found(f"Domain {request['DomainId']} does not exist.")
    return domain


def _summary(domain: Domain) -> Response:
    return {
        "DomainArn": domain.arn,
        "DomainId": domain.id,
        "DomainName": domain.name,
        "Status": "InService",
        "CreationTime": domain.created_at,
        "LastModifiedTime": domain.created_at,
    }
