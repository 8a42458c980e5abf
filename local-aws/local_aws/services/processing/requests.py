"""Checks of CreateProcessingJob beyond AWS's model, including unsupported features."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final

from local_aws.protocol.errors import validation_error
from local_aws.services.processing.spark_container import IMAGE as SPARK_IMAGE
from local_aws.services.sagemaker.context import Request, refuse_members

ROOT: Final = "/opt/ml/processing"


def check_request(request: Request) -> None:
    """Raise a ValidationException for a job that SageMaker refuses or local-aws does not support."""
    inputs = request.get("ProcessingInputs", [])
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    _refuse_unimplemented(request, inputs)
    problems = _cluster_problems(request["ProcessingResources"]["ClusterConfig"])
    problems += _duplicates([item["InputName"] for item in inputs], "input names")
    problems += _duplicates([item["OutputName"] for item in outputs], "output names")
    problems += [problem for item in inputs for problem in _input_problems(item)]
    problems += [problem for item in outputs for problem in _output_problems(item)]
    paths = [item["S3Input"]["LocalPath"] for item in inputs if "LocalPath" in item.get("S3Input", {})]
    problems += _duplicates([str(PurePosixPath(path)) for path in paths], "input local paths")
    if problems:
        raise validation_error(f"Invalid processing job: {'; '.join(problems)}.")


def _refuse_unimplemented(request: Request, inputs: list[dict[str, Any]]) -> None:
    cluster = request["ProcessingResources"]["ClusterConfig"]
    refuse_members(cluster, "SelectedInstanceType", "SelectedInstanceCount")
    preferences = cluster.get("InstancePreferences", [])
    in_spark = SPARK_IMAGE.fullmatch(request["AppSpecification"]["ImageUri"])
    for count in [each.get("InstanceCount", 1) for each in [cluster, *preferences]]:
        if count != 1 and not in_spark:
            raise validation_error(
                f"local-aws runs a processing job on 1 instance, not on {count}, except in the image "
                "sagemaker-spark-processing."
            )
    for item in inputs:
        refuse_members(item, "DatasetDefinition")
        source = item.get("S3Input", {})
        if source.get("S3InputMode", "File") != "File":
            raise validation_error("local-aws does not implement the S3InputMode Pipe.")
    if request.get("NetworkConfig", {}).get("EnableNetworkIsolation"):
        raise validation_error("local-aws does not implement EnableNetworkIsolation.")


def _cluster_problems(cluster: dict[str, Any]) -> list[str]:
    """Returns problems with the instance types, as AWS documents them for ProcessingClusterConfig."""
    preferences = cluster.get("InstancePreferences", [])
    problems = _duplicates([each["InstanceType"] for each in preferences], "instance types")
    if ("InstanceType" in cluster) == bool(preferences):
        problems.append("set either InstanceType or InstancePreferences")
    counted = [each for each in [cluster, *preferences] if "InstanceCount" in each]
    if preferences and counted not in ([cluster], preferences):
        problems.append("set InstanceCount for the job, or for each of the InstancePreferences")
    return problems


def _input_problems(item: dict[str, Any]) -> list[str]:
    name, source = item["InputName"], item.get("S3Input")
    if source is None:
        return [f"input {name} has no S3Input"]
    problems = [] if source["S3Uri"].startswith("s3://") else [f"input {name}: S3Uri must begin with s3://"]
    if source.get("S3CompressionType", "None") != "None":
        problems.append(f"input {name}: S3CompressionType Gzip requires S3InputMode Pipe")
    if item.get("AppManaged"):
        return problems
    return problems + _path_problems(f"input {name}", source.get("LocalPath"))


def _output_problems(item: dict[str, Any]) -> list[str]:
    name = item["OutputName"]
    if "FeatureStoreOutput" in item:
        managed = item.get("AppManaged", False)
        return [] if managed else [f"output {name}: a FeatureStoreOutput requires AppManaged"]
    target = item.get("S3Output")
    if target is None:
        return [f"output {name} has neither S3Output nor FeatureStoreOutput"]
    problems = [] if target["S3Uri"].startswith("s3://") else [f"output {name}: S3Uri must begin with s3://"]
    return (
        problems
        if item.get("AppManaged")
        else problems + _path_problems(f"output {name}", target.get("LocalPath"))
    )


def _path_problems(what: str, path: str | None) -> list[str]:
    if path is None:
        return [f"{what}: LocalPath is required unless AppManaged is true"]
    legal = path.startswith(f"{ROOT}/") and ".." not in PurePosixPath(path).parts and "\0" not in path
    return [] if legal else [f"{what}: LocalPath '{path}' must be below {ROOT}/"]


def _duplicates(names: list[str], what: str) -> list[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    return [f"{what} must be unique. Duplicates: {', '.join(twice)}"] if twice else []
