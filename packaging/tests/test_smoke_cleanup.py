"""Created resources are removed. Those left over are reported with the command to remove them."""

from __future__ import annotations

from fake_aws import FakeAws, service_error
from smoke.cleanup import ATTEMPTS, Cleanup

DENIED = service_error("AccessDenied", "not authorized")


def test_removes_in_reverse_order() -> None:
    aws = FakeAws()
    cleanup = Cleanup(aws)
    cleanup.register("role r", "iam", "DeleteRole", RoleName="r")
    cleanup.register("policy p", "iam", "DeleteRolePolicy", RoleName="r", PolicyName="p")
    assert cleanup.run() == []
    assert aws.operations("Delete") == ["DeleteRolePolicy", "DeleteRole"]
    assert cleanup.run() == []


def test_missing_resource_counts_as_removed() -> None:
    for code, message in (
        ("NoSuchEntity", "m"),
        ("ResourceNotFound", "m"),
        ("ValidationException", "Could not find requested job with name: x"),
        ("ValidationError", "Stack x does not exist"),
    ):
        aws = FakeAws(DeleteRole=service_error(code, message))
        cleanup = Cleanup(aws)
        cleanup.register("role r", "iam", "DeleteRole", RoleName="r")
        assert cleanup.run() == []


def test_failed_removal_is_retried_then_reported() -> None:
    aws = FakeAws(DeleteRole=DENIED)
    cleanup = Cleanup(aws)
    cleanup.register("queue", "sqs", "DeleteQueue", QueueUrl="https://q")
    cleanup.register("role r", "iam", "DeleteRole", RoleName="it's")
    [left] = cleanup.run()
    assert left.what == "role r"
    assert left.by_hand == """aws iam delete-role --cli-input-json '{"RoleName": "it'"'"'s"}'"""
    assert aws.now() == FakeAws().now() + 60 * (ATTEMPTS - 1)
    assert aws.operations("DeleteQueue") == ["DeleteQueue"]


def test_interruption_reports_remaining_resources() -> None:
    aws = FakeAws(DeleteQueue=KeyboardInterrupt())
    cleanup = Cleanup(aws)
    cleanup.register("role r", "iam", "DeleteRole", RoleName="r")
    cleanup.register_queue("q")
    cleanup.register("alarm a", "cloudwatch", "DeleteAlarms", AlarmNames=["a"])
    assert [resource.what for resource in cleanup.run()] == ["queue q", "role r"]
    assert cleanup.interrupted


def test_empties_bucket_of_all_versions_page_by_page() -> None:
    version = {"Key": "k", "VersionId": "1"}
    aws = FakeAws(
        ListObjectVersions=[
            {"Versions": [version], "DeleteMarkers": [{"Key": "k", "VersionId": "2"}]},
            {"Versions": [{"Key": "l", "VersionId": "null"}]},
            {},
        ]
    )
    cleanup = Cleanup(aws)
    cleanup.register_bucket("b")
    assert cleanup.run() == []
    assert aws.operations("Delete") == ["DeleteObjects", "DeleteObjects", "DeleteBucket"]
    assert all('"ExpectedBucketOwner": "111122223333"' in line for line in aws.lines)


def test_reports_bucket_that_cannot_be_emptied() -> None:
    aws = FakeAws(
        ListObjectVersions={"Versions": [{"Key": "k", "VersionId": "1"}]},
        DeleteObjects={"Errors": [{"Key": "k", "Code": "AccessDenied"}]},
    )
    cleanup = Cleanup(aws)
    cleanup.register_bucket("b")
    [left] = cleanup.run()
    assert "empty the bucket b" in left.by_hand


def deleted_groups(*statuses: str) -> FakeAws:
    """A fake whose DescribeFeatureGroup returns these statuses, then ResourceNotFound."""
    answers: list[object] = [{"FeatureGroupStatus": status} for status in statuses]
    return FakeAws(DescribeFeatureGroup=[*answers, service_error("ResourceNotFound", "Resource Not Found")])


def test_waits_until_feature_group_is_gone() -> None:
    aws = deleted_groups("Deleting", "Deleting")
    cleanup = Cleanup(aws)
    cleanup.register_feature_group("g", 1)
    assert cleanup.run() == []
    assert aws.now() == FakeAws().now() + 60 * 2


def test_reports_feature_group_that_cannot_be_deleted() -> None:
    aws = deleted_groups(*["DeleteFailed"] * ATTEMPTS)
    cleanup = Cleanup(aws)
    cleanup.register_feature_group("g", 1)
    [left] = cleanup.run()
    assert (
        left.by_hand == """aws sagemaker delete-feature-group --cli-input-json '{"FeatureGroupName": "g"}'"""
    )


def test_reports_feature_group_that_deletes_too_slowly() -> None:
    aws = deleted_groups(*["Deleting"] * 100)
    cleanup = Cleanup(aws)
    cleanup.register_feature_group("g", 1)
    assert [resource.what for resource in cleanup.run()] == ["feature group g"]
