"""Tests records in the online store."""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from conftest import PATIENCE
from feature_groups import (
    DEFINITIONS,
    NOW,
    ONLINE,
    collections_request,
    create_group,
    entry,
    record,
    record_with,
    runtime_of,
    values_of,
)
from local_aws import LocalAws

NAME = "FG-abalone"


def refused(code: str, status: int = 400) -> Any:
    def check(error: BaseException) -> bool:
        assert isinstance(error, ClientError)
        found = error.response
        return (found["Error"]["Code"], found["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)

    return pytest.raises(ClientError, check=check)


@pytest.fixture
def runtime(server: LocalAws) -> Any:
    create_group(server)
    return runtime_of(server)


def test_puts_and_gets_record(runtime: Any) -> None:
    runtime.put_record(FeatureGroupName=NAME, Record=record(1, sex="전복 'F'"))
    found = values_of(runtime, 1)
    assert found == {"record_id": "1", "sex": "전복 'F'", "rings": "9.5", "record-time": str(NOW)}
    assert values_of(runtime, 1, FeatureNames=["rings", "sex"]) == {"sex": "전복 'F'", "rings": "9.5"}
    assert values_of(runtime, 2) == {}
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:feature-group/{NAME.lower()}"
    runtime.put_record(FeatureGroupName=arn, Record=record(2))
    assert runtime.get_record(FeatureGroupName=arn, RecordIdentifierValueAsString="2")["Record"]


def test_latest_event_time_wins_regardless_of_order(runtime: Any) -> None:
    for rings, event_time in [(1, NOW), (2, NOW + 0.5), (3, NOW), (4, NOW + 0.5)]:
        runtime.put_record(FeatureGroupName=NAME, Record=record(1, event_time, rings=rings))
    assert values_of(runtime, 1)["rings"] == "2"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"rings": "many"}, "'many' is not of type Fractional"),
        ({"rings": "NaN"}, "not of type Fractional"),
        ({"rings": "1e999"}, "not of type Fractional"),
        ({"rings": ""}, "not of type Fractional"),
        ({"rings": "1_000"}, "not of type Fractional"),
        ({"record_id": "1.0"}, "not of type Integral"),
        ({"record_id": str(2**63)}, "not of type Integral"),
        ({"record_id": "\uff19"}, "not of type Integral"),
        ({"record_id": None}, "the record identifier record_id is missing"),
        ({"record_id": ""}, "the record identifier record_id is missing"),
        ({"record-time": None}, "the event time record-time is missing"),
        ({"record-time": "1e18"}, "in a year from 1 to 9999"),
        ({"weight": "1"}, "features weight are not defined"),
        ({"sex": "x" * 358_400}, "the maximum is 358400"),
    ],
)
def test_refuses_invalid_record(runtime: Any, changed: dict[str, Any], says: str) -> None:
    features = {"record_id": "1", "record-time": NOW, **changed}
    with refused("ValidationError") as error:
        runtime.put_record(FeatureGroupName=NAME, Record=record(None, **{"event_time": None, **features}))
    assert "Validation Error: Record of feature group FG-abalone: " in str(error.value)
    assert says in str(error.value)
    assert values_of(runtime, 1) == {}


def test_reports_all_problems_of_record_at_once(runtime: Any) -> None:
    twice = [*record("x", rings="y"), {"FeatureName": "sex", "ValueAsString": "F"}]
    with refused("ValidationError") as error:
        runtime.put_record(FeatureGroupName=NAME, Record=twice)
    for says in ("sex are given more than once", "record_id is invalid", "rings is invalid"):
        assert says in str(error.value)


@pytest.mark.parametrize(
    ("value", "says"),
    [({}, "given without a value"), ({"ValueAsStringList": ["a"]}, "given as lists")],
)
def test_refuses_feature_without_one_value(runtime: Any, value: dict[str, Any], says: str) -> None:
    with refused("ValidationError") as error:
        runtime.put_record(
            FeatureGroupName=NAME, Record=[*record(1, sex=None), {"FeatureName": "sex", **value}]
        )
    assert says in str(error.value)


def test_puts_and_gets_collections(server: LocalAws) -> None:
    create_group(server, **collections_request())
    runtime = runtime_of(server)
    values = {"visits": ["3", "1", "3"], "tags": ["b", "a", "b"], "place": ["4.2", "-6.3", "4.2"]}
    runtime.put_record(FeatureGroupName=NAME, Record=record_with(1, **values))
    batch = [{"FeatureGroupName": NAME, "Record": record_with(2, tags=[])}]
    assert runtime.batch_write_record(Entries=batch)["Errors"] == []

    def lists(number: int, **members: Any) -> dict[str, list[str]]:
        key = {"FeatureGroupName": NAME, "RecordIdentifierValueAsString": str(number)}
        found = runtime.get_record(**key, **members)["Record"]
        return {
            item["FeatureName"]: item["ValueAsStringList"] for item in found if "ValueAsStringList" in item
        }

    # A set has each element once.
    assert lists(1) == {**values, "tags": ["b", "a"]}
    assert lists(1, FeatureNames=["tags", "sex"]) == {"tags": ["b", "a"]}
    assert lists(2) == {"tags": []}
    asked = {"FeatureGroupName": NAME, "RecordIdentifiersValueAsString": ["1"], "FeatureNames": ["visits"]}
    [found] = runtime.batch_get_record(Identifiers=[asked])["Records"]
    assert found["Record"] == [{"FeatureName": "visits", "ValueAsStringList": ["3", "1", "3"]}]


