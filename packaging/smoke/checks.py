"""The checks, cheapest first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Final

from smoke import alarms, binding, launching, prices, tokens
from smoke.claims import (
    AGE,
    ARN_TOKEN,
    BUILD,
    DEAD_LETTERS_ALARM,
    ENDED_TOKEN,
    EQUAL_TOKEN,
    EXECUTION_FAILED,
    MOUNTED_INPUT,
    OTHER_PARAMETERS,
    PROVISIONING,
    REDRIVE,
    TERMINATION,
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
        (
            # The template's eight alarms, with all their metrics, for an hour.
            Use(17 / prices.HOURS_OF_A_MONTH, prices.ALARM_METRIC_MONTH),
            Use(2, prices.BUILD_MINUTE),
            Use(3, prices.ACTION_MINUTE),
        ),
        45,
    ),
    Check(
        "binding",
        "Does the Data Wrangler container read the mounted input?",
        binding.check,
        (MOUNTED_INPUT,),
        # Ten minutes. The job is stopped after half an hour.
        (Use(10 / 60, prices.JOB_HOUR),),
        45,
    ),
)
