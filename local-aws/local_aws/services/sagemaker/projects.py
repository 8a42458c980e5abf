"""Create, describe, list, update and delete projects."""

from __future__ import annotations

from typing import Any, Final

from local_aws.protocol.caller import Caller
from local_aws.protocol.errors import AwsError, not_found, validation_error
from local_aws.services.sagemaker.context import Context, Request, Response
from local_aws.services.sagemaker.paging import SortKey, page
from local_aws.services.sagemaker.projects_model import Project, new_project_id
from local_aws.services.sagemaker.tags import merge_tags
from local_aws.services.service_catalog.template import object_of

_BUSY: Final = frozenset({"CreateInProgress", "UpdateInProgress", "DeleteInProgress"})
_FILLED_IN: Final = frozenset({"SageMakerProjectName", "SageMakerProjectId"})


def create_project(context: Context, request: Request) -> Response:
    """CreateProject, from a Service Catalog product or from a template in S3."""
    name: str = request["ProjectName"]
    arn = context.scope.project_arn(name)
    known = context.projects.by_arn.get(arn)
    if known is not None and known.status != "DeleteCompleted":
        raise validation_error(f"Project already exists: {name}")
    catalog, template = (
        request.get("ServiceCatalogProvisioningDetails"),
        _template(request.get("TemplateProviders")),
    )
    if (catalog is None) == (template is None):
        raise validation_error(
            "Exactly one of ServiceCatalogProvisioningDetails and TemplateProviders must be provided."
        )
    _refuse_own_parameters(
        (catalog or {}).get("ProvisioningParameters", (template or {}).get("Parameters", []))
    )
    if template is not None:
        _check_template(context, template)
    project = Project(
        name=name,
        id=new_project_id(),
        arn=arn,
        account=context.scope.account,
        region=context.scope.region,
        description=request.get("ProjectDescription"),
        tags=merge_tags({}, request.get("Tags", [])),
        created_at=context.now,
        created_by=context.identity,
        modified_at=context.now,
        modified_by=context.identity,
        catalog=catalog,
        template=template,
    )
    context.project_stacks.create(_caller(context), project)
    context.projects.by_arn[arn] = project
    return {"ProjectArn": arn, "ProjectId": project.id}


def describe_project(context: Context, request: Request) -> Response:
    """DescribeProject, with the reason of any failure."""
    project = find_project(context, request["ProjectName"])
    message = project.message or project.status
    product = {
        "ProvisionedProductId": project.provisioned_product_id,
        "ProvisionedProductStatusMessage": message,
    }
    return {
        "ProjectArn": project.arn,
        "ProjectName": project.name,
        "ProjectId": project.id,
        "ProjectDescription": project.description,
        "ServiceCatalogProvisioningDetails": project.catalog,
        "ServiceCatalogProvisionedProductDetails": product if project.catalog is not None else None,
        "TemplateProviderDetails": _template_details(project, message),
        "ProjectStatus": project.status,
        "CreatedBy": project.created_by.user_context(),
        "CreationTime": project.created_at,
        "LastModifiedTime": project.modified_at,
        "LastModifiedBy": project.modified_by.user_context(),
    }


def list_projects(context: Context, request: Request) -> Response:
    """ListProjects, by default sorted by name, ascending."""
    by_time = request.get("SortBy") == "CreationTime"

    def key(project: Project) -> SortKey:
        return (project.created_at if by_time else project.name.lower(), project.arn)

    after, before = request.get("CreationTimeAfter"), request.get("CreationTimeBefore")
    chosen = [
        project
        for arn, project in context.projects.by_arn.items()
        if arn.startswith(context.scope.project_arn(""))
        and request.get("NameContains", "").lower() in project.name.lower()
        and (after is None or project.created_at > after)
        and (before is None or project.created_at < before)
    ]
    shown, token = page(chosen, key, request, descending=request.get("SortOrder") == "Descending")
    return {"ProjectSummaryList": [_summary(project) for project in shown], "NextToken": token}


