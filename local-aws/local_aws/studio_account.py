"""An account as the product finds it: a Studio domain with projects turned on, its roles, the default bucket.

    python -m local_aws.studio_account    # in the account at AWS_ENDPOINT_URL; prints the names and a key

SageMaker creates two roles when projects are turned on, each with an AWS managed policy. `aws_policies.json`
contains the statements of these policies that the workflow needs, and no others. What exists already stays.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"
AWS_POLICIES: Final = Path(__file__).parent / "aws_policies.json"
DOMAIN: Final = "studio"
STUDIO_ROLE: Final = "AmazonSageMaker-ExecutionRole-20260102T030405"
STUDIO_ROLE_ARN: Final = f"arn:aws:iam::{ACCOUNT}:role/service-role/{STUDIO_ROLE}"
LAUNCH_ROLE: Final = "AmazonSageMakerServiceCatalogProductsLaunchRole"
LAUNCH_ROLE_ARN: Final = f"arn:aws:iam::{ACCOUNT}:role/service-role/{LAUNCH_ROLE}"
# SageMaker's default bucket: for exported Data Wrangler flows and the offline store.
DEFAULT_BUCKET: Final = f"sagemaker-{REGION}-{ACCOUNT}"
# The key of a Studio user lasts as long as a working day, which is also IAM's limit.
SESSION_SECONDS: Final = 12 * 60 * 60
_POLICY_OF: Final = {
    STUDIO_ROLE: "AmazonSageMakerFullAccess",
    LAUNCH_ROLE: "AmazonSageMakerAdmin-ServiceCatalogProductsServiceRolePolicy",
}
_TRUSTED: Final = {
    # Users assume the role themselves. On AWS, SageMaker does that for them.
    STUDIO_ROLE: {"Service": "sagemaker.amazonaws.com", "AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    LAUNCH_ROLE: {"Service": "servicecatalog.amazonaws.com"},
}
MakeClient = Callable[[str], Any]


@dataclass(frozen=True)
class StudioAccount:
    """The domain, and the key of a session of its execution role."""

    domain_id: str
    key: dict[str, str]

    def description(self) -> str:
        """Returns the names, and shell lines that make a terminal a Studio user's."""
        return "\n".join(
            [
                "The account has SageMaker Studio, with projects turned on:",
                "",
                f"  domain          {self.domain_id}",
                f"  execution role  {STUDIO_ROLE_ARN}",
                f"  launch role     {LAUNCH_ROLE_ARN}",
                f"  default bucket  {DEFAULT_BUCKET}",
                "",
                "To act as a Studio user instead of the account's administrator, also run:",
                "",
                *(f"  export {name}={value}" for name, value in self.variables().items()),
            ]
        )

    def variables(self) -> dict[str, str]:
        """Returns the key as environment variables."""
        return {
            "AWS_ACCESS_KEY_ID": self.key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": self.key["SecretAccessKey"],
            "AWS_SESSION_TOKEN": self.key["SessionToken"],
        }


def open_account(client: MakeClient) -> StudioAccount:
    """Creates what is missing. `client` makes a client of a service, with the account's own key."""
    documents = json.loads(AWS_POLICIES.read_text())
    for role, policy in _POLICY_OF.items():
        _create_role(client("iam"), role, policy, documents[policy])
    client("s3").create_bucket(Bucket=DEFAULT_BUCKET)
    domain_id = _domain_id(client("sagemaker"))
    session = client("sts").assume_role(
        RoleArn=STUDIO_ROLE_ARN, RoleSessionName="studio-user", DurationSeconds=SESSION_SECONDS
    )
    return StudioAccount(domain_id, session["Credentials"])


def _create_role(iam: Any, role: str, policy: str, document: dict[str, Any]) -> None:
    trust = {"Effect": "Allow", "Principal": _TRUSTED[role], "Action": "sts:AssumeRole"}
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(
            RoleName=role,
            Path="/service-role/",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            MaxSessionDuration=SESSION_SECONDS,
        )
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))


def _domain_id(sagemaker: Any) -> str:
    for domain in sagemaker.list_domains()["Domains"]:
        if domain["DomainName"] == DOMAIN:
            return str(domain["DomainId"])
    created = sagemaker.create_domain(
        DomainName=DOMAIN, AuthMode="IAM", DefaultUserSettings={"ExecutionRole": STUDIO_ROLE_ARN}
    )
    return str(created["DomainId"])


def main() -> int:
    """Opens the account at AWS_ENDPOINT_URL, and describes it."""
    session = boto3.session.Session()
    try:
        account = open_account(lambda service: session.client(service, config=Config(proxies={})))
    except (BotoCoreError, ClientError) as error:
        print(f"error: cannot set up the account: {error}", file=sys.stderr)
        print("hint: start local-aws, and export the variables that it prints", file=sys.stderr)
        return 1
    print(account.description())
    return 0


if __name__ == "__main__":
    sys.exit(main())
