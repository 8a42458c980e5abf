"""`make studio-templates`: makes a Studio domain offer the product's template from S3.

    python packaging/studio_templates.py --bucket my-bucket --domain d-0123456789ab

Allows Studio's page to read from the bucket (CORS), and tags the domain with the location of the templates.
Prints each command before it runs. It can be run again.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from typing import Any, Final

from awscli import AwsCliError, account, aws
from staging.errors import PackagingError, run
from staging.place import PREFIX, PRODUCT_KEY, check_bucket_name

ORIGIN: Final = "https://*.sagemaker.aws"
RULE: Final = {
    "ID": "sagemaker-studio-project-templates",
    "AllowedOrigins": [ORIGIN],
    "AllowedMethods": ["GET", "HEAD"],
    "AllowedHeaders": ["*"],
}
TAG: Final = "sagemaker:projectS3TemplatesLocation"


def main() -> None:
    """Runs the command. Changes only what is missing."""
    parser = argparse.ArgumentParser(
        description="Makes a Studio domain offer the product's template from S3."
    )
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--domain", required=True)
    options = parser.parse_args()
    check_bucket_name(options.bucket)
    if not re.fullmatch(r"d-(-*[a-z0-9]){1,61}", options.domain):
        raise PackagingError(
            f"DOMAIN_ID=`{options.domain[:80]}` is not the id of a Studio domain.",
            "DOMAIN_ID=d-...; `aws sagemaker list-domains` lists the domains",
        )
    bucket_arguments = ("--bucket", options.bucket, "--expected-bucket-owner", account())
    check_staged(options.bucket, bucket_arguments)
    arn = domain_arn(options.domain)
    location = f"s3://{options.bucket}/{PREFIX}"
    tagged = is_tagged(arn, location)
    allow_studio(bucket_arguments)
    if not tagged:
        aws("sagemaker", "add-tags", "--resource-arn", arn, "--tags", f"Key={TAG},Value={location}")
    print(f"Studio domain {options.domain} now offers the templates in {location}")
    print("To undo this, run:")
    print(f"  aws sagemaker delete-tags --resource-arn {arn} --tag-keys {TAG}")
    print(f"If no other domain uses the bucket, also remove rule {RULE['ID']} from its CORS configuration.")


def check_staged(bucket: str, bucket_arguments: tuple[str, ...]) -> None:
    """Checks that the template is staged."""
    try:
        aws("s3api", "head-object", "--key", PRODUCT_KEY, *bucket_arguments)
    except AwsCliError as error:
        if error.has("404"):
            raise PackagingError(
                f"There is no s3://{bucket}/{PRODUCT_KEY}.", f"make package S3_BUCKET_NAME={bucket}"
            ) from error
        raise error.with_hint(
            f"check that {bucket} is in this account, and that the caller may read it"
        ) from error


def domain_arn(domain: str) -> str:
    """The domain's ARN."""
    try:
        return str(aws("sagemaker", "describe-domain", "--domain-id", domain)["DomainArn"])
    except AwsCliError as error:
        raise error.with_hint("`aws sagemaker list-domains` lists the domains in this region") from error


def is_tagged(arn: str, location: str) -> bool:
    """Whether the domain's tag already names the location. Raises an error if it names another one."""
    tags = {tag["Key"]: tag["Value"] for tag in aws("sagemaker", "list-tags", "--resource-arn", arn)["Tags"]}
    if tags.get(TAG, location) != location:
        raise PackagingError(
            f"The domain already uses templates from {tags[TAG]}, and a domain has one location only.",
            f"copy the staged template there with its tags, or remove the tag: aws sagemaker delete-tags "
            f"--resource-arn {arn} --tag-keys {TAG}",
        )
    return TAG in tags


def allow_studio(bucket_arguments: tuple[str, ...]) -> None:
    """Adds the rule to the bucket's CORS configuration, unless it is there."""
    rules: list[dict[str, Any]] = []
    try:
        rules = aws("s3api", "get-bucket-cors", *bucket_arguments)["CORSRules"]
    except AwsCliError as error:
        if not error.has("NoSuchCORSConfiguration"):
            raise error.with_hint("the caller needs s3:GetBucketCORS on the bucket") from error
    if RULE in rules:
        return
    others = [rule for rule in rules if rule.get("ID") != RULE["ID"]]
    configuration = json.dumps({"CORSRules": [*others, RULE]})
    try:
        aws("s3api", "put-bucket-cors", "--cors-configuration", configuration, *bucket_arguments)
    except AwsCliError as error:
        raise error.with_hint(
            "the caller needs s3:PutBucketCORS on the bucket; a bucket has 100 CORS rules at most"
        ) from error


if __name__ == "__main__":
    sys.exit(run(main))
