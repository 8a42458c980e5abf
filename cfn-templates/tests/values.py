"""Accepted and rejected values of the parameters with a pattern."""

from configurations import PORTFOLIO, PRODUCT

HASH = "0123456789abcdef" * 4
ACCOUNT = "111122223333"
ACCOUNT_ROLE = f"arn:aws:iam::{ACCOUNT}:role/"

# Accepted values and rejected values, by parameter.
BUCKETS = (
    ["abc", "my-bucket.of-2026", "b" * 63],
    [
        "ab",
        "b" * 64,
        "Bucket",
        "my_bucket",
        "s3://bucket",
        "bucket/",
        "-bucket",
        "bucket-",
        "a b",
        "b*t",
        "전복전복",
    ],
)
HASHES = (["", HASH], ["0", HASH[1:], HASH + "0", HASH.upper(), f"sha256:{HASH}", "g" * 64, " "])
STAGING_PREFIXES = (
    ["amazon-sagemaker-reusable-components/", "a/b/c/", "1.0_(x)!/", "a" * 255 + "/"],
    ["", "/", "/a/", "no-slash", "s3://b/", "a b/", "a*/", "a\\/", "전/", "a" * 256 + "/", "a?/", "a+b/"],
)
ROLE_PREFIXES = (
    ["AmazonSageMakerServiceCatalogProductsFs", "AmazonSageMakerProjectsFs", "AmazonSageMakerServiceCatalog"],
    [
        "",
        "MyRole",
        "amazonsagemakerprojects",
        "AmazonSageMakerServiceCatalog" + "x" * 12,
        "AmazonSageMakerProjects/x",
    ],
)
VALUES: dict[str, dict[str, tuple[list[str], list[str]]]] = {
    PRODUCT.stem: {
        "SageMakerProjectName": (
            ["a", "Abalone", "a-b--c", "x" * 32, "2026"],
            ["", "-a", "a-", "a_b", "a b", "x" * 33, "a" + "-" * 31 + "b", "전복", "a.b"],
        ),
        "SageMakerProjectId": (
            ["p-abcdefghijkl", "p-0", "p-" + "z" * 18],
            ["", "p-", "abc", "P-abc", "p-ABC", "p-a-b", "p-" + "z" * 19, "p-a*", "p-전"],
        ),
        "DataWranglerFlowUrl": (
            ["s3://bucket/a.flow", "s3://my.bucket-1/폴더/a b+c.flow", "s3://abc/" + "k" * 1015],
            [
                "",
                "a.flow",
                "s3://bucket",
                "s3://bucket/",
                "S3://bucket/a",
                "https://bucket/a",
                "s3://Bucket/a",
                "s3://bucket/a\nb",
                "s3://bucket/a\x7f",
                "s3://ab/a",
                "s3:///a",
                "s3://abc/" + "k" * 1016,
            ],
        ),
        "DataWranglerOutputName": (
            ["", "0a1b2c3d-0000-0000-0000-0a1b2c3d4e5f.default", "node_1.out-2"],
            [
                "node",
                ".default",
                "node.",
                "a.b.c",
                "a b.c",
                "노드.default",
                "n" * 129 + ".o",
                "n." + "o" * 65,
                "*.*",
            ],
        ),
        "FeatureGroupName": (
            ["a", "FG-abalone", "a_-_b", "x" * 64],
            ["", "-a", "a-", "_a", "a_", "a b", "a.b", "a/b", "전복", "x" * 65, "a" + "-" * 63 + "b"],
        ),
        "DataBucketName": (["", *BUCKETS[0]], BUCKETS[1]),
        "DataKeyPrefix": (
            [
                "",
                "landing/",
                "a b/c+d",
                "데이터/",
                "s3/",
                "q\"uo'te",
                "landing",
                "a//b",
                "${AWS::Region}/",
                "?[a-z]{2}",
            ],
            [
                "*",
                "landing/*",
                "a\\b",
                "/landing/",
                "s3://bucket/landing/",
                "s3:",
                "a\tb",
                "a\x00b",
                "p" * 241,
            ],
        ),
        "DataKeySuffix": (
            ["", ".csv", "/data.csv", "데이터.csv", "?", "a b"],
            ["*.csv", "\\.csv", ".csv\t", "s" * 65],
        ),
        "PipelineNamePrefix": (
            ["a", "s3-fs-ingest-pipeline", "a--b", "0", "p" * 235],
            ["", "Ingest", "-a", "a-", "a_b", "a.b", "a b", "전복", "p" * 236],
        ),
        "PipelineDescription": (
            ["", "Feature Store ingestion pipeline", '전복 "quoted" & <more>', "d" * 1024],
            ["two\nlines", "tab\t", "\x7f", "d" * 1025],
        ),
        "AlarmTopicArn": (
            ["", f"arn:aws:sns:eu-west-1:{ACCOUNT}:operators", f"arn:aws-cn:sns:cn-north-1:{ACCOUNT}:a_b-c"],
            [
                "operators",
                f"arn:aws:sns:eu-west-1:{ACCOUNT}:a.fifo",
                "arn:aws:sns:eu-west-1:1:operators",
                f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q",
                f"arn:aws:sns:eu-west-1:{ACCOUNT}:",
                f"arn:other:sns:x:{ACCOUNT}:t",
                f"arn:aws:sns:eu-west-1:{ACCOUNT}:*",
                f"arn:aws:sns:eu-west-1:{ACCOUNT}:" + "t" * 257,
            ],
        ),
        "CodeConnectionArn": (
            [
                "",
                f"arn:aws:codeconnections:eu-west-1:{ACCOUNT}:connection/aaaabbbb-0000-4000-8000-ccccddddeeee",
                f"arn:aws:codestar-connections:eu-west-1:{ACCOUNT}:connection/aaaabbbb-0000-4000-8000-ccccddddeeee",
            ],
            [
                "my-connection",
                f"arn:aws:codecommit:eu-west-1:{ACCOUNT}:r",
                f"arn:aws:codeconnections:eu-west-1:{ACCOUNT}:connection/*",
                f"arn:aws:codeconnections:eu-west-1:{ACCOUNT}:connection/short",
            ],
        ),
        "CodeRepositoryId": (
            ["", "my-team/ingestion", "group/sub.group/repo_1", "r/" + "x" * 998],
            [
                "ingestion",
                "/ingestion",
                "my-team/",
                "a b/c",
                "a//b",
                "https://example.org/a/b",
                "r/" + "x" * 999,
            ],
        ),
        "CodeBranch": (
            ["main", "release/2026.11", "feature/a_b-c", "b" * 255],
            [
                "",
                "/main",
                "main/",
                "a..b",
                "a//b",
                "a b",
                ".main",
                "main.",
                "a*",
                "a\\b",
                "-x",
                "a~1",
                "b" * 256,
            ],
        ),
        "LambdaExecutionRole": (
            [
                "Auto",
                f"{ACCOUNT_ROLE}service-role/AmazonSageMakerServiceCatalogProductsLambdaRole",
                f"{ACCOUNT_ROLE}service-role/AmazonSageMakerProjectsLambda",
                f"{ACCOUNT_ROLE}service-role/AmazonSageMakerServiceCatalog" + "r" * 35,
            ],
            [
                "",
                "auto",
                "MyRole",
                f"{ACCOUNT_ROLE}MyRole",
                f"{ACCOUNT_ROLE}AmazonSageMakerServiceCatalogX",
                f"{ACCOUNT_ROLE}service-role/MyRole",
                f"{ACCOUNT_ROLE}service-role/AmazonSageMakerServiceCatalog/x",
                f"{ACCOUNT_ROLE}service-role/*",
                f"{ACCOUNT_ROLE}service-role/AmazonSageMakerServiceCatalog" + "r" * 36,
            ],
        ),
        "RoleNamePrefix": ROLE_PREFIXES,
        "StagingBucketName": BUCKETS,
        "StagingPrefix": STAGING_PREFIXES,
        "StartPipelineX8664Sha256": HASHES,
        "StartPipelineArm64Sha256": HASHES,
        "IngestionPipelineX8664Sha256": HASHES,
        "IngestionPipelineArm64Sha256": HASHES,
        "IngestFeaturesX8664Sha256": HASHES,
        "SparkEngineSha256": HASHES,
        "SeedCodeSha256": HASHES,
    },
    PORTFOLIO.stem: {
        "SCPortfolioPrincipalRoleArn": (
            [
                f"{ACCOUNT_ROLE}User",
                f"{ACCOUNT_ROLE}service-role/User",
                f"{ACCOUNT_ROLE}a/b/c/d/User",
                f"arn:aws-us-gov:iam::{ACCOUNT}:role/User",
            ],
            [
                "",
                "User",
                "role/User",
                f"arn:aws:iam::{ACCOUNT}:user/me",
                f"arn:aws:sts::{ACCOUNT}:assumed-role/User/me",
                f"{ACCOUNT_ROLE}",
                f"{ACCOUNT_ROLE}a/b/c/d/e/User",
                f"{ACCOUNT_ROLE}*",
                f"{ACCOUNT_ROLE}a//User",
                f"{ACCOUNT_ROLE}" + "r" * 65,
                "arn:aws:iam::1:role/User",
            ],
        ),
        "SCProductLaunchRoleArn": (
            [
                "AmazonSageMakerServiceCatalogProductsLaunchRole",
                f"{ACCOUNT_ROLE}service-role/Launch",
                f"{ACCOUNT_ROLE}a/b/c/d/e/Launch",
            ],
            [
                "",
                "service-role/Launch",
                "a b",
                "*",
                f"{ACCOUNT_ROLE}",
                "r" * 65,
                f"arn:aws:iam::{ACCOUNT}:user/me",
            ],
        ),
        "ProjectsLaunchRoleName": (
            ["", "AmazonSageMakerProjectsLaunchRole", "AmazonSageMakerProjects" + "r" * 41],
            [
                "LaunchRole",
                "AmazonSageMakerProjects",
                "AmazonSageMakerProjects" + "r" * 42,
                "AmazonSageMakerProjects/x",
            ],
        ),
        "RoleNamePrefix": ROLE_PREFIXES,
        "DataBucketArns": (
            ["", "arn:aws:s3:::landing-zone", "arn:aws:s3:::a-b,arn:aws-cn:s3:::team-*"],
            [
                "landing-zone",
                "s3://landing-zone",
                "arn:aws:s3:::landing-zone/*",
                "arn:aws:s3:::Upper",
                "*",
                "arn:aws:s3:::",
                "arn:aws:s3:::good,bad",
                "arn:aws:s3:::" + "b" * 64,
            ],
        ),
        "DataKeyArns": (
            [
                "",
                f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/aaaabbbb-0000-4000-8000-ccccddddeeee",
                f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/mrk-0123456789abcdef,arn:aws:kms:eu-west-1:{ACCOUNT}:key/a",
            ],
            [
                "alias/my-key",
                f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/my-key",
                f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/*",
                "*",
            ],
        ),
        "JobSubnetArns": (
            [
                "",
                f"arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/subnet-0a1b2c3d",
                f"arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/subnet-0a1b2c3d,"
                f"arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/subnet-0123456789abcdef0",
            ],
            [
                "subnet-0a1b2c3d",
                f"arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/*",
                f"arn:aws:ec2:eu-west-1:{ACCOUNT}:vpc/vpc-0a1b2c3d",
                "*",
            ],
        ),
        "StagingBucketName": BUCKETS,
        "StagingPrefix": STAGING_PREFIXES,
        "ProductTemplateSha256": ([HASH], HASHES[1] + [""]),
        "ProductVersion": (["1", "1.2.3-rc.1+build_5"], ["", "1 2", "v/1", "판", "v" * 101]),
    },
}
