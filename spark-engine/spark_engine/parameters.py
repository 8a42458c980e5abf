"""A node's parameters, read with their types.

Data Wrangler keeps the blocks of choices that a user made earlier. Only the block that the choice
names counts: `parameters.block()` reads `operator` and returns that block.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pyspark.sql import DataFrame

from spark_engine.errors import FlowError

T = TypeVar("T")

CHECK_NODE = "edit the node in Data Wrangler and export the flow again"
USE_CONTAINER = "use the Data Wrangler container"


class Parameters:
    """An object in a node's parameters, with its path for messages."""

    def __init__(
        self, node_id: str, operator: str, members: Any, *, trained: Any = None, path: str = "parameters"
    ) -> None:
        self.node_id = node_id
        self.operator = operator
        self.path = path
        # The trained parameters that belong to this object. None if there are none, or on refit.
        self.trained = trained
        if members is None:
            members = {}
        if not isinstance(members, Mapping):
            raise self.error(f"{path} is {described(members)}, but must be an object")
        self._members: Mapping[str, Any] = members

    def error(self, problem: str, remedy: str = CHECK_NODE) -> FlowError:
        """Create an error that names the node."""
        return FlowError(self.node_id, self.operator, problem, remedy)

    def unsupported(self, problem: str) -> FlowError:
        """Create an error about something that only the container knows."""
        return self.error(problem, USE_CONTAINER)

    def name(self, member: str) -> str:
        """Return a member's path, such as `parameters.impute_parameters.strategy`."""
        return f"{self.path}.{member}"

    def get(self, member: str) -> Any:
        """Return a member as it is in the flow. None if it is missing or null."""
        return self._members.get(member)

    def members(self) -> list[str]:
        """Return the names of the members that have a value."""
        return [name for name, value in self._members.items() if value is not None]

    def nested(self, member: str) -> Parameters:
        """Return the object with this name. A missing object is empty."""
        trained = self.trained.get(member) if isinstance(self.trained, Mapping) else None
        return type(self)(
            self.node_id, self.operator, self.get(member), trained=trained, path=self.name(member)
        )

    def block(self, member: str = "operator") -> Parameters:
        """Return the object that a choice names: "Fill missing" names `fill_missing_parameters`.

        Time series name their blocks after the choice as it is: `Fill missing_parameters`.
        """
        choice = self.text(member)
        exact = f"{choice}_parameters"
        return self.nested(exact if exact in self._members else f"{snake(choice)}_parameters")

    def items(self, member: str) -> list[Parameters]:
        """Return a list of objects. A missing list is empty."""
        value = self.get(member)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(member, value, "an array")
        return [
            type(self)(self.node_id, self.operator, item, path=f"{self.name(member)}[{index}]")
            for index, item in enumerate(value)
        ]

    def text(self, member: str) -> str:
        """Return a string that is not empty."""
        text = self.optional_text(member)
        if text is None:
            raise self.error(f"{self.name(member)} is missing")
        return text

    def optional_text(self, member: str) -> str | None:
        """Return a string. None if it is missing or empty."""
        value = self.get(member)
        if value is not None and not isinstance(value, str):
            raise self._wrong(member, value, "a string")
        return value or None

    def number(self, member: str, default: float | None = None) -> float:
        """Return a finite number, which may be a string in the flow."""
        value = self.get(member)
        if value is None or value == "":
            if default is None:
                raise self.error(f"{self.name(member)} is missing")
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise self._wrong(member, value, "a number")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self.error(f"{self.name(member)} is not a finite number")
        return number

    def integer(self, member: str, default: int | None = None) -> int:
        """Return a whole number, which may be a string in the flow."""
        number = self.number(member, default)
        if number != int(number):
            raise self.error(f"{self.name(member)} is not a whole number")
        return int(number)

    def flag(self, member: str, default: bool | None = None) -> bool:
        """Return true or false."""
        value = self.get(member)
        if value is None and default is not None:
            return default
        if not isinstance(value, bool):
            raise self._wrong(member, value, "true or false")
        return value

    def choice(self, member: str, choices: Mapping[str, T], default: str | None = None) -> T:
        """Return the value of a choice. Unknown choices are refused by name."""
        name = self.optional_text(member) or default
        if name is None:
            raise self.error(f"{self.name(member)} is missing")
        if name not in choices:
            raise self.unsupported(f"{self.name(member)} `{name}` is not supported")
        return choices[name]

    def texts(self, member: str) -> list[str]:
        """Return strings: one, or a list. A missing list is empty."""
        value = self.get(member)
        values = value if isinstance(value, list) else [] if value in (None, "") else [value]
        if not all(isinstance(item, str) and item for item in values):
            raise self.error(f"{self.name(member)} must be a name or a list of names")
        return list(values)

    def column(self, frame: DataFrame, member: str) -> str:
        """Return the name of a column of the frame."""
        return self._existing(frame, self.text(member))

    def optional_column(self, frame: DataFrame, member: str) -> str | None:
        """Return the name of a column of the frame. None if it is missing or empty."""
        name = self.optional_text(member)
        return None if name is None else self._existing(frame, name)

    def columns(self, frame: DataFrame, member: str) -> list[str]:
        """Return the names of one or more columns of the frame."""
        names = self.optional_columns(frame, member)
        if not names:
            raise self.error(f"{self.name(member)} is missing")
        return names

    def optional_columns(self, frame: DataFrame, member: str) -> list[str]:
        """Return the names of columns of the frame. A missing list is empty."""
        return [self._existing(frame, name) for name in self.texts(member)]

    def outputs(self, frame: DataFrame, member: str = "input_column") -> list[tuple[str, str | None]]:
        """Return pairs of an input column and its output column, if the node names one.

        With several columns, the output column is a prefix.
        """
        columns = self.columns(frame, member)
        output = self.optional_text("output_column")
        if output is None or len(columns) == 1:
            return [(column, output) for column in columns]
        return [(column, f"{output}_{plain_name(column)}") for column in columns]

    def _existing(self, frame: DataFrame, name: str) -> str:
        if name in frame.columns:
            return name
        alike = [other for other in frame.columns if other.strip().casefold() == name.strip().casefold()]
        hint = "; the name of another column differs only in case or spaces" if alike else ""
        problem = f"there is no column `{name}` among the {len(frame.columns)} columns{hint}"
        raise self.error(problem, "correct the name in the node, or the columns of the file")

    def _wrong(self, member: str, value: Any, expected: str) -> FlowError:
        if value is None:
            return self.error(f"{self.name(member)} is missing")
        return self.error(f"{self.name(member)} is {described(value)}, but must be {expected}")


def described(value: Any) -> str:
    """Return the type of a JSON value."""
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array"}
    return kinds.get(type(value), "an object")


def snake(choice: str) -> str:
    """Return the choice as it is in a block's name: "Min-max scaler" is `min_max_scaler`."""
    return re.sub(r"[^a-z0-9]+", "_", choice.lower()).strip("_")


def plain_name(name: str) -> str:
    """Replace the characters that have a meaning in Spark's names."""
    return re.sub(r"[.`]+", "_", name)
