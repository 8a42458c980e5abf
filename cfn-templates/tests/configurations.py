"""The configurations of the product and of the portfolio that the tests look at."""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

TEMPLATES = Path(__file__).parents[1]
PRODUCT = TEMPLATES / "project-s3-fs-ingestion.yaml"
PORTFOLIO = TEMPLATES / "sm-project-sc-portfolio.yaml"

_ACCOUNT = "111122223333"
# A name that AWS's own launch role may not read by: its objects must be tagged.
STAGING_BUCKET = "platform-team-packages"
DATA_BUCKET = "landing-zone"
_CONNECTION = f"arn:aws:{{service}}:eu-west-1:{_ACCOUNT}:connection/aaaabbbb-0000-4000-8000-ccccddddeeee"

# What the form asks for and has no default, and what SageMaker and the packaging fill in.
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
    "SeedCodeSha256": "6" * 64,
}
_CHOICES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "engine": {"data-wrangler": {"Engine": "data-wrangler"}, "native": {"Engine": "native"}},
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
# What the roles that a launch role may pass begin with.
SERVICE_CATALOG_ROLES = "AmazonSageMakerServiceCatalogProductsFs"
PROJECTS_ROLES = "AmazonSageMakerProjectsFs"
# The name of a role that a launch role for S3-hosted templates may pass, after AWS's guide.
PROJECTS_OWN_ROLE = "AmazonSageMakerProjectsMyTeam"

PORTFOLIO_PARAMETERS: Mapping[str, str] = {
    "SCPortfolioPrincipalRoleArn": f"arn:aws:iam::{_ACCOUNT}:role/service-role/AmazonSageMaker-ExecutionRole",
    "StagingBucketName": STAGING_BUCKET,
    "ProductTemplateSha256": "7" * 64,
    "ProductVersion": "1.0.0",
}
_SUBNET = f"arn:aws:ec2:eu-west-1:{_ACCOUNT}:subnet/subnet-"
# What projects may use beside their own.
USED_PARAMETERS: Mapping[str, str] = {
    "DataBucketArns": f"arn:aws:s3:::{DATA_BUCKET},arn:aws:s3:::second-{DATA_BUCKET}",
    "DataKeyArns": f"arn:aws:kms:eu-west-1:{_ACCOUNT}:key/aaaabbbb-0000-4000-8000-ccccddddeeee",
    "JobSubnetArns": f"{_SUBNET}0a1b2c3d,{_SUBNET}4e5f6a7b",
}


def product(
    roles: str = SERVICE_CATALOG_ROLES, own: str = "AmazonSageMakerServiceCatalogMyTeam"
) -> Iterator[tuple[str, dict[str, str]]]:
    """Every combination of what can be chosen, with its name.

    `roles` begins the names of the product's roles; `own` is the name of a user's role for the functions.
    """
    own_role = f"arn:aws:iam::{_ACCOUNT}:role/service-role/{own}"
    choices = {**_CHOICES, "role": {"auto": {}, "own": {"LambdaExecutionRole": own_role}}}
    for combination in itertools.product(*(options.items() for options in choices.values())):
        parameters = {**PRODUCT_PARAMETERS, "RoleNamePrefix": roles}
        for _, chosen in combination:
            parameters.update(chosen)
        yield "-".join(name for name, _ in combination), parameters


def portfolio(roles: str = SERVICE_CATALOG_ROLES) -> dict[str, str]:
    """The portfolio with everything that can be turned on."""
    return {
        **PORTFOLIO_PARAMETERS,
        **USED_PARAMETERS,
        "RoleNamePrefix": roles,
        "ProjectsLaunchRoleName": "AmazonSageMakerProjectsLaunchRole",
    }
