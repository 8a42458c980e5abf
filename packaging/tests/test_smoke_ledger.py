"""What was made is removed, whatever happens; what cannot be is told with the command that does it."""

from __future__ import annotations

from smoke.ledger import ATTEMPTS, Ledger
from worlds import Told, service_error

DENIED = service_error("AccessDenied", "not authorized")


def test_the_last_thing_is_removed_first() -> None:
    aws = Told()
    ledger = Ledger(aws)
    ledger.will_make("role r", "iam", "DeleteRole", RoleName="r")
    ledger.will_make("policy p", "iam", "DeleteRolePolicy", RoleName="r", PolicyName="p")
    assert ledger.remove_all() == []
    assert aws.operations("Delete") == ["DeleteRolePolicy", "DeleteRole"]
    assert ledger.remove_all() == []


def test_what_is_gone_already_counts_as_removed() -> None:
    for code, message in (
        ("NoSuchEntity", "m"),
        ("ResourceNotFound", "m"),
        ("ValidationException", "Could not find requested job with name: x"),
        ("ValidationError", "Stack x does not exist"),
    ):
        aws = Told(DeleteRole=service_error(code, message))
        ledger = Ledger(aws)
        ledger.will_make("role r", "iam", "DeleteRole", RoleName="r")
        assert ledger.remove_all() == []


def test_a_removal_that_fails_is_tried_again_and_then_told() -> None:
    aws = Told(DeleteRole=DENIED)
    ledger = Ledger(aws)
    ledger.will_make("queue", "sqs", "DeleteQueue", QueueUrl="https://q")
    ledger.will_make("role r", "iam", "DeleteRole", RoleName="it's")
    [left] = ledger.remove_all()
    assert left.what == "role r"
    assert left.by_hand == """aws iam delete-role --cli-input-json '{"RoleName": "it'"'"'s"}'"""
    assert aws.now() == Told().now() + 60 * (ATTEMPTS - 1)
    assert aws.operations("DeleteQueue") == ["DeleteQueue"]


def test_an_interruption_leaves_what_was_not_removed_yet() -> None:
    aws = Told(DeleteQueue=KeyboardInterrupt())
    ledger = Ledger(aws)
    ledger.will_make("role r", "iam", "DeleteRole", RoleName="r")
    ledger.will_make_queue("q")
    ledger.will_make("alarm a", "cloudwatch", "DeleteAlarms", AlarmNames=["a"])
    assert [entry.what for entry in ledger.remove_all()] == ["queue q", "role r"]
    assert ledger.interrupted


def test_a_bucket_is_emptied_of_all_versions_page_by_page() -> None:
    version = {"Key": "k", "VersionId": "1"}
    aws = Told(
        ListObjectVersions=[
            {"Versions": [version], "DeleteMarkers": [{"Key": "k", "VersionId": "2"}]},
            {"Versions": [{"Key": "l", "VersionId": "null"}]},
            {},
        ]
    )
    ledger = Ledger(aws)
    ledger.will_make_bucket("b")
    assert ledger.remove_all() == []
    assert aws.operations("Delete") == ["DeleteObjects", "DeleteObjects", "DeleteBucket"]
    assert all('"ExpectedBucketOwner": "111122223333"' in line for line in aws.lines)


def test_a_bucket_whose_objects_stay_is_told() -> None:
    aws = Told(
        ListObjectVersions={"Versions": [{"Key": "k", "VersionId": "1"}]},
        DeleteObjects={"Errors": [{"Key": "k", "Code": "AccessDenied"}]},
    )
    ledger = Ledger(aws)
    ledger.will_make_bucket("b")
    [left] = ledger.remove_all()
    assert "empty the bucket b" in left.by_hand


def deleted_groups(*statuses: str) -> Told:
    """DescribeFeatureGroup answers with these, and then that there is no such group."""
    answers: list[object] = [{"FeatureGroupStatus": status} for status in statuses]
    return Told(DescribeFeatureGroup=[*answers, service_error("ResourceNotFound", "Resource Not Found")])


def test_feature_group_is_removed_once_it_is_gone() -> None:
    aws = deleted_groups("Deleting", "Deleting")
    ledger = Ledger(aws)
    ledger.will_make_feature_group("g", 1)
    assert ledger.remove_all() == []
    assert aws.now() == Told().now() + 60 * 2


def test_feature_group_that_cannot_be_deleted_is_left() -> None:
    aws = deleted_groups(*["DeleteFailed"] * ATTEMPTS)
    ledger = Ledger(aws)
    ledger.will_make_feature_group("g", 1)
    [left] = ledger.remove_all()
    assert (
        left.by_hand == """aws sagemaker delete-feature-group --cli-input-json '{"FeatureGroupName": "g"}'"""
    )


def test_feature_group_that_is_deleting_for_too_long_is_left() -> None:
    aws = deleted_groups(*["Deleting"] * 100)
    ledger = Ledger(aws)
    ledger.will_make_feature_group("g", 1)
    assert [entry.what for entry in ledger.remove_all()] == ["feature group g"]
