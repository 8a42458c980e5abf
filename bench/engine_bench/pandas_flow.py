"""The steps of flows/abalone.flow, written by hand with pandas: `python pandas_flow.py <input> <output>`."""

from __future__ import annotations

import sys
import time

import pandas as pd

LABEL = "sex"
SCALED = ["length", "diameter", "height", "whole_weight", "shucked_weight", "viscera_weight", "shell_weight"]
TYPES = {"record_id": "int64", LABEL: "string", **dict.fromkeys(SCALED, "float64"), "rings": "int64"}


def main(source: str, target: str) -> None:
    """Read, scale, encode, add the time, and write."""
    # pandas' own fast parser differs from others in the last bit.
    frame = pd.read_csv(source, dtype=TYPES, float_precision="round_trip")
    numbers = frame[SCALED]
    frame[SCALED] = (numbers - numbers.mean()) / numbers.std()
    labels = frame.pop(LABEL)
    for label in labels.value_counts().index:
        frame[f"{LABEL}_{label}"] = (labels == label).astype("float64")
    frame["record_time"] = float(int(time.time()))
    frame.to_parquet(target, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
