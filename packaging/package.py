"""`make package`: stages what was built, and the templates that name it, in an S3 bucket.

    python packaging/package.py --bucket my-bucket [--architectures arm64] [--version 1.2.0] [--dry-run]

Region and credentials are found as the AWS CLI finds them. What is staged already is not staged again.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from staging.artifacts import ARCHITECTURES, collect
from staging.bucket import Bucket
from staging.errors import PackagingError, from_aws, run
from staging.place import PORTFOLIO_KEY, PORTFOLIO_STACK, Place, check_bucket_name
from staging.stage import Staging
from staging.versions import check_name

ROOT: Final = Path(__file__).resolve().parent.parent
# Where templates are made for in a dry run that is told no region.
ANY_REGION: Final = "us-east-1"


def main() -> None:
    """Read the command line, stage, say what comes next."""
    options = arguments()
    check_bucket_name(options.bucket)
    # The SDK itself looks at AWS_DEFAULT_REGION and the profile only.
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    region = session.region_name
    if region is None:
        if not options.dry_run:
            raise PackagingError(
                "No AWS region is set.", "export AWS_REGION=eu-west-1, or the region you want"
            )
        region = ANY_REGION
        print(f"note: no AWS region is set, so this is shown for {region}", file=sys.stderr)
    place = Place(options.bucket, region)
    there = bucket(session, place, dry_run=options.dry_run)
    if options.only_check:
        if options.version:
            check_name(options.version)
        if there:
            there.exists()
        return
    staging = Staging(
        root=options.root,
        place=place,
        build=collect(options.root, options.architectures),
        bucket=there,
        dry_run=options.dry_run,
        say=print,
    )
    version = staging.run(options.version)
    if options.version and version.name != options.version:
        print(f"note: this content is staged already, as version {version.name}; it keeps that name")
    if options.dry_run:
        print("Nothing was changed. Without DRY_RUN=1 this is done.")
        return
    print(f"\nStaged is version {version.name}, and {place.url(PORTFOLIO_KEY)}")
    print("\nDeploy it with\n")
    print(
        f"  make deploy S3_BUCKET_NAME={place.bucket} SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=<Studio's "
        f"execution role>"
    )
    link = place.console_link(PORTFOLIO_KEY, PORTFOLIO_STACK)
    if link:
        print(f"\nor in the console\n\n  {link}")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Stage the builds and the templates in an S3 bucket.")
    parser.add_argument("--bucket", required=True, help="name of the bucket; it is made if there is none")
    parser.add_argument("--version", default="", help="name of the product's version, if its content is new")
    parser.add_argument(
        "--architectures",
        nargs="+",
        choices=sorted(ARCHITECTURES),
        default=["x86_64"],
        help="stage the builds for these",
    )
    parser.add_argument(
        "--only-check", action="store_true", help="see whether it could be done, before the build"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    return parser.parse_args()


def bucket(session: boto3.Session, place: Place, *, dry_run: bool) -> Bucket | None:
    """The bucket, of the caller's account; None in a dry run that has no way to ask AWS."""
    config = Config(retries={"mode": "standard", "max_attempts": 5})
    try:
        account = session.client("sts", region_name=place.region, config=config).get_caller_identity()[
            "Account"
        ]
    except (BotoCoreError, ClientError) as error:
        if not dry_run:
            raise
        problem = from_aws(error)
        print(f"note: AWS was not asked what is there already. {problem}", file=sys.stderr)
        return None
    return Bucket(session.client("s3", region_name=place.region, config=config), place, account)


if __name__ == "__main__":
    sys.exit(run(main))
