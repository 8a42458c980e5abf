"""Lists the resources in an account, for the services that the product and its users use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from local_aws.launcher import LocalAws

# Kind, service, operation, list member of the response, and name member ("": the item itself is the name).
_LISTS: Final[list[tuple[str, str, str, str, str]]] = [
    ("alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("bucket", "s3", "list_buckets", "Buckets", "Name"),
    ("build pipeline", "codepipeline", "list_pipelines", "pipelines", "name"),
    ("build project", "codebuild", "list_projects", "projects", ""),
    ("dashboard", "cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("event bus", "events", "list_event_buses", "EventBuses", "Name"),
    ("event source mapping", "lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    ("feature group", "sagemaker", "list_feature_groups", "FeatureGroupSummaries", "FeatureGroupName"),
    ("function", "lambda", "list_functions", "Functions", "FunctionName"),
    ("log group", "logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("pipeline", "sagemaker", "list_pipelines", "PipelineSummaries", "PipelineName"),
    ("portfolio", "servicecatalog", "list_portfolios", "PortfolioDetails", "DisplayName"),
    ("provisioned product", "servicecatalog", "scan_provisioned_products", "ProvisionedProducts", "Name"),
    ("queue", "sqs", "list_queues", "QueueUrls", ""),
    ("repository", "codecommit", "list_repositories", "repositories", "repositoryName"),
    ("role", "iam", "list_roles", "Roles", "RoleName"),
    ("rule", "events", "list_rules", "Rules", "Name"),
    ("topic", "sns", "list_topics", "Topics", "TopicArn"),
    ("user", "iam", "list_users", "Users", "UserName"),
]


def everything(aws: LocalAws) -> set[str]:
    """Returns kind and name of each resource. Leaves out history, such as jobs and queries."""
    return set(_all(aws))


def _all(aws: LocalAws) -> Iterator[str]:
    for kind, service, operation, member, name in _LISTS:
        for each in _listed(aws, service, operation, member):
            yield f"{kind} {each[name] if name else each}"
    for policy in aws.client("iam").list_policies(Scope="Local")["Policies"]:
        yield f"policy {policy['PolicyName']}"
    for role in aws.client("iam").list_roles()["Roles"]:
        attached = aws.client("iam").list_attached_role_policies(RoleName=role["RoleName"])
        for policy in attached["AttachedPolicies"]:
            yield f"attachment of {policy['PolicyName']} to {role['RoleName']}"
    products = aws.client("servicecatalog").search_products_as_admin()["ProductViewDetails"]
    for product in products:
        yield f"product {product['ProductViewSummary']['Name']}"
    for stack in _listed(aws, "cloudformation", "describe_stacks", "Stacks"):
        yield f"stack {stack['StackName']} ({stack['StackStatus']})"
    for project in _listed(aws, "sagemaker", "list_projects", "ProjectSummaryList"):
        if project["ProjectStatus"] != "DeleteCompleted":
            yield f"project {project['ProjectName']} ({project['ProjectStatus']})"
    for database in _listed(aws, "glue", "get_databases", "DatabaseList"):
        for table in aws.client("glue").get_tables(DatabaseName=database["Name"])["TableList"]:
            yield f"table {database['Name']}.{table['Name']}"


def _listed(aws: LocalAws, service: str, operation: str, member: str) -> list[Any]:
    client = aws.client(service)
    if client.can_paginate(operation):
        return [each for page in client.get_paginator(operation).paginate() for each in page.get(member, [])]
    return list(getattr(client, operation)().get(member, []))