def update_project(context: Context, request: Request) -> Response:
    """UpdateProject. Changes the product version or template, and parameters; adds tags."""
    project = find_project(context, request["ProjectName"])
    _require_idle(project, "updated")
    catalog = request.get("ServiceCatalogProvisioningUpdateDetails")
    templates = request.get("TemplateProvidersToUpdate")
    if (catalog is not None and project.catalog is None) or (
        templates is not None and project.template is None
    ):
        raise validation_error("A project cannot change between Service Catalog and templates.")
    project.tags = merge_tags(project.tags, request.get("Tags", []))
    project.description = request.get("ProjectDescription", project.description)
    project.modified_at, project.modified_by = context.now, context.identity
    if catalog is None and templates is None:
        return {"ProjectArn": project.arn}
    changed = _template(templates)
    given = (catalog or {}).get("ProvisioningParameters", (changed or {}).get("Parameters", []))
    _refuse_own_parameters(given)
    if changed is not None:
        _change_template(context, project, changed)
    context.project_stacks.update(_caller(context), project, catalog)
    if catalog is not None and project.catalog is not None:
        project.catalog = {**project.catalog, **catalog}
    project.status, project.message = "UpdateInProgress", ""
    return {"ProjectArn": project.arn}


def delete_project(context: Context, request: Request) -> Response:
    """DeleteProject, with its stack."""
    project = find_project(context, request["ProjectName"])
    _require_idle(project, "deleted")
    project.status, project.message, project.modified_at = "DeleteInProgress", "", context.now
    context.project_stacks.delete(_caller(context), project)
    return {}


def find_project(context: Context, name: str) -> Project:
    """The project of this name, in the caller's account and region."""
    project = context.projects.by_arn.get(context.scope.project_arn(name))
    if project is None:
        raise not_found(f"Project '{name}' does not exist.")
    return project


def _caller(context: Context) -> Caller:
    return Caller(context.scope, context.identity, context.now)


def _require_idle(project: Project, what: str) -> None:
    if project.status in _BUSY or project.status == "DeleteCompleted":
        raise AwsError(
            "ConflictException",
            f"Project '{project.name}' cannot be {what} while its status is {project.status}.",
        )


def _template(providers: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    if providers is None:
        return None
    if len(providers) != 1 or "CfnTemplateProvider" not in providers[0]:
        raise validation_error("One template provider, for CloudFormation, must be provided.")
    return dict(providers[0]["CfnTemplateProvider"])


def _check_template(context: Context, template: dict[str, Any]) -> None:
    if "RoleARN" not in template:
        raise validation_error("local-aws requires RoleARN to launch a template.")
    where = object_of(template["TemplateURL"])
    if where is None or context.read_object(*where, None) is None:
        raise validation_error(f"The template {template['TemplateURL']} does not exist or cannot be read.")


def _change_template(context: Context, project: Project, changed: dict[str, Any]) -> None:
    before = project.template or {}
    if changed["TemplateName"] != before["TemplateName"]:
        raise validation_error(f"The project has no template named {changed['TemplateName']}.")
    parameters = {
        item["Key"]: item for item in [*before.get("Parameters", []), *changed.get("Parameters", [])]
    }
    template = {**before, **changed, "Parameters": list(parameters.values())}
    where = object_of(template["TemplateURL"])
    if where is None or context.read_object(*where, None) is None:
        raise validation_error(f"The template {template['TemplateURL']} does not exist or cannot be read.")
    project.template = template


def _refuse_own_parameters(parameters: list[dict[str, Any]]) -> None:
    taken = sorted(_FILLED_IN & {item.get("Key") for item in parameters})
    if taken:
        raise validation_error(f"SageMaker sets {', '.join(taken)}. Remove them from the request.")


def _template_details(project: Project, message: str) -> list[dict[str, Any]] | None:
    if project.template is None:
        return None
    stack = {"Name": project.stack_name, "Id": project.stack_id, "StatusMessage": message}
    return [{"CfnTemplateProviderDetail": {**project.template, "StackDetail": stack}}]


def _summary(project: Project) -> dict[str, Any]:
    return {
        "ProjectName": project.name,
        "ProjectDescription": project.description,
        "ProjectArn": project.arn,
        "ProjectId": project.id,
        "CreationTime": project.created_at,
        "ProjectStatus": project.status,
    }
