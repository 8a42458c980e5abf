"""Event times: seconds since 1970 in a Fractional feature, or ISO 8601 in UTC in a String feature."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from local_aws.services.feature_store.model import FeatureType

FORMATS: Final = "yyyy-MM-dd'T'HH:mm:ssZ or yyyy-MM-dd'T'HH:mm:ss.SSSZ"
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_event_time(kind: FeatureType, text: str) -> float:
    """Returns seconds since 1970, for years 1 to 9999. Raises ValueError with the expected format."""
    if kind == "String":
        if _ISO.fullmatch(text) is None:
            raise ValueError(f"must be a string of the form {FORMATS}")
        try:
            return (datetime.fromisoformat(text) - _EPOCH) / timedelta(seconds=1)
        except ValueError as error:
            raise ValueError(f"is not a date and time: {error}") from error
    seconds = float(text)
    if not math.isfinite(seconds):
        raise ValueError("must be a finite number of seconds since 1970")
    try:
        moment(seconds)
    except OverflowError as error:
        raise ValueError("must be a number of seconds since 1970 in a year from 1 to 9999") from error
    return seconds


def moment(seconds: float) -> datetime:
    """The date and time in UTC. Raises OverflowError for a year before 1 or after 9999."""
    return _EPOCH + timedelta(seconds=seconds)


def iso(seconds: float) -> str:
    """Returns the date and time in the runtime's format."""
    return moment(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")
