"""The configurations of the product and the portfolio that the tests use."""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

TEMPLATES = Path(__file__).parents[1]
PRODUCT = TEMPLATES / "project-s3-fs-ingestion.yaml"
PORTFOLIO = TEMPLATES / "sm-project-sc-portfolio.yaml"

_ACCOUNT = "111122223333"
# AWS's own launch role cannot read this bucket by its name, so objects need a tag.
STAGING_BUCKET = "platform-team-packages"
DATA_BUCKET = "landing-zone"
_CONNECTION = f"arn:aws:{{service}}:eu-west-1:{_ACCOUNT}:connection/aaaabbbb-0000-4000-8000-ccccddddeeee"

# Parameters without a default, and those that SageMaker and the packaging set.
PRODUCT_PARAMETERS: Mapping[str, str] = {
    "SageMakerProjectName": "Abalone",
    "SageMakerProjectId": "p-abcdefghijkl",
    "DataWranglerFlowUrl": f"s3://{DATA_BUCKET}/flows/abalone.flow",
    "FeatureGroupName": "abalone",
    "StagingBucketName": STAGING_BUCKET,
    "StartPipelineX8664Sha256": "1" * 64,
    "StartPipelineArm64Sha256": "2" * 64,
    "IngestionPipelineX8664Sha256": "3" * 64,
    "IngestionPipelineArm64Sha256": "4" * 64,
    "IngestFeaturesX8664Sha256": "5" * 64,
    "SparkEngineSha256": "8" * 64,
    "SeedCodeSha256": "6" * 64,
}
_CHOICES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "engine": {
        "data-wrangler": {"Engine": "data-wrangler"},
        "native": {"Engine": "native"},
        "spark": {"Engine": "spark", "InstanceCount": "2"},
    },
    "bucket": {"created": {}, "given": {"DataBucketName": DATA_BUCKET}},
    "source": {
        "codecommit": {},
        "codeconnections": {
            "CodeConnectionArn": _CONNECTION.format(service="codeconnections"),
            "CodeRepositoryId": "my-team/ingestion",
        },
        "codestar": {
            "CodeConnectionArn": _CONNECTION.format(service="codestar-connections"),
            "CodeRepositoryId": "my-team/ingestion",
        },
    },
    "alarms": {"silent": {}, "notified": {"AlarmTopicArn": f"arn:aws:sns:eu-west-1:{_ACCOUNT}:operators"}},
    "dashboard": {"without": {}, "with": {"Dashboard": "Yes"}},
    "architecture": {"x86_64": {"Architecture": "x86_64"}, "arm64": {"Architecture": "arm64"}},
}
# Prefixes of the roles that each launch role may pass.
SERVICE_CATALOG_ROLES = "AmazonSageMakerServiceCatalogProductsFs"
PROJECTS_ROLES = "AmazonSageMakerProjectsFs"
# A role that a launch role for S3-hosted templates may pass, according to AWS's guide.
PROJECTS_OWN_ROLE = "AmazonSageMakerProjectsMyTeam"

PORTFOLIO_PARAMETERS: Mapping[str, str] = {
    "SCPortfolioPrincipalRoleArn": f"arn:aws:iam::{_ACCOUNT}:role/service-role/AmazonSageMaker-ExecutionRole",
    "StagingBucketName": STAGING_BUCKET,
    "ProductTemplateSha256": "7" * 64,
    "ProductVersion": "1.0.0",
}
_SUBNET = f"arn:aws:ec2:eu-west-1:{_ACCOUNT}:subnet/subnet-"
# Resources outside the project that projects may use.
USED_PARAMETERS: Mapping[str, str] = {
    "DataBucketArns": f"arn:aws:s3:::{DATA_BUCKET},arn:aws:s3:::second-{DATA_BUCKET}",
    "DataKeyArns": f"arn:aws:kms:eu-west-1:{_ACCOUNT}:key/aaaabbbb-0000-4000-8000-ccccddddeeee",
    "JobSubnetArns": f"{_SUBNET}0a1b2c3d,{_SUBNET}4e5f6a7b",
}


def product(
    roles: str = SERVICE_CATALOG_ROLES, own: str = "AmazonSageMakerServiceCatalogMyTeam"
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every combination of choices, with its name.

    `roles` is the prefix of the product's roles. `own` is the name of a user's own role for the functions.
    """
    own_role = f"arn:aws:iam::{_ACCOUNT}:role/service-role/{own}"
    choices = {**_CHOICES, "role": {"auto": {}, "own": {"LambdaExecutionRole": own_role}}}
    for combination in itertools.product(*(options.items() for options in choices.values())):
        parameters = {**PRODUCT_PARAMETERS, "RoleNamePrefix": roles}
        for _, chosen in combination:
            parameters.update(chosen)
        yield "-".join(name for name, _ in combination), parameters


def portfolio(roles: str = SERVICE_CATALOG_ROLES) -> dict[str, str]:
    """Return the portfolio's parameters with every option turned on."""
    return {
        **PORTFOLIO_PARAMETERS,
        **USED_PARAMETERS,
        "RoleNamePrefix": roles,
        "ProjectsLaunchRoleName": "AmazonSageMakerProjectsLaunchRole",
    }
