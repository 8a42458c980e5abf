"""An account before the product is deployed: a Studio domain with projects enabled, and a user.

SageMaker creates two roles when projects are enabled, each with an AWS managed policy. `aws_policies.json`
contains the statements of these policies that the workflow needs, and no others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local_aws.launcher import LocalAws
from wiring import ACCOUNT, REGION

AWS_POLICIES: Final = Path(__file__).parent / "aws_policies.json"
LAUNCH_ROLE: Final = "AmazonSageMakerServiceCatalogProductsLaunchRole"
STUDIO_ROLE: Final = "AmazonSageMaker-ExecutionRole-20260102T030405"
STUDIO_ROLE_ARN: Final = f"arn:aws:iam::{ACCOUNT}:role/service-role/{STUDIO_ROLE}"
# SageMaker's default bucket: for exported Data Wrangler flows and the offline store.
DEFAULT_BUCKET: Final = f"sagemaker-{REGION}-{ACCOUNT}"
_POLICY_OF: Final = {
    STUDIO_ROLE: "AmazonSageMakerFullAccess",
    LAUNCH_ROLE: "AmazonSageMakerAdmin-ServiceCatalogProductsServiceRolePolicy",
}
_TRUSTED: Final = {
    # The tests assume the role themselves. On AWS, SageMaker does that for the user.
    STUDIO_ROLE: {"Service": "sagemaker.amazonaws.com", "AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    LAUNCH_ROLE: {"Service": "servicecatalog.amazonaws.com"},
}


@dataclass(frozen=True)
class StudioUser:
    """A Studio user: a session of the execution role."""

    aws: LocalAws
    key: dict[str, str]

    def client(self, service: str) -> Any:
        """Returns a client with the role's permissions."""
        return self.aws.client(
            service,
            aws_access_key_id=self.key["AccessKeyId"],
            aws_secret_access_key=self.key["SecretAccessKey"],
            aws_session_token=self.key["SessionToken"],
        )

    def environment(self) -> dict[str, str]:
        """Returns the environment variables of a terminal in Studio."""
        return self.aws.environment() | {
            "AWS_ACCESS_KEY_ID": self.key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": self.key["SecretAccessKey"],
            "AWS_SESSION_TOKEN": self.key["SessionToken"],
        }


def open_account(aws: LocalAws) -> StudioUser:
    """Creates the resources that exist before the product is deployed. Returns the user."""
    documents = json.loads(AWS_POLICIES.read_text())
    iam = aws.client("iam")
    for role, trusted in _TRUSTED.items():
        trust = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
        iam.create_role(
            RoleName=role,
            Path="/service-role/",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        policy = _POLICY_OF[role]
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(documents[policy]))
    aws.client("s3").create_bucket(Bucket=DEFAULT_BUCKET)
    session = aws.client("sts").assume_role(RoleArn=STUDIO_ROLE_ARN, RoleSessionName="a-user")
    return StudioUser(aws, session["Credentials"])
