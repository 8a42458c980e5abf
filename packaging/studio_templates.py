"""`make studio-templates`: lets a Studio domain offer the product's template from S3.

    python packaging/studio_templates.py --bucket my-bucket --domain d-0123456789ab

Studio's page must be allowed to read from the bucket (CORS), and the domain's tag says where its templates
are. Each command that is run is shown first. It can be run again.
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
    """Read the command line, look, and change what is missing."""
    parser = argparse.ArgumentParser(description="Offer the product's template in a Studio domain, from S3.")
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--domain", required=True)
    options = parser.parse_args()
    check_bucket_name(options.bucket)
    if not re.fullmatch(r"d-(-*[a-z0-9]){1,61}", options.domain):
        raise PackagingError(
            f"DOMAIN_ID=`{options.domain[:80]}` is not the id of a Studio domain.",
            "DOMAIN_ID=d-...; `aws sagemaker list-domains` says which there are",
        )
    mine = ("--bucket", options.bucket, "--expected-bucket-owner", account())
    check_staged(options.bucket, mine)
    arn = domain_arn(options.domain)
    location = f"s3://{options.bucket}/{PREFIX}"
    tagged = is_tagged(arn, location)
    allow_studio(mine)
    if not tagged:
        aws("sagemaker", "add-tags", "--resource-arn", arn, "--tags", f"Key={TAG},Value={location}")
    print(f"Studio domain {options.domain} offers the templates of {location}")
    print("Undo it with")
    print(f"  aws sagemaker delete-tags --resource-arn {arn} --tag-keys {TAG}")
    print(
        f"and, if no other domain uses the bucket, by taking rule {RULE['ID']} out of its CORS configuration."
    )


def check_staged(bucket: str, mine: tuple[str, ...]) -> None:
    """The template must be there."""
    try:
        aws("s3api", "head-object", "--key", PRODUCT_KEY, *mine)
    except AwsCliError as error:
        if error.has("404"):
            raise PackagingError(
                f"There is no s3://{bucket}/{PRODUCT_KEY}.", f"make package S3_BUCKET_NAME={bucket}"
            ) from error
        raise error.told(f"see whether {bucket} is this account's, and the caller may read it") from error


def domain_arn(domain: str) -> str:
    """The domain's."""
    try:
        return str(aws("sagemaker", "describe-domain", "--domain-id", domain)["DomainArn"])
    except AwsCliError as error:
        raise error.told("`aws sagemaker list-domains` says which domains this region has") from error


def is_tagged(arn: str, location: str) -> bool:
    """Whether the domain's tag names the place already. Refuses to replace another one."""
    tags = {tag["Key"]: tag["Value"] for tag in aws("sagemaker", "list-tags", "--resource-arn", arn)["Tags"]}
    if tags.get(TAG, location) != location:
        raise PackagingError(
            f"The domain takes its templates from {tags[TAG]}, and there can be one such place only.",
            f"copy the staged template there with its tags; or give it up: aws sagemaker "
            f"delete-tags --resource-arn "
            f"{arn} --tag-keys {TAG}",
        )
    return TAG in tags


def allow_studio(mine: tuple[str, ...]) -> None:
    """Add our rule to the bucket's CORS configuration, unless it has it."""
    rules: list[dict[str, Any]] = []
    try:
        rules = aws("s3api", "get-bucket-cors", *mine)["CORSRules"]
    except AwsCliError as error:
        if not error.has("NoSuchCORSConfiguration"):
            raise error.told("the caller needs s3:GetBucketCORS on the bucket") from error
    if RULE in rules:
        return
    others = [rule for rule in rules if rule.get("ID") != RULE["ID"]]
    configuration = json.dumps({"CORSRules": [*others, RULE]})
    try:
        aws("s3api", "put-bucket-cors", "--cors-configuration", configuration, *mine)
    except AwsCliError as error:
        raise error.told(
            "the caller needs s3:PutBucketCORS on the bucket, which takes 100 rules at most"
        ) from error


if __name__ == "__main__":
    sys.exit(run(main))
