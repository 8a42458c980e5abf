"""Values of Spark as JSON."""

import math
from typing import Any


def json_value(item: Any) -> Any:
    """Convert a value to JSON. Non-finite numbers become strings."""
    if isinstance(item, float) and not math.isfinite(item):
        return "NaN" if math.isnan(item) else ("Infinity" if item > 0 else "-Infinity")
    if item is None or isinstance(item, bool | int | float | str):
        return item
    return str(item)
