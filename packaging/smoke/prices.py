r"""Prices: on-demand in us-east-1, in US dollars, without free tiers, as of November 2026.

Each price has its service code and usage type in AWS's public price list. Use them to look up the current
price, or another region's:

    aws pricing get-products --region us-east-1 --service-code AmazonSageMaker \
      --filters Type=TERM_MATCH,Field=usagetype,Value=USE1-Processing:ml.m5.4xlarge
"""

from __future__ import annotations

import dataclasses
from typing import Final

REGION: Final = "us-east-1"
AS_OF: Final = "2026-11"
HOURS_OF_A_MONTH: Final = 730


@dataclasses.dataclass(frozen=True)
class Price:
    """The price of one unit."""

    usd: float
    unit: str
    service_code: str
    usage_type: str


@dataclasses.dataclass(frozen=True)
class Use:
    """A quantity of something that has a price."""

    quantity: float
    price: Price

    @property
    def usd(self) -> float:
        """The cost in US dollars."""
        return self.quantity * self.price.usd

    def __str__(self) -> str:
        return f"{self.quantity:g} {self.price.unit} x {self.price.usd:g} ({self.price.usage_type})"


M5_4XLARGE_HOUR: Final = Price(
    0.922, "hours of an ml.m5.4xlarge", "AmazonSageMaker", "USE1-Processing:ml.m5.4xlarge"
)
M5_LARGE_HOUR: Final = Price(
    0.115, "hours of an ml.m5.large", "AmazonSageMaker", "USE1-Processing:ml.m5.large"
)
BUILD_MINUTE: Final = Price(0.005, "minutes of a small build", "CodeBuild", "USE1-Build-Min:Linux:g1.small")
ACTION_MINUTE: Final = Price(
    0.002, "minutes of a pipeline's actions", "AWSCodePipeline", "USE1-actionExecutionMinute"
)
ALARM_METRIC_MONTH: Final = Price(
    0.10, "months of a metric of an alarm", "AmazonCloudWatch", "CW:AlarmMonitorUsage"
)
METRIC: Final = Price(0.00001, "metrics asked for", "AmazonCloudWatch", "CW:GMD-Metrics")


def total(uses: tuple[Use, ...]) -> float:
    """The total cost in US dollars."""
    return sum(use.usd for use in uses)


def breakdown(uses: tuple[Use, ...]) -> str:
    """The cost, and how it adds up."""
    if not uses:
        return "nothing"
    return f"about ${total(uses):.4f} = " + " + ".join(str(use) for use in uses)