@pytest.mark.parametrize(
    ("collections", "says"),
    [
        ({"visits": ["1", "1.5"]}, "the collection visits is invalid: '1.5' is not of type Integral"),
        ({"place": ["1", "2"]}, "it has 2 elements, and the vector has 3 dimensions"),
        ({"place": ["1", "2", "NaN"]}, "'NaN' is not of type Fractional"),
        ({"tags": ["x" * 358_399]}, "the maximum is 358400"),
    ],
)
def test_refuses_invalid_collection(server: LocalAws, collections: dict[str, list[str]], says: str) -> None:
    create_group(server, **collections_request())
    with refused("ValidationError") as error:
        runtime_of(server).put_record(FeatureGroupName=NAME, Record=record_with(1, **collections))
    assert says in str(error.value)


def test_refuses_collection_with_single_value(server: LocalAws) -> None:
    create_group(server, **collections_request())
    with refused("ValidationError") as error:
        runtime_of(server).put_record(FeatureGroupName=NAME, Record=record(1, tags="a"))
    assert "features tags are collections, but are not given as lists" in str(error.value)


def test_writes_to_target_stores_with_time_to_live(server: LocalAws) -> None:
    create_group(server)
    runtime = runtime_of(server)
    entries = [
        {**entry(1), "TargetStores": ["OfflineStore"]},
        {**entry(2), "TargetStores": ["OnlineStore"], "TtlDuration": {"Unit": "Weeks", "Value": 10_000}},
        {**entry(3), "TargetStores": ["OnlineStore"], "TtlDuration": {"Unit": "Seconds", "Value": 1}},
    ]
    assert runtime.batch_write_record(Entries=entries)["Errors"] == []
    assert [bool(values_of(runtime, number)) for number in (1, 2, 3)] == [False, True, False]


def test_model_violations_are_validation_exception(runtime: Any) -> None:
    with refused("ValidationException"):
        runtime.put_record(FeatureGroupName=NAME, Record=record(1, sex="a\nb"))
    with refused("ValidationException"):
        runtime.put_record(FeatureGroupName=NAME, Record=record(1), TargetStores=["Nowhere"])


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123Z"])
def test_accepts_event_times_as_strings(server: LocalAws, text: str) -> None:
    definitions = [*DEFINITIONS[:3], {"FeatureName": "record-time", "FeatureType": "String"}]
    create_group(server, FeatureDefinitions=definitions)
    runtime = runtime_of(server)
    runtime.put_record(FeatureGroupName=NAME, Record=record(1, text, rings=1))
    runtime.put_record(FeatureGroupName=NAME, Record=record(1, "2025-12-31T23:59:59Z", rings=2))
    assert values_of(runtime, 1)["rings"] == "1"
    for bad in ("2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", str(NOW), "tomorrow"):
        with refused("ValidationError"):
            runtime.put_record(FeatureGroupName=NAME, Record=record(1, bad))


def test_unknown_group_is_modelled_error(server: LocalAws) -> None:
    runtime = runtime_of(server)
    key = {"FeatureGroupName": NAME, "RecordIdentifierValueAsString": "1"}
    with refused("ValidationError") as error:
        runtime.put_record(FeatureGroupName=NAME, Record=record(1))
    assert "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name FG-abalone" in str(
        error.value
    )
    with refused("ValidationError"):
        runtime.delete_record(**key, EventTime=str(NOW))
    with refused("ResourceNotFound", 404):
        runtime.get_record(**key)
    with refused("ResourceNotFound", 404):
        runtime.batch_write_record(Entries=[entry(1)])


def test_refuses_reads_without_online_store(server: LocalAws) -> None:
    create_group(server, OnlineStoreConfig=None)
    runtime = runtime_of(server)
    runtime.put_record(FeatureGroupName=NAME, Record=record(1))
    with refused("ValidationError") as error:
        values_of(runtime, 1)
    assert "has no OnlineStore" in str(error.value)
    with refused("ValidationError"):
        runtime.put_record(FeatureGroupName=NAME, Record=record(1), TargetStores=["OnlineStore"])


