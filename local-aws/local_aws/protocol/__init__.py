"""Reads, checks and answers requests in AWS's wire protocols."""
