"""Resampling of one time series, with pandas. Spark has no such stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Resampling:
    """How to resample. All columns that are neither the time nor the series' ID get values."""

    time: str
    identity: str | None
    columns: list[str]
    # Columns of numbers. All of them are doubles.
    numbers: frozenset[str]
    # pandas' description of an interval, such as `2H`.
    rule: str
    # How to aggregate the rows of an interval.
    aggregate: str
    most_common: bool
    # How to fill intervals without rows.
    interpolate: str
    fill: str

    def __call__(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return a row for each interval, from the first to the last time of the series."""
        ordered = rows.sort_values(self.time, kind="stable").set_index(self.time)
        bins = ordered.resample(self.rule)
        result = pd.DataFrame(index=bins.size().index)
        for name in self.columns:
            if name == self.time:
                result[name] = result.index
            elif name == self.identity:
                result[name] = ordered[name].iloc[0]
            elif name in self.numbers:
                result[name] = self._numbers(bins[name])
            else:
                values = bins[name].agg(_most_common if self.most_common else _first)
                result[name] = getattr(values, self.fill)()
        return result[self.columns]

    def _numbers(self, bins: Any) -> pd.Series:
        aggregate: Callable[..., pd.Series] = getattr(bins, self.aggregate)
        # Without a minimum, the sum of no rows is 0.
        values = (aggregate(min_count=1) if self.aggregate == "sum" else aggregate()).astype(float)
        return values.interpolate() if self.interpolate == "linear" else getattr(values, self.interpolate)()


def _first(values: pd.Series) -> Any:
    known = values.dropna()
    return known.iloc[0] if len(known) else None


def _most_common(values: pd.Series) -> Any:
    """Return the most common value. Of several, it is the smallest one."""
    modes = values.mode()
    return modes.iloc[0] if len(modes) else None
