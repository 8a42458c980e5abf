"""The location of staged objects: bucket, region, keys and URLs."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
from typing import Any, Final

import botocore.session

from staging.errors import PackagingError

# The same prefix as the predecessor's.
PREFIX: Final = "amazon-sagemaker-reusable-components/"
PORTFOLIO_KEY: Final = f"{PREFIX}sm-project-sc-portfolio.yaml"
# The template that Studio lists for projects from S3 templates.
PRODUCT_KEY: Final = f"{PREFIX}project-s3-fs-ingestion.yaml"
PORTFOLIO_STACK: Final = "sm-project-sc-portfolio"

_CONSOLES: Final = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-eusc": "console.amazonaws-eusc.eu",
}
_RESERVED_STARTS: Final = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS: Final = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3")
_NAME_HINT: Final = (
    "use 3 to 63 lower-case letters, digits and hyphens, starting and ending with a letter or digit, such as "
    "sagemaker-eu-west-1-123456789012"
)


@dataclasses.dataclass(frozen=True)
class Place:
    """A bucket in a region. Rejects names that S3 does not allow, and names with dots."""

    bucket: str
    region: str

    def __post_init__(self) -> None:
        check_bucket_name(self.bucket)
        self._outputs()

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, `aws-us-gov` and so on."""
        return str(self._outputs()["name"])

    @property
    def url_suffix(self) -> str:
        """The value of CloudFormation's `AWS::URLSuffix`."""
        return str(self._outputs()["dnsSuffix"])

    def _outputs(self) -> dict[str, Any]:
        """The SDK's data on the region's partition."""
        for partition in botocore.session.Session().get_data("partitions")["partitions"]:
            if self.region in partition["regions"] or re.fullmatch(partition["regionRegex"], self.region):
                return dict(partition["outputs"])
        raise PackagingError(
            f"`{self.region[:80]}` is not an AWS region.",
            "export AWS_REGION=eu-west-1, or the region you want",
        )

    def url(self, key: str) -> str:
        """The object's URL, in the form that CloudFormation and Service Catalog accept."""
        return f"https://{self.bucket}.s3.{self.region}.{self.url_suffix}/{urllib.parse.quote(key)}"

    def console_link(self, key: str, stack: str) -> str | None:
        """A link to CloudFormation's form for the template. None in partitions with an unknown console."""
        console = _CONSOLES.get(self.partition)
        if console is None:
            return None
        query = urllib.parse.urlencode({"templateURL": self.url(key), "stackName": stack})
        return f"https://{console}/cloudformation/home?region={self.region}#/stacks/create/review?{query}"


def check_bucket_name(name: str) -> None:
    """Rejects names that S3 rejects, before any call to AWS, and names with dots."""
    if not name:
        raise PackagingError(
            "S3_BUCKET_NAME is not set.",
            "S3_BUCKET_NAME=my-bucket; the bucket is created if it does not exist",
        )
    problem = _fault(name)
    if problem:
        shown = name if len(name) <= 80 else f"{name[:80]}…"
        raise PackagingError(f"`{shown}` is not a valid bucket name: {problem}.", _NAME_HINT)


def _fault(name: str) -> str | None:
    if not 3 <= len(name) <= 63:
        return f"it has {len(name)} characters"
    if "." in name:
        return "S3's certificate does not match names that contain a dot"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*[a-z0-9]", name):
        return "S3 does not allow it"
    if name.startswith(_RESERVED_STARTS) or name.endswith(_RESERVED_ENDS):
        return "S3 reserves such names"
    return None
