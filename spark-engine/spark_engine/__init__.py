"""Runs Data Wrangler flows with Spark."""

from spark_engine.job import run

__all__ = ["run"]
