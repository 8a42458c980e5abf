"""An account as the product finds it: projects are turned on for a Studio domain, and a user works there.

What SageMaker makes then are two roles, each with a policy of AWS's. `aws_policies.json` has the statements
of these that the road from the package to the features rests on; nothing beside them is given.
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
# SageMaker's own default bucket, where Data Wrangler exports flows to and the offline store may be.
DEFAULT_BUCKET: Final = f"sagemaker-{REGION}-{ACCOUNT}"
_POLICY_OF: Final = {
    STUDIO_ROLE: "AmazonSageMakerFullAccess",
    LAUNCH_ROLE: "AmazonSageMakerAdmin-ServiceCatalogProductsServiceRolePolicy",
}
_TRUSTED: Final = {
    # The account, too: the tests are the user, whom on AWS the service logs in.
    STUDIO_ROLE: {"Service": "sagemaker.amazonaws.com", "AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    LAUNCH_ROLE: {"Service": "servicecatalog.amazonaws.com"},
}


@dataclass(frozen=True)
class StudioUser:
    """Somebody in Studio: a session of the execution role."""

    aws: LocalAws
    key: dict[str, str]

    def client(self, service: str) -> Any:
        """A client with the rights of the role."""
        return self.aws.client(
            service,
            aws_access_key_id=self.key["AccessKeyId"],
            aws_secret_access_key=self.key["SecretAccessKey"],
            aws_session_token=self.key["SessionToken"],
        )

    def environment(self) -> dict[str, str]:
        """The variables of a terminal in Studio."""
        return self.aws.environment() | {
            "AWS_ACCESS_KEY_ID": self.key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": self.key["SecretAccessKey"],
            "AWS_SESSION_TOKEN": self.key["SessionToken"],
        }


def open_account(aws: LocalAws) -> StudioUser:
    """Make what is there before the product comes; gives the user."""
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
