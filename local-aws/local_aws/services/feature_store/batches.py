"""The Feature Store runtime on many records: BatchWriteRecord, BatchGetRecord.

A call succeeds even if some entries fail. ``Errors`` lists invalid entries; ``UnprocessedEntries`` and
``UnprocessedIdentifiers`` list entries to send again.
"""

from __future__ import annotations

from typing import Any

from local_aws.faults import FaultSpec
from local_aws.protocol.errors import AwsError
from local_aws.services.feature_store import online
from local_aws.services.feature_store.runtime import check_readable, record_answer, store_record, usable_group
from local_aws.services.sagemaker.context import Context, Request, Response


def batch_write_record(context: Context, request: Request) -> Response:
    """BatchWriteRecord. Writes the entries in order. A missing feature group fails the whole call."""
    groups = [
        usable_group(context, entry["FeatureGroupName"], missing="ResourceNotFound")
        for entry in request["Entries"]
    ]
    errors: list[dict[str, Any]] = []
    unprocessed: list[dict[str, Any]] = []
    for index, (group, entry) in enumerate(zip(groups, request["Entries"], strict=True)):
        fault = context.entry_fault(index)
        if fault is not None and fault.code is None:
            unprocessed.append(entry)
            continue
        try:
            _fail_by(fault)
            store_record(context, group, entry, entry.get("TtlDuration", request.get("TtlDuration")))
        except AwsError as error:
            errors.append({"Entry": entry, "ErrorCode": error.code, "ErrorMessage": error.message[:2048]})
    return {"Errors": errors, "UnprocessedEntries": unprocessed}


def batch_get_record(context: Context, request: Request) -> Response:
    """BatchGetRecord. Omits missing records. A fault hits whole entries of ``Identifiers``."""
    records: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    unprocessed: list[dict[str, Any]] = []
    for index, asked in enumerate(request["Identifiers"]):
        fault = context.entry_fault(index)
        if fault is not None and fault.code is None:
            unprocessed.append(asked)
            continue
        try:
            _fail_by(fault)
            records += _records(context, asked, request)
        except AwsError as error:
            errors += [
                {
                    "FeatureGroupName": asked["FeatureGroupName"],
                    "RecordIdentifierValueAsString": identifier,
                    "ErrorCode": error.code,
                    "ErrorMessage": error.message[:2048],
                }
                for identifier in asked["RecordIdentifiersValueAsString"]
            ]
    return {"Records": records, "Errors": errors, "UnprocessedIdentifiers": unprocessed}


def _fail_by(fault: FaultSpec | None) -> None:
    if fault is not None and fault.code is not None:
        raise AwsError(fault.code, fault.entry_message())


def _records(context: Context, asked: dict[str, Any], request: Request) -> list[dict[str, Any]]:
    group = usable_group(context, asked["FeatureGroupName"], missing="ResourceNotFound")
    check_readable(group, asked.get("FeatureNames"))
    found = []
    for identifier in asked["RecordIdentifiersValueAsString"]:
        stored = online.get(group, identifier, context.now)
        if stored is not None:
            answer = record_answer(stored, group, asked, request)
            named = {
                "FeatureGroupName": asked["FeatureGroupName"],
                "RecordIdentifierValueAsString": identifier,
            }
            found.append({**named, **answer})
    return found
