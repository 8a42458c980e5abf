"""The resource types of CodeCommit, CodeBuild and CodePipeline, and SageMaker's feature group."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from local_aws.protocol.errors import AwsError
from local_aws.services.cloudformation.resource_type import (
    Api,
    Attributes,
    Properties,
    PropertyError,
    ResourceType,
    request_of,
)

_POLL_SECONDS: Final = 0.02
Seed = Callable[[str, dict[str, Any]], None]
"""Takes a repository's name and its Code property. Raises ValueError for unreadable code."""
_REPOSITORY: Final = "AWS::CodeCommit::Repository"
_PROJECT_PROPERTIES: Final = frozenset(
    {"Name", "Description", "Source", "Artifacts", "Environment", "ServiceRole", "TimeoutInMinutes"}
    | {"QueuedTimeoutInMinutes", "LogsConfig", "Tags"}
)
_PIPELINE_PROPERTIES: Final = frozenset(
    {"Name", "RoleArn", "ArtifactStore", "Stages", "PipelineType", "ExecutionMode", "Tags"}
)
_GROUP_PROPERTIES: Final = frozenset(
    {"FeatureGroupName", "RecordIdentifierFeatureName", "EventTimeFeatureName", "FeatureDefinitions"}
    | {"OnlineStoreConfig", "OfflineStoreConfig", "RoleArn", "Description", "Tags"}
)


def delivery_types(seed: Seed) -> tuple[ResourceType, ...]:
    """Returns all types. ``seed`` fills new repositories."""
    return (_repository(seed), _BUILD_PROJECT, _PIPELINE, _FEATURE_GROUP)


def _repository(seed: Seed) -> ResourceType:
    def create(api: Api, properties: Properties, _name: str) -> tuple[str, Attributes]:
        name = properties["RepositoryName"]
        request = {
            "repositoryName": name,
            "tags": {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])},
        }
        if "RepositoryDescription" in properties:
            request["repositoryDescription"] = properties["RepositoryDescription"]
        metadata = api("codecommit", "CreateRepository", request)["repositoryMetadata"]
        if "Code" in properties:
            try:
                seed(name, properties["Code"])
            except ValueError as error:
                api("codecommit", "DeleteRepository", {"repositoryName": name})
                raise PropertyError(f"Code of {name}: {error}") from error
        return metadata["repositoryId"], _repository_attributes(metadata)

    def update(api: Api, _physical_id: str, old: Properties, new: Properties) -> Attributes:
        name = new["RepositoryName"]
        if name != old["RepositoryName"]:
            raise PropertyError("local-aws cannot rename repositories")
        # Code applies at creation only.
        description = {"repositoryDescription": new.get("RepositoryDescription", "")}
        api("codecommit", "UpdateRepositoryDescription", {"repositoryName": name, **description})
        return _repository_attributes(
            api("codecommit", "GetRepository", {"repositoryName": name})["repositoryMetadata"]
        )

    def delete(api: Api, _physical_id: str, properties: Properties) -> None:
        api("codecommit", "DeleteRepository", {"repositoryName": properties["RepositoryName"]})

    properties = frozenset({"RepositoryName", "RepositoryDescription", "Code", "Tags"})
    return ResourceType(_REPOSITORY, create, update, delete, properties, tagged=True)


def _repository_attributes(metadata: dict[str, Any]) -> Attributes:
    return {
        "Arn": metadata["Arn"],
        "Name": metadata["repositoryName"],
        "CloneUrlHttp": metadata["cloneUrlHttp"],
    }


def _create_project(api: Api, properties: Properties, name: str) -> tuple[str, Attributes]:
    request = request_of("codebuild", "CreateProject", {"Name": name, **properties})
    project = api("codebuild", "CreateProject", request)["project"]
    return project["name"], {"Arn": project["arn"]}


def _update_project(api: Api, physical_id: str, _old: Properties, new: Properties) -> Attributes:
    request = request_of("codebuild", "UpdateProject", {**new, "Name": physical_id})
    return {"Arn": api("codebuild", "UpdateProject", request)["project"]["arn"]}


def _delete_project(api: Api, physical_id: str, _properties: Properties) -> None:
    api("codebuild", "DeleteProject", {"name": physical_id})


def _create_pipeline(api: Api, properties: Properties, name: str) -> tuple[str, Attributes]:
    declared = {"Name": name, **{key: value for key, value in properties.items() if key != "Tags"}}
    request = {"pipeline": declared, "tags": properties.get("Tags", [])}
    pipeline = api("codepipeline", "CreatePipeline", request_of("codepipeline", "CreatePipeline", request))
    return pipeline["pipeline"]["name"], {"Version": str(pipeline["pipeline"]["version"])}


def _update_pipeline(api: Api, physical_id: str, _old: Properties, new: Properties) -> Attributes:
    declared = {**{key: value for key, value in new.items() if key != "Tags"}, "Name": physical_id}
    request = request_of("codepipeline", "UpdatePipeline", {"pipeline": declared})
    return {"Version": str(api("codepipeline", "UpdatePipeline", request)["pipeline"]["version"])}


def _delete_pipeline(api: Api, physical_id: str, _properties: Properties) -> None:
    api("codepipeline", "DeletePipeline", {"name": physical_id})


def _create_group(api: Api, properties: Properties, _name: str) -> tuple[str, Attributes]:
    api("sagemaker", "CreateFeatureGroup", request_of("sagemaker", "CreateFeatureGroup", properties))
    name: str = properties["FeatureGroupName"]
    described = _group_after(api, name, "Creating")
    if described["FeatureGroupStatus"] != "Created":
        api("sagemaker", "DeleteFeatureGroup", {"FeatureGroupName": name})
        raise PropertyError(described.get("FailureReason", f"the feature group {name} was not created"))
    return name, {"FeatureGroupStatus": described["FeatureGroupStatus"]}


def _group_after(api: Api, name: str, status: str) -> dict[str, Any]:
    """Waits until a feature group has left a status, as CloudFormation does."""
    while True:
        described = api("sagemaker", "DescribeFeatureGroup", {"FeatureGroupName": name})
        if described["FeatureGroupStatus"] != status:
            return described
        time.sleep(_POLL_SECONDS)


def _update_group(_api: Api, physical_id: str, _old: Properties, _new: Properties) -> Attributes:
    raise PropertyError(f"local-aws cannot update the feature group {physical_id} in place")


def _delete_group(api: Api, physical_id: str, _properties: Properties) -> None:
    api("sagemaker", "DeleteFeatureGroup", {"FeatureGroupName": physical_id})
    try:
        _group_after(api, physical_id, "Deleting")
    except AwsError as error:
        if error.code != "ResourceNotFound":
            raise


_BUILD_PROJECT: Final = ResourceType(
    "AWS::CodeBuild::Project",
    _create_project,
    _update_project,
    _delete_project,
    _PROJECT_PROPERTIES,
    replacing=frozenset({"Name"}),
    tagged=True,
)
_PIPELINE: Final = ResourceType(
    "AWS::CodePipeline::Pipeline",
    _create_pipeline,
    _update_pipeline,
    _delete_pipeline,
    _PIPELINE_PROPERTIES,
    replacing=frozenset({"Name", "PipelineType"}),
    tagged=True,
)
_FEATURE_GROUP: Final = ResourceType(
    "AWS::SageMaker::FeatureGroup",
    _create_group,
    _update_group,
    _delete_group,
    _GROUP_PROPERTIES,
    replacing=_GROUP_PROPERTIES - {"Tags", "FeatureDefinitions", "OnlineStoreConfig"},
    tagged=True,
    waits=True,
)
