"""Checks a record in a request against the definitions of its feature group."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from local_aws.protocol.errors import AwsError
from local_aws.services.feature_store.event_time import parse_event_time
from local_aws.services.feature_store.model import FeatureGroup, record_size
from local_aws.services.feature_store.values import collection_problem, problem_of, unique

MAX_RECORD_BYTES: Final = 350 * 1024


@dataclass(frozen=True)
class Record:
    """A valid record."""

    values: dict[str, str]
    collections: dict[str, list[str]]
    identifier: str
    event_time: float
    """Seconds since 1970."""


def checked_record(group: FeatureGroup, given: list[dict[str, Any]]) -> Record:
    """Returns the record. Raises a ValidationError that lists all problems."""
    types = group.types
    problems = [*_shape_problems(group, given), *_missing(group, given)]
    values = {item["FeatureName"]: item["ValueAsString"] for item in given if "ValueAsString" in item}
    problems += [
        f"the value of feature {name} is invalid: {problem}"
        for name, text in values.items()
        if name in types and (problem := problem_of(types[name], text))
    ]
    lists = {item["FeatureName"]: item["ValueAsStringList"] for item in given if "ValueAsStringList" in item}
    defined = group.collections
    problems += [
        f"the collection {name} is invalid: {problem}"
        for name, elements in lists.items()
        if name in defined and (problem := collection_problem(defined[name], elements))
    ]
    collections = {
        name: unique(elements) if defined.get(name, {}).get("CollectionType") == "Set" else elements
        for name, elements in lists.items()
    }
    size = record_size(values, collections)
    if size > MAX_RECORD_BYTES:
        problems.append(f"the record has {size} bytes, and the maximum is {MAX_RECORD_BYTES}")
    if not problems:
        try:
            event_time = parse_event_time(types[group.event_time], values[group.event_time])
        except ValueError as error:
            problems.append(f"the event time {group.event_time} '{values[group.event_time][:100]}' {error}")
    if problems:
        raise validation(f"Record of feature group {group.name}: {'; '.join(problems)}.")
    return Record(values, collections, identifier=values[group.record_identifier], event_time=event_time)


def validation(message: str) -> AwsError:
    """Returns the runtime's ``ValidationError``. Violations of the model are a ``ValidationException``."""
    return AwsError("ValidationError", f"Validation Error: {message}", 400)


def _shape_problems(group: FeatureGroup, given: list[dict[str, Any]]) -> list[str]:
    types, collections = group.types, group.collections
    counts = Counter(item["FeatureName"] for item in given)
    unknown = [name for name in counts if name not in types]
    twice = sorted(name for name, count in counts.items() if count > 1)
    lists = [
        name
        for item in given
        if "ValueAsStringList" in item and (name := item["FeatureName"]) not in collections
    ]
    single = [
        name for item in given if "ValueAsString" in item and (name := item["FeatureName"]) in collections
    ]
    empty = [item["FeatureName"] for item in given if item.keys() == {"FeatureName"}]
    found = [(unknown, "not defined"), (twice, "given more than once"), (empty, "given without a value")]
    found.append((lists, "given as lists, but are not collections"))
    found.append((single, "collections, but are not given as lists"))
    return [f"features {', '.join(listed)} are {what}" for listed, what in found if listed]


def _missing(group: FeatureGroup, given: list[dict[str, Any]]) -> list[str]:
    present = {item["FeatureName"] for item in given if item.get("ValueAsString")}
    needed = ((group.record_identifier, "record identifier"), (group.event_time, "event time"))
    return [f"the {what} {name} is missing" for name, what in needed if name not in present]
