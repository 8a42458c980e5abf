"""`make smoke-aws`: checks in a real account what local-aws cannot show, cheapest check first.

Start with `checks`, the list of checks. A check is a function of a `Context`:

- It calls AWS through `aws`. A dry run uses `dry_run` instead, which prints each call.
- It registers each resource with `cleanup` before it creates it. All are removed, however the check ends.
- Its observations become verdicts on `claims`. A claim belongs to a sentence of the documentation.
"""
