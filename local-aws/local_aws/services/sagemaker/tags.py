"""Tags of resources. Executions have none."""

from __future__ import annotations

from typing import Any, Final

from local_aws.protocol.errors import validation_error
from local_aws.services.feature_store.model import FeatureGroup
from local_aws.services.processing.model import ProcessingJob
from local_aws.services.sagemaker.context import Context, Request, Response
from local_aws.services.sagemaker.domains_model import Domain
from local_aws.services.sagemaker.model import Pipeline
from local_aws.services.sagemaker.paging import SortKey, page
from local_aws.services.sagemaker.projects_model import Project

MAX_TAGS: Final = 50


def add_tags(context: Context, request: Request) -> Response:
    """AddTags. Overwrites existing keys. Returns all tags of the resource."""
    resource = _tagged_resource(context, request)
    resource.tags = merge_tags(resource.tags, request["Tags"])
    return {"Tags": _listed(list(resource.tags.items()))}


def list_tags(context: Context, request: Request) -> Response:
    """ListTags, by key."""
    tags = _tagged_resource(context, request).tags

    def key(tag: tuple[str, str]) -> SortKey:
        return tag[0], tag[0]

    shown, token = page(list(tags.items()), key, request, descending=False)
    return {"Tags": _listed(shown), "NextToken": token}


def delete_tags(context: Context, request: Request) -> Response:
    """DeleteTags. Ignores keys that do not exist."""
    tags = _tagged_resource(context, request).tags
    for key in request["TagKeys"]:
        tags.pop(key, None)
    return {}


def merge_tags(existing: dict[str, str], added: list[dict[str, Any]]) -> dict[str, str]:
    """Returns the merged tags. Checks limits that the service model does not state."""
    keys = [tag["Key"] for tag in added]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise validation_error(f"Tag keys must be unique. Given more than once: {', '.join(twice)}")
    reserved = [key for key in keys if key.lower().startswith("aws:")]
    if reserved:
        raise validation_error(f"Tag keys must not start with aws: {', '.join(reserved)}")
    merged = {**existing, **{tag["Key"]: tag["Value"] for tag in added}}
    if len(merged) > MAX_TAGS:
        raise validation_error(
            f"A resource can have at most {MAX_TAGS} tags. This one would have {len(merged)}."
        )
    return merged


def _tagged_resource(
    context: Context, request: Request
) -> Pipeline | FeatureGroup | ProcessingJob | Project | Domain:
    """Returns the resource of a ResourceArn. Raises ValidationException: the model has no other error."""
    arn = context.scope.resource_arn_of(request["ResourceArn"])
    resource = context.resource(arn)
    if resource is None or not arn.startswith(context.scope.arn_prefix):
        raise validation_error(f"Unable to find a taggable resource with the ARN '{request['ResourceArn']}'.")
    return resource


def _listed(tags: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags]
