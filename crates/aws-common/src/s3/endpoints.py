"""Computes endpoints.txt with the SDK's own rules: `python endpoints.py >endpoints.txt`."""

from __future__ import annotations

from itertools import product

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

loader = Loader()
rules = EndpointProvider(
    loader.load_service_model("s3", "endpoint-rule-set-1"), loader.load_data("partitions")
)
print("# bucket, region, FIPS, dual-stack; URL and the signature's region, or none")
for bucket, region, fips, dual_stack in product(BUCKETS, REGIONS, FLAGS, FLAGS):
    try:
        found = rules.resolve_endpoint(
            Bucket=bucket, Region=region, UseFIPS=fips, UseDualStack=dual_stack
        )
        expected = f"{found.url}/ {found.properties['authSchemes'][0]['signingRegion']}"
    except EndpointProviderError:
        expected = "none"
    print(bucket, region, fips, dual_stack, expected)