def test_refuses_unknown_features(runtime: Any) -> None:
    with refused("ValidationError") as error:
        values_of(runtime, 1, FeatureNames=["weight"])
    assert "Features weight are not defined" in str(error.value)


def test_soft_delete_hides_older_records(runtime: Any) -> None:
    runtime.put_record(FeatureGroupName=NAME, Record=record(1, NOW))
    key = {"FeatureGroupName": NAME, "RecordIdentifierValueAsString": "1"}
    runtime.delete_record(**key, EventTime=str(NOW - 1))
    assert values_of(runtime, 1)
    runtime.delete_record(**key, EventTime=str(NOW + 10))
    assert values_of(runtime, 1) == {}
    runtime.put_record(FeatureGroupName=NAME, Record=record(1, NOW + 5))
    assert values_of(runtime, 1) == {}
    runtime.put_record(FeatureGroupName=NAME, Record=record(1, NOW + 11))
    assert values_of(runtime, 1)


def test_hard_delete_leaves_no_trace(runtime: Any) -> None:
    runtime.put_record(FeatureGroupName=NAME, Record=record(1, NOW))
    key = {"FeatureGroupName": NAME, "RecordIdentifierValueAsString": "1", "DeletionMode": "HardDelete"}
    with refused("ValidationError") as error:
        runtime.delete_record(**key, EventTime=str(NOW))
    assert "EventTime" in str(error.value)
    runtime.delete_record(**key, EventTime=str(NOW + 10))
    runtime.put_record(FeatureGroupName=NAME, Record=record(1, NOW + 5))
    assert values_of(runtime, 1)


@pytest.mark.parametrize("changed", [{"RecordIdentifierValueAsString": "x"}, {"EventTime": "soon"}])
def test_refuses_invalid_deletion(runtime: Any, changed: dict[str, str]) -> None:
    key = {"FeatureGroupName": NAME, "RecordIdentifierValueAsString": "1", "EventTime": str(NOW), **changed}
    with refused("ValidationError"):
        runtime.delete_record(**key)


def test_records_expire(server: LocalAws) -> None:
    create_group(server, OnlineStoreConfig={**ONLINE, "TtlDuration": {"Unit": "Weeks", "Value": 10_000}})
    runtime = runtime_of(server)
    runtime.put_record(FeatureGroupName=NAME, Record=record(1))
    runtime.put_record(FeatureGroupName=NAME, Record=record(2), TtlDuration={"Unit": "Seconds", "Value": 1})
    asked = {"FeatureGroupName": NAME, "ExpirationTimeResponse": "Enabled"}
    answer = runtime.get_record(**asked, RecordIdentifierValueAsString="1")
    assert answer["ExpiresAt"] == "2217-08-28T00:00:00Z"
    assert "Record" not in runtime.get_record(**asked, RecordIdentifierValueAsString="2")
    # An expired record does not block older ones.
    runtime.put_record(FeatureGroupName=NAME, Record=record(2, NOW - 1, rings=7))
    assert values_of(runtime, 2)["rings"] == "7"
    with refused("ValidationError"):
        endless = {"Unit": "Weeks", "Value": 2_000_000_000}
        runtime.put_record(FeatureGroupName=NAME, Record=record(3), TtlDuration=endless)


def test_batch_writes_all_entries(runtime: Any) -> None:
    answer = runtime.batch_write_record(Entries=[entry(number) for number in range(25)])
    assert (answer["Errors"], answer["UnprocessedEntries"]) == ([], [])
    assert all(values_of(runtime, number) for number in range(25))
    with refused("ValidationException"):
        runtime.batch_write_record(Entries=[entry(number) for number in range(26)])


def test_batch_reports_invalid_entries_and_writes_others(runtime: Any) -> None:
    answer = runtime.batch_write_record(Entries=[entry(1), entry("x"), entry(3)])
    [error] = answer["Errors"]
    assert error["Entry"] == entry("x")
    assert error["ErrorCode"] == "ValidationError"
    assert "record_id is invalid" in error["ErrorMessage"]
    assert values_of(runtime, 1)
    assert values_of(runtime, 3)


def test_fault_leaves_entries_unprocessed(server: LocalAws, runtime: Any) -> None:
    server.faults.partial("BatchWriteRecord", entries=2)
    entries = [entry(number) for number in range(4)]
    answer = runtime.batch_write_record(Entries=entries)
    assert answer["UnprocessedEntries"] == entries[:2]
    assert [bool(values_of(runtime, number)) for number in range(4)] == [False, False, True, True]
    assert runtime.batch_write_record(Entries=answer["UnprocessedEntries"])["UnprocessedEntries"] == []


def test_fault_fails_entries_with_code(server: LocalAws, runtime: Any) -> None:
    server.faults.partial("BatchWriteRecord", code="InternalFailure")
    answer = runtime.batch_write_record(Entries=[entry(1), entry(2)])
    assert [error["ErrorCode"] for error in answer["Errors"]] == ["InternalFailure"]
    assert values_of(runtime, 1) == {}


