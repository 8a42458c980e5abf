"""Where staged objects are: bucket, region, keys, and the URLs that templates and people name them by."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
from typing import Any, Final

import botocore.session

from staging.errors import PackagingError

# The predecessor's, so that its users find what they know.
PREFIX: Final = "amazon-sagemaker-reusable-components/"
PORTFOLIO_KEY: Final = f"{PREFIX}sm-project-sc-portfolio.yaml"
# The one that Studio lists where projects come from templates in S3.
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
    "3 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit, such as "
    "sagemaker-eu-west-1-123456789012"
)


@dataclasses.dataclass(frozen=True)
class Place:
    """A bucket of a region. Refuses names that S3 does not allow, and names with dots."""

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
        """What CloudFormation calls `AWS::URLSuffix`."""
        return str(self._outputs()["dnsSuffix"])

    def _outputs(self) -> dict[str, Any]:
        """What the SDK knows of the region's partition."""
        for partition in botocore.session.Session().get_data("partitions")["partitions"]:
            if self.region in partition["regions"] or re.fullmatch(partition["regionRegex"], self.region):
                return dict(partition["outputs"])
        raise PackagingError(
            f"`{self.region[:80]}` is not an AWS region.",
            "export AWS_REGION=eu-west-1, or the region you want",
        )

    def url(self, key: str) -> str:
        """The object's, as CloudFormation and Service Catalog take it."""
        return f"https://{self.bucket}.s3.{self.region}.{self.url_suffix}/{urllib.parse.quote(key)}"

    def console_link(self, key: str, stack: str) -> str | None:
        """Opens CloudFormation's form for a stack of the template, where the console's name is known."""
        console = _CONSOLES.get(self.partition)
        if console is None:
            return None
        query = urllib.parse.urlencode({"templateURL": self.url(key), "stackName": stack})
        return f"https://{console}/cloudformation/home?region={self.region}#/stacks/create/review?{query}"


def check_bucket_name(name: str) -> None:
    """Refuse what S3 refuses, in words of our own and before anything is asked of AWS; and dots."""
    if not name:
        raise PackagingError(
            "S3_BUCKET_NAME is not set.", "S3_BUCKET_NAME=my-bucket; if there is none, it is made"
        )
    problem = _fault(name)
    if problem:
        shown = name if len(name) <= 80 else f"{name[:80]}…"
        raise PackagingError(f"`{shown}` cannot be a bucket's name: {problem}.", _NAME_HINT)


def _fault(name: str) -> str | None:
    if not 3 <= len(name) <= 63:
        return f"it has {len(name)} characters"
    if "." in name:
        return "with a dot in it, its https URLs do not match S3's certificate"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*[a-z0-9]", name):
        return "S3 does not allow it"
    if name.startswith(_RESERVED_STARTS) or name.endswith(_RESERVED_ENDS):
        return "S3 keeps such names for itself"
    return None
