"""The checks, cheapest first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Final

from smoke import alarms, ingesting, launching, prices, tokens
from smoke.claims import (
    AGE,
    ARN_TOKEN,
    BUILD,
    DEAD_LETTERS_ALARM,
    ENDED_TOKEN,
    EQUAL_TOKEN,
    EXECUTION_FAILED,
    FAILED_EVENT,
    FUNCTION_METRICS,
    NATIVE_DUPLICATE,
    NATIVE_FEATURES,
    OTHER_PARAMETERS,
    PROVISIONING,
    PUSH,
    REDRIVE,
    TERMINATION,
    UPLOAD_EVENT,
    WRANGLER_DUPLICATE,
    WRANGLER_FEATURES,
    Claim,
)
from smoke.context import Context
from smoke.prices import Use
from smoke.report import Verdict


@dataclasses.dataclass(frozen=True)
class Check:
    """A check, with its cost and time limit."""

    name: str
    asks: str
    run: Callable[[Context], Iterator[Verdict]]
    claims: tuple[Claim, ...]
    uses: tuple[Use, ...]
    """The expected use. Omitted, below a cent in total: queues, S3, Lambda, logs, Feature Store."""
    limit_minutes: int
    """After this long, the check stops and removes what it created."""


def _project(builds: int = 1) -> tuple[Use, ...]:
    return (
        # The template's eight alarms, with all their metrics, for an hour.
        Use(17 / prices.HOURS_OF_A_MONTH, prices.ALARM_METRIC_MONTH),
        Use(2 * builds, prices.BUILD_MINUTE),
        Use(3 * builds, prices.ACTION_MINUTE),
    )


CHECKS: Final = (
    Check(
        "tokens",
        "Does an equal token start a second execution?",
        tokens.check,
        (EQUAL_TOKEN, ARN_TOKEN, ENDED_TOKEN, OTHER_PARAMETERS),
        (),
        10,
    ),
    Check(
        "alarms",
        "Do the metrics behave as the template's alarms assume?",
        alarms.check,
        (REDRIVE, DEAD_LETTERS_ALARM, EXECUTION_FAILED, AGE),
        (
            # Prorated by the hour.
            Use(1 / prices.HOURS_OF_A_MONTH, prices.ALARM_METRIC_MONTH),
            Use(300, prices.METRIC),
        ),
        45,
    ),
    Check(
        "launch",
        "Does the launch role provision and terminate the product?",
        launching.check,
        (PROVISIONING, BUILD, TERMINATION),
        _project(),
        45,
    ),
    Check(
        "native",
        "Do the features of an upload arrive, with the engine native?",
        ingesting.native,
        (UPLOAD_EVENT, NATIVE_DUPLICATE, NATIVE_FEATURES, FAILED_EVENT, FUNCTION_METRICS, PUSH),
        (*_project(builds=2), Use(5 / 60, prices.M5_LARGE_HOUR)),
        60,
    ),
    Check(
        "data-wrangler",
        "Do the features of an upload arrive, with the engine data-wrangler?",
        ingesting.data_wrangler,
        (WRANGLER_DUPLICATE, WRANGLER_FEATURES),
        (*_project(), Use(5 / 60, prices.M5_LARGE_HOUR), Use(10 / 60, prices.M5_4XLARGE_HOUR)),
        75,
    ),
)