def test_reads_batch(server: LocalAws, runtime: Any) -> None:
    runtime.batch_write_record(Entries=[entry(1), entry(2)])
    asked = [
        {
            "FeatureGroupName": NAME,
            "RecordIdentifiersValueAsString": ["1", "2", "3"],
            "FeatureNames": ["rings"],
        },
        {"FeatureGroupName": "none", "RecordIdentifiersValueAsString": ["1"]},
    ]
    answer = runtime.batch_get_record(Identifiers=asked)
    assert [item["RecordIdentifierValueAsString"] for item in answer["Records"]] == ["1", "2"]
    assert answer["Records"][0]["Record"] == [{"FeatureName": "rings", "ValueAsString": "9.5"}]
    assert [(error["FeatureGroupName"], error["ErrorCode"]) for error in answer["Errors"]] == [
        ("none", "ResourceNotFound")
    ]
    server.faults.partial("BatchGetRecord")
    answer = runtime.batch_get_record(Identifiers=asked[:1])
    assert (answer["Records"], answer["UnprocessedIdentifiers"]) == ([], asked[:1])


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ("throttle", "ThrottlingException", 400),
        ("server_error", "InternalFailure", 500),
        ("unavailable", "ServiceUnavailable", 503),
    ],
)
def test_faults_hit_the_runtime(server: LocalAws, runtime: Any, fault: str, code: str, status: int) -> None:
    getattr(server.faults, fault)("PutRecord")
    with refused(code, status):
        runtime.put_record(FeatureGroupName=NAME, Record=record(1))
    assert values_of(runtime, 1) == {}
    assert server.calls("PutRecord")[-1].error == code


def test_cuts_connection_before_or_after_write(server: LocalAws, runtime: Any) -> None:
    for number, fault in enumerate([server.faults.cut_before, server.faults.cut_after]):
        fault("BatchWriteRecord")
        with pytest.raises(HTTPClientError):
            runtime.batch_write_record(Entries=[entry(number)])
        assert bool(values_of(runtime, number)) == (number == 1)


def test_errors_have_modelled_status(server: LocalAws, runtime: Any) -> None:
    server.faults.error("GetRecord", "AccessForbidden")
    with refused("AccessForbidden", 403):
        values_of(runtime, 1)


@pytest.mark.parametrize("operation", ["list_records", "update_record"])
def test_unimplemented_operations_say_so(runtime: Any, operation: str) -> None:
    more = {"RecordIdentifierValueAsString": "1", "Features": record(1)} if "update" in operation else {}
    with pytest.raises(ClientError) as error:
        getattr(runtime, operation)(FeatureGroupName=NAME, **more)
    name = operation.title().replace("_", "")
    assert f"local-aws does not implement SageMaker {name}" in str(error.value)


@pytest.mark.usefixtures("runtime")
def test_parallel_writers_lose_nothing(server: LocalAws) -> None:
    def write(start: int) -> None:
        client = runtime_of(server)
        client.batch_write_record(Entries=[entry(number) for number in range(start, start + 25)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(0, 500, 25)))
    described = server.client("sagemaker").describe_feature_group(FeatureGroupName=NAME)
    # A record's size is that of its names and values.
    each = len("record_id" + "sex" + "rings" + "record-time" + "M" + "9.5" + str(NOW))
    digits = sum(len(str(number)) for number in range(500))
    assert described["OnlineStoreTotalSizeBytes"] == 500 * each + digits


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("PUT", f"/FeatureGroup/{NAME}", b"{oops", "SerializationException"),
        ("PUT", f"/FeatureGroup/{NAME}", b'{"Record": 3}', "SerializationException"),
        ("PUT", f"/FeatureGroup/{NAME}", b"{}", "ValidationException"),
        ("PUT", f"/FeatureGroup/{NAME}", b'{"Record": [], "Recrod": []}', "ValidationException"),
        ("PUT", "/FeatureGroup/%00%ff", b"{}", "ValidationException"),
        ("PATCH", f"/FeatureGroup/{NAME}", b"{}", "UnknownOperationException"),
        ("POST", "/BatchWriteRecord", b'{"Entries": [7]}', "SerializationException"),
        ("POST", "/BatchWriteRecord", b'{"Entries": [null]}', "ValidationException"),
    ],
)  # fmt: skip
def test_malformed_requests_return_error(
    server: LocalAws, method: str, path: str, body: bytes, code: str
) -> None:
    create_group(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    scope = "Credential=test/20260101/us-east-1/sagemaker/aws4_request"
    connection.request(method, path, body, {"Authorization": f"AWS4-HMAC-SHA256 {scope}"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    assert response.status == 400
    assert answer["__type"] == code
