"""The operators of Data Wrangler, by name.

Each module in `operators` registers its functions:

    @operator("sagemaker.spark.handle_missing_0.1")
    def handle_missing(frames: list[DataFrame], parameters: Parameters, context: Context) -> DataFrame: ...
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Union

from pyspark.sql import DataFrame, SparkSession

from spark_engine import operators
from spark_engine.clock import Clock
from spark_engine.parameters import Parameters

# A mapping has a frame for each named output of a node, such as the parts of a split.
Result = Union[DataFrame, Mapping[str, DataFrame]]


@dataclass(frozen=True)
class LostValues:
    """Values of a column that a cast turned into null."""

    node_id: str
    column: str
    kind: str
    rows: int


@dataclass(frozen=True)
class Context:
    """The run that an operator is a part of."""

    spark: SparkSession
    # Fit the operators again, even if the flow has trained parameters.
    refit: bool = False
    # Leave malformed rows of CSV files out.
    reject_malformed: bool = False
    # What formulas and queries take for the current time. None: the machine's clock.
    clock: Clock | None = None
    # Operators that cast report here the values that they lost.
    lost: list[LostValues] = field(default_factory=list)


Operator = Callable[[list[DataFrame], Parameters, Context], Result]


@dataclass(frozen=True)
class Registered:
    """An operator and the number of its inputs. None: one or more."""

    apply: Operator
    inputs: int | None


_OPERATORS: dict[str, Registered] = {}


def operator(*names: str, inputs: int | None = 1) -> Callable[[Operator], Operator]:
    """Register a function as the operators with these names."""

    def register(function: Operator) -> Operator:
        for name in names:
            if name in _OPERATORS:
                raise ValueError(f"the operator {name} is registered twice")
            _OPERATORS[name] = Registered(function, inputs)
        return function

    return register


def registered(name: str) -> Registered | None:
    """Return the operator with this name, if there is one."""
    _load()
    return _OPERATORS.get(name)


def _load() -> None:
    """Import the modules of the operators, which register themselves."""
    for module in pkgutil.iter_modules(operators.__path__, f"{operators.__name__}."):
        importlib.import_module(module.name)
