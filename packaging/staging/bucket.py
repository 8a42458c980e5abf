"""The staging bucket, and the objects in it.

Every request names the expected bucket owner, so that it never reads from or writes to another account's
bucket with the same name.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import urllib.parse
from typing import Any

from botocore.exceptions import ClientError

from staging.artifacts import Artifact
from staging.errors import PackagingError, error_code
from staging.place import Place


class Change(enum.Enum):
    """The change that an object needs."""

    NONE = "is there"
    UPLOAD = "upload"
    REPLACE = "replace"
    TAG = "tag"


@dataclasses.dataclass(frozen=True)
class Stored:
    """An object's content, and its ETag for conditional writes."""

    content: bytes
    etag: str


class ChangedMeanwhileError(Exception):
    """Another writer changed the object since it was read."""


class Bucket:
    """A bucket of `account`, in the client's region."""

    def __init__(self, client: Any, place: Place, account: str) -> None:
        self._client = client
        self._place = place
        self._bucket_arguments = {"Bucket": place.bucket, "ExpectedBucketOwner": account}

    def exists(self) -> bool:
        """Whether the bucket exists. Raises an error if it is in another region or account."""
        name = self._place.bucket
        try:
            answer = self._client.head_bucket(**self._bucket_arguments)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404:
                return False
            if status == 403:
                raise PackagingError(
                    f"Bucket `{name}` belongs to another account than "
                    f"{self._bucket_arguments['ExpectedBucketOwner']}, or the caller may not read it.",
                    "use another S3_BUCKET_NAME; or, if the bucket is yours, allow the caller s3:ListBucket "
                    "on it",
                ) from error
            region = error.response["ResponseMetadata"].get("HTTPHeaders", {}).get("x-amz-bucket-region")
            if region is None or status not in {301, 307, 400}:
                raise
            self._refuse_region(region, error)
        else:
            region = answer.get("BucketRegion", self._place.region)
            if region != self._place.region:
                self._refuse_region(region, None)
        return True

    def _refuse_region(self, region: str, cause: ClientError | None) -> None:
        raise PackagingError(
            f"Bucket `{self._place.bucket}` is in {region}, not in {self._place.region}. "
            "Lambda needs its code in a bucket in its own region.",
            f"export AWS_REGION={region}, or use another S3_BUCKET_NAME",
        ) from cause

    def create(self) -> None:
        """Creates the bucket: private, encrypted, TLS only, versioned.

        Deletes it again if a setting fails.
        """
        name = self._place.bucket
        where: dict[str, Any] = {}
        if self._place.region != "us-east-1":  # S3 rejects us-east-1 as a location constraint
            where = {"CreateBucketConfiguration": {"LocationConstraint": self._place.region}}
        try:
            self._client.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerEnforced", **where)
        except ClientError as error:
            if error_code(error) == "BucketAlreadyExists":
                raise PackagingError(
                    f"The bucket name `{name}` is taken. All AWS accounts share the names.",
                    "use another S3_BUCKET_NAME",
                ) from error
            if error_code(error) == "BucketAlreadyOwnedByYou":  # by another `make package` at the same time
                return
            raise
        try:
            self._client.get_waiter("bucket_exists").wait(**self._bucket_arguments)
            self._secure()
        except BaseException:
            self._client.delete_bucket(**self._bucket_arguments)
            raise

    def _secure(self) -> None:
        client, bucket_arguments = self._client, self._bucket_arguments
        client.put_public_access_block(
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
            **bucket_arguments,
        )
        # Not KMS: the launch role, Lambda and CodeBuild would each need permission to use the key.
        encryption = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        client.put_bucket_encryption(
            ServerSideEncryptionConfiguration={"Rules": [encryption]}, **bucket_arguments
        )
        client.put_bucket_policy(Policy=json.dumps(self._tls_only()), **bucket_arguments)
        client.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"}, **bucket_arguments)

    def _tls_only(self) -> dict[str, Any]:
        arn = f"arn:{self._place.partition}:s3:::{self._place.bucket}"
        statement = {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {"Version": "2012-10-17", "Statement": [statement]}

    def needs(self, artifact: Artifact) -> Change:
        """The change that gives the object this content and these tags."""
        try:
            head = self._client.head_object(
                Key=artifact.key, ChecksumMode="ENABLED", **self._bucket_arguments
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return Change.UPLOAD
            raise
        if head.get("ChecksumSHA256") != artifact.checksum:
            return Change.REPLACE
        return Change.NONE if artifact.tags.items() <= self._tags(artifact.key).items() else Change.TAG

    def holds(self, key: str) -> bool:
        """Whether the object exists."""
        try:
            self._client.head_object(Key=key, **self._bucket_arguments)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise
        return True

    def read(self, key: str) -> Stored | None:
        """The object, if it exists."""
        try:
            answer = self._client.get_object(Key=key, **self._bucket_arguments)
        except ClientError as error:
            if error_code(error) == "NoSuchKey":
                return None
            raise
        return Stored(answer["Body"].read(), answer["ETag"])

    def put(self, artifact: Artifact, change: Change) -> None:
        """Makes the change that `needs` found. S3 verifies the content's SHA-256."""
        if change is Change.TAG:
            tags = self._tags(artifact.key) | artifact.tags
            pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
            self._client.put_object_tagging(
                Key=artifact.key, Tagging={"TagSet": pairs}, **self._bucket_arguments
            )
        elif change is not Change.NONE:
            self._put(artifact)

    def replace(self, artifact: Artifact, former: Stored | None) -> None:
        """Writes the object if it has not changed since the read, or raises `ChangedMeanwhileError`."""
        only_if = {"IfMatch": former.etag} if former else {"IfNoneMatch": "*"}
        try:
            self._put(artifact, **only_if)
        except ClientError as error:
            # 412: the object changed. 409: another write is in progress. NoSuchKey: it was deleted.
            if error_code(error) in {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}:
                raise ChangedMeanwhileError from error
            raise

    def _put(self, artifact: Artifact, **only_if: str) -> None:
        self._client.put_object(
            Key=artifact.key,
            Body=artifact.body,
            ContentType=artifact.content_type,
            ChecksumSHA256=artifact.checksum,
            Tagging=urllib.parse.urlencode(artifact.tags),
            **only_if,
            **self._bucket_arguments,
        )

    def _tags(self, key: str) -> dict[str, str]:
        answer = self._client.get_object_tagging(Key=key, **self._bucket_arguments)
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}
