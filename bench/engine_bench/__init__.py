"""Compares the engines on one flow: see docs/benchmarks.md."""
