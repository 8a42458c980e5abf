"""The build's environment, and what its buildspec and program read."""

import re
from pathlib import Path

import yaml

from configurations import DATA_BUCKET, PRODUCT, PRODUCT_PARAMETERS
from resolve import Stack, Template

ROOT = Path(__file__).parents[2]
SEED = ROOT / "project-seed-code/s3-fs-ingestion"
BUILDSPEC = (SEED / "buildspec.yml").read_text("utf-8")
KEYS_RS = (ROOT / "crates/ingestion-pipeline/src/settings/keys.rs").read_text("utf-8")
TEMPLATE = Template.load(PRODUCT)
# CodeBuild sets these.
FROM_CODEBUILD = {"AWS_REGION"}
# Only the repository's pipeline.yaml sets these.
FROM_THE_REPOSITORY = {
    *("PROCESSING_IMAGE", "PROCESSING_INSTANCE_TYPE", "PROCESSING_MAX_RUNTIME"),
    *("PROCESSING_VOLUME_SIZE", "RETRY_POLICIES", "PIPELINE_CACHE", "PIPELINE_PARALLELISM", "PIPELINE_TAGS"),
    *("DW_FLOW_BINDING", "DW_FLOW_INPUT_DATASET", "KMS_KEY_ID", "PIPELINE_REFIT", "SECURITY_GROUP_IDS"),
    *("S3_REQUESTER_PAYS", "SUBNET_IDS", "TARGET_STORES", "TTL_DURATION", "VOLUME_KMS_KEY_ID"),
    *("AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT", "PROCESSING_FALLBACK_INSTANCE_TYPES"),
}


def variables(stack: Stack) -> dict[str, str]:
    """Return the environment of the build."""
    listed = stack.resources["Build"].properties["Environment"]["EnvironmentVariables"]
    found = {each["Name"]: each["Value"] for each in listed}
    assert len(found) == len(listed)
    return found


def read_by_the_program() -> set[str]:
    """Return the variables that `ingestion-pipeline` reads."""
    return set(re.findall(r'^    [A-Z_]+ "\w+" "([A-Z_0-9]+)" "', KEYS_RS, re.MULTILINE))


def read_by_the_buildspec() -> set[str]:
    """Return the variables that the buildspec reads."""
    return set(re.findall(r"\$\{?([A-Z_0-9]+)", BUILDSPEC))


def test_build_sets_exactly_the_variables_that_are_read() -> None:
    read = read_by_the_program() | read_by_the_buildspec()
    assert len(read_by_the_program()) > 20
    assert set(variables(TEMPLATE.resolve(PRODUCT_PARAMETERS))) == read - FROM_CODEBUILD - FROM_THE_REPOSITORY
    assert read >= FROM_CODEBUILD | FROM_THE_REPOSITORY


def test_sets_the_native_engine_only_if_packaged() -> None:
    without = TEMPLATE.resolve({**PRODUCT_PARAMETERS, "IngestFeaturesX8664Sha256": ""})
    assert "INGEST_FEATURES_URL" not in variables(without)
    found = variables(TEMPLATE.resolve(PRODUCT_PARAMETERS))["INGEST_FEATURES_URL"]
    assert found.endswith(
        f"/ingest-features/{PRODUCT_PARAMETERS['IngestFeaturesX8664Sha256']}/ingest-features"
    )


def test_sets_the_spark_engine_only_if_packaged() -> None:
    without = TEMPLATE.resolve({**PRODUCT_PARAMETERS, "SparkEngineSha256": ""})
    assert "SPARK_ENGINE_URL" not in variables(without)
    found = variables(TEMPLATE.resolve(PRODUCT_PARAMETERS))["SPARK_ENGINE_URL"]
    assert found.endswith(f"/spark-engine/{PRODUCT_PARAMETERS['SparkEngineSha256']}/spark-engine.zip")


def test_program_matches_architecture_and_hash() -> None:
    for architecture, parameter, kind in (
        ("x86_64", "IngestionPipelineX8664Sha256", "LINUX_CONTAINER"),
        ("arm64", "IngestionPipelineArm64Sha256", "ARM_CONTAINER"),
    ):
        stack = TEMPLATE.resolve({**PRODUCT_PARAMETERS, "Architecture": architecture})
        found = variables(stack)
        assert found["INGESTION_PIPELINE_SHA256"] == PRODUCT_PARAMETERS[parameter]
        assert found["INGESTION_PIPELINE_URL"].endswith(
            f"/ingestion-pipeline/{PRODUCT_PARAMETERS[parameter]}"
        )
        environment = stack.resources["Build"].properties["Environment"]
        assert environment["Type"] == kind
        assert ("aarch64" in environment["Image"]) is (architecture == "arm64")
        for function in ("StartPipeline", "StartPipelineRetry"):
            assert stack.resources[function].properties["Architectures"] == [architecture]


def test_values_reach_the_build_unchanged() -> None:
    chosen = {
        "PipelineDescription": 'Features & "more" of 전복 $HOME',
        "DataKeyPrefix": "데이터 $(id)/",
        "DataBucketName": DATA_BUCKET,
        "DataWranglerOutputName": "0a1b.default",
        "Engine": "spark",
        "InstanceCount": "3",
    }
    stack = TEMPLATE.resolve({**PRODUCT_PARAMETERS, **chosen})
    found = variables(stack)
    assert found["PIPELINE_DESCRIPTION"] == chosen["PipelineDescription"]
    assert found["S3_DATA_PREFIX"] == f"s3://{DATA_BUCKET}/데이터 $(id)/" == stack.outputs["DataLocation"]
    assert found["DW_FLOW_OUTPUT_NAME"] == "0a1b.default"
    assert found["PIPELINE_ENGINE"] == "spark"
    assert found["PROCESSING_INSTANCE_COUNT"] == "3"
    assert found["SAGEMAKER_PROJECT_ID"] == PRODUCT_PARAMETERS["SageMakerProjectId"]
    # No variable is a parameter or a secret of another service.
    assert all(
        "Type" not in each
        for each in stack.resources["Build"].properties["Environment"]["EnvironmentVariables"]
    )


def test_lifecycle_rules_expire_only_sources_and_staged_inputs() -> None:
    stack = TEMPLATE.resolve(PRODUCT_PARAMETERS)
    bucket = stack.resources["ArtifactBucket"].properties
    assert variables(stack)["ARTIFACTS_URL"] == f"s3://{bucket['BucketName']}/pipeline"
    expiring = [
        rule["Prefix"] for rule in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule
    ]
    # CodePipeline's artifact keys begin with the first characters of the pipeline's name.
    sources, staged = expiring
    assert stack.physical_name("BuildPipeline").startswith(sources)
    assert staged == "pipeline/executions/"
    assert not any(f"pipeline/{kept}/".startswith(sources) for kept in ("flows", "definitions", "rejected"))


def test_uses_the_buildspec_of_the_seed_code() -> None:
    source = TEMPLATE.resolve(PRODUCT_PARAMETERS).resources["Build"].properties["Source"]
    assert source == {"Type": "CODEPIPELINE", "BuildSpec": "buildspec.yml"}
    assert yaml.safe_load(BUILDSPEC)["version"] == 0.2
