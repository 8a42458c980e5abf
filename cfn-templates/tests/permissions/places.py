"""The ARNs in the duties of the product's roles, from the templates and the code."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from resolve import Stack

CRATES = Path(__file__).parents[3] / "crates"


def of(products: Sequence[Stack], portfolio: Stack) -> Mapping[str, list[str]]:
    """Return the ARNs by their name in the duties, merged for all products."""
    found: dict[str, list[str]] = {}
    for each in [_of_portfolio(portfolio), *(_of_product(product) for product in products)]:
        for name, arns in each.items():
            found[name] = list(dict.fromkeys([*found.get(name, []), *arns]))
    return found


def _of_portfolio(stack: Stack) -> Mapping[str, Iterable[str]]:
    here = stack.environment
    ec2 = f"arn:{here.partition}:ec2:{here.region}:{here.account}"
    staging = f"arn:{here.partition}:s3:::{stack.parameters['StagingBucketName']}"
    return {
        "data": [f"{bucket}/landing/a.csv" for bucket in stack.parameters["DataBucketArns"]],
        "data_bucket": stack.parameters["DataBucketArns"],
        "data_key": stack.parameters["DataKeyArns"],
        "flow": [f"{bucket}/flows/my.flow" for bucket in stack.parameters["DataBucketArns"]],
        "image": _images(here.partition, here.region),
        "job_role": [stack.arn("JobRole")],
        "launch_role": [stack.arn("ProjectsLaunchRole")],
        "network_interface": [f"{ec2}:network-interface/eni-0a1b2c3d"],
        "security_group": [f"{ec2}:security-group/sg-0a1b2c3d"],
        "staging_bucket": [staging],
        "subnet": stack.parameters["JobSubnetArns"],
    }


def _of_product(stack: Stack) -> Mapping[str, Iterable[str]]:
    here, resources = stack.environment, stack.resources

    def arn(service: str, resource: str) -> str:
        return f"arn:{here.partition}:{service}:{here.region}:{here.account}:{resource}"

    variables = _variables(resources["Build"].properties)
    artifact_bucket = stack.arn("ArtifactBucket")
    data_bucket = _object(here.partition, variables["S3_DATA_PREFIX"]).partition("/")[0]
    pipeline = arn("sagemaker", f"pipeline/{stack.outputs['PipelineName'].lower()}")
    engines = [
        _object(here.partition, variables[name]) for name in ("INGEST_FEATURES_URL", "SPARK_ENGINE_URL")
    ]
    buckets = [stack.arn(bucket.logical_id) for bucket in stack.of_type("AWS::S3::Bucket")]
    functions = [
        function.properties["LoggingConfig"]["LogGroup"]
        for function in stack.of_type("AWS::Lambda::Function")
    ]
    return {
        "artifact_bucket": [artifact_bucket],
        "build": [stack.arn("Build")],
        "build_logs": [arn("logs", f"log-group:{stack.physical_name('BuildLogs')}:log-stream:aaaabbbb-0000")],
        "build_pipeline": [stack.arn("BuildPipeline")],
        "connection": _connections(resources["BuildPipeline"].properties),
        "data": [_object(here.partition, variables["S3_DATA_PREFIX"]) + "a.csv"],
        "data_bucket": [data_bucket],
        "execution": [f"{pipeline}/execution/abcdefghijkl"],
        "feature_database": [arn("glue", "database/sagemaker_featurestore")],
        "feature_group": [arn("sagemaker", f"feature-group/{stack.outputs['FeatureGroupName']}")],
        "feature_table": [arn("glue", "table/sagemaker_featurestore/fg_abalone_1767225600")],
        # A flow may be in the data bucket, or in SageMaker's default bucket.
        "flow": [
            _object(here.partition, variables["DW_FLOW_URL"]),
            f"{data_bucket}/flows/my.flow",
            f"arn:{here.partition}:s3:::sagemaker-{here.region}-{here.account}/my.flow",
        ],
        "function_logs": [
            arn("logs", f"log-group:{group}:log-stream:2026/11/22/[$LATEST]0a1b2c") for group in functions
        ],
        "glue_catalog": [arn("glue", "catalog")],
        # "pipelines-", the execution's id, the shortened name of the step, and a random part.
        "job": [
            arn("sagemaker", "processing-job/pipelines-abcdefghijkl-native-processing-to-feature-AbCdEfGhIj")
        ],
        # In both forms that IAM may use.
        "job_log_group": [
            arn("logs", f"log-group:/aws/sagemaker/ProcessingJobs{end}") for end in ("", ":log-stream:")
        ],
        "job_log_stream": [
            arn("logs", "log-group:/aws/sagemaker/ProcessingJobs:log-stream:pipelines-abc/algo-1-1")
        ],
        "engine": engines,
        "engine_key": [engine.partition("/")[2] for engine in engines],
        "pipeline": [pipeline],
        "program": [_object(here.partition, variables["INGESTION_PIPELINE_URL"])],
        "project_bucket": buckets,
        "project_object": [f"{bucket}/any/key" for bucket in buckets],
        "repository": [
            stack.arn(repository.logical_id) for repository in stack.of_type("AWS::CodeCommit::Repository")
        ],
        "retry_queue": [stack.arn("RetryQueue")],
        # CodePipeline's folders are the first 20 characters of the pipeline's name.
        "source_artifact": [f"{artifact_bucket}/{stack.physical_name('BuildPipeline')[:20]}/Source/AbCdEfG"],
        "stack": [
            arn("cloudformation", f"stack/{name}/8a6f3c80")
            for name in ("SC-1-pp-a", "sagemaker-p-abcdefghijkl")
        ],
        "requirements": [
            f"{_object(here.partition, variables['ARTIFACTS_URL'])}/requirements/{'9' * 64}/requirements.txt"
        ],
        "spark_result": [
            f"{_object(here.partition, variables['ARTIFACTS_URL'])}"
            "/executions/abcdefghijkl/result/rows/part-00000.parquet"
        ],
        "rejected": [f"{_object(here.partition, variables['ARTIFACTS_URL'])}/rejected/{'9' * 64}.jsonl"],
        "staged": [
            f"{_object(here.partition, variables['ARTIFACTS_URL'])}/executions/abcdefghijkl/input/data.csv"
        ],
        "stored_flow": [f"{_object(here.partition, variables['ARTIFACTS_URL'])}/{'8' * 64}.flow"],
    }


def _variables(build: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the environment of a CodeBuild project."""
    return {each["Name"]: each["Value"] for each in build["Environment"]["EnvironmentVariables"]}


def _object(partition: str, url: str) -> str:
    """Return the ARN of an object at `s3://<bucket>/<key>`."""
    return f"arn:{partition}:s3:::{url.removeprefix('s3://')}"


def _connections(pipeline: Mapping[str, Any]) -> list[str]:
    configurations = [action["Configuration"] for stage in pipeline["Stages"] for action in stage["Actions"]]
    return [each["ConnectionArn"] for each in configurations if "ConnectionArn" in each]


def _images(partition: str, region: str) -> list[str]:
    """Return the container images of a region, from the code of `ingestion-pipeline`."""
    code = (CRATES / "ingestion-pipeline/src/images.rs").read_text("utf-8")
    found = re.findall(rf'repository: "([\w-]+)",.*?\("{region}", "(\d+)"\)', code, re.DOTALL)
    return [
        f"arn:{partition}:ecr:{region}:{account}:repository/{repository}" for repository, account in found
    ]
