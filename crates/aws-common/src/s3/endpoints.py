"""Writes endpoints.txt: S3's endpoints, as the SDK's own rules determine them."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader

ACCESS_POINT = "arn:aws{}:s3:{}:123456789012:accesspoint{}my-point"
BUCKETS = [
    "bucket-a",
    "bucket.a",
    "Legacy_Bucket",
    ACCESS_POINT.format("", "us-west-2", "/"),
    ACCESS_POINT.format("", "us-west-2", ":"),
    ACCESS_POINT.format("-cn", "cn-north-1", "/"),
]
REGIONS = ["us-east-1", "eu-west-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1", "us-isob-east-1"]
FLAGS = [False, True]


def endpoint(rules: EndpointProvider, bucket: str, region: str, fips: bool, dual_stack: bool) -> str:
    """Return the URL and the signature's region, or none."""
    try:
        found = rules.resolve_endpoint(Bucket=bucket, Region=region, UseFIPS=fips, UseDualStack=dual_stack)
    except EndpointProviderError:
        return "none"
    return f"{found.url}/ {found.properties['authSchemes'][0]['signingRegion']}"


if __name__ == "__main__":
    loader = Loader()
    rules = EndpointProvider(
        loader.load_service_model("s3", "endpoint-rule-set-1"), loader.load_data("partitions")
    )
    lines = ["# bucket, region, FIPS, dual-stack; URL and the signature's region, or none"]
    for case in product(BUCKETS, REGIONS, FLAGS, FLAGS):
        lines.append(" ".join(map(str, [*case, endpoint(rules, *case)])))
    Path(__file__).with_suffix(".txt").write_text("\n".join(lines) + "\n")
