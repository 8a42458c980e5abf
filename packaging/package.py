"""`make package`: stages the built programs and the templates in an S3 bucket.

    python packaging/package.py --bucket my-bucket [--architectures arm64] [--version 1.2.0] [--dry-run]

Region and credentials are found as the AWS CLI finds them. Staged objects are not uploaded again.
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
# The region for the templates in a dry run without a region.
ANY_REGION: Final = "us-east-1"


def main() -> None:
    """Runs the command, and prints the next step."""
    options = arguments()
    check_bucket_name(options.bucket)
    # boto3 reads only AWS_DEFAULT_REGION and the profile.
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    region = session.region_name
    if region is None:
        if not options.dry_run:
            raise PackagingError(
                "No AWS region is set.", "export AWS_REGION=eu-west-1, or the region you want"
            )
        region = ANY_REGION
        print(f"note: no AWS region is set; showing the result for {region}", file=sys.stderr)
    place = Place(options.bucket, region)
    target = bucket(session, place, dry_run=options.dry_run)
    if options.only_check:
        if options.version:
            check_name(options.version)
        if target:
            target.exists()
        return
    staging = Staging(
        root=options.root,
        place=place,
        build=collect(options.root, options.architectures),
        bucket=target,
        dry_run=options.dry_run,
        say=print,
    )
    version = staging.run(options.version)
    if options.version and version.name != options.version:
        print(f"note: this content is already staged as version {version.name}, and keeps that name")
    if options.dry_run:
        print("Dry run: nothing was changed. Run it without DRY_RUN=1 to apply.")
        return
    print(f"\nStaged version {version.name}. Portfolio template: {place.url(PORTFOLIO_KEY)}")
    print("\nDeploy it with:\n")
    principal = "SC_PORTFOLIO_PRINCIPAL_ROLE_ARN=<Studio's execution role>"
    print(f"  make deploy S3_BUCKET_NAME={place.bucket} {principal}")
    link = place.console_link(PORTFOLIO_KEY, PORTFOLIO_STACK)
    if link:
        print(f"\nor in the console:\n\n  {link}")


def arguments() -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description="Stages the builds and the templates in an S3 bucket.")
    parser.add_argument(
        "--bucket", required=True, help="the bucket's name; the bucket is created if it does not exist"
    )
    parser.add_argument("--version", default="", help="the product version's name, if the content is new")
    parser.add_argument(
        "--architectures",
        nargs="+",
        choices=sorted(ARCHITECTURES),
        default=["x86_64"],
        help="architectures to stage",
    )
    parser.add_argument("--only-check", action="store_true", help="check the preconditions, before the build")
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and change nothing")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    return parser.parse_args()


def bucket(session: boto3.Session, place: Place, *, dry_run: bool) -> Bucket | None:
    """The bucket in the caller's account. None in a dry run without access to AWS."""
    config = Config(retries={"mode": "standard", "max_attempts": 5})
    try:
        account = session.client("sts", region_name=place.region, config=config).get_caller_identity()[
            "Account"
        ]
    except (BotoCoreError, ClientError) as error:
        if not dry_run:
            raise
        problem = from_aws(error)
        print(f"note: the current state in AWS is unknown. {problem}", file=sys.stderr)
        return None
    return Bucket(session.client("s3", region_name=place.region, config=config), place, account)


if __name__ == "__main__":
    sys.exit(run(main))
