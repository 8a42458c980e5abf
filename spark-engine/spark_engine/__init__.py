"""Runs Data Wrangler flows with Spark."""

from __future__ import annotations

from typing import Any

__all__ = ["run"]


def __getattr__(name: str) -> Any:
    """Import `run` on first use: the module `packages` runs before Spark is on the path."""
    if name == "run":
        from spark_engine.job import run

        return run
    raise AttributeError(name)
