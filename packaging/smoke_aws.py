"""`make smoke-aws`: checks in a real account what local-aws cannot show. It has never been run on AWS.

    python packaging/smoke_aws.py --dry-run
    python packaging/smoke_aws.py --confirm 111122223333

smoke/README.md describes the checks, their cost and the required permissions.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from portfolio import given
from smoke import prices
from smoke.aws import Aws, LiveAws
from smoke.checks import CHECKS, Check
from smoke.cleanup import Cleanup, Resource
from smoke.context import POLL_SECONDS, Context, UndecidedError
from smoke.dry_run import DryRun
from smoke.report import Verdict, as_json, table
from staging.errors import PackagingError, run
from staging.place import PORTFOLIO_STACK

_ALL: Final = [check.name for check in CHECKS]


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description="Checks in a real account what local-aws cannot show.")
    parser.add_argument("--confirm", default="", help="ID of the account to run in")
    parser.add_argument(
        "--dry-run", action="store_true", help="print every call and the cost, and call nothing"
    )
    parser.add_argument(
        "--checks", default=",".join(_ALL), help=f"comma-separated list, from {','.join(_ALL)}"
    )
    parser.add_argument("--stack", default=PORTFOLIO_STACK, help="the portfolio's stack")
    parser.add_argument("--parameters", default="", help="the product's parameters: 'Name=value Name=value'")
    parser.add_argument("--report", type=Path, help="file for the report as JSON")
    parser.add_argument("--limit-minutes", type=float, help="time limit for each check")
    parser.add_argument("--poll-seconds", type=float, default=POLL_SECONDS)
    options = parser.parse_args()
    checks = chosen(options.checks)
    make_context = context_maker(options)
    if options.dry_run:
        dry_run(checks, make_context)
    else:
        live(checks, make_context, options)


def chosen(names: str) -> list[Check]:
    """The checks with these names, in the order of `CHECKS`."""
    wanted = [name for name in names.replace(",", " ").split() if name]
    unknown = sorted(set(wanted) - set(_ALL))
    if unknown or not wanted:
        raise PackagingError(
            f"CHECKS=`{names[:80]}` is not a list of checks.",
            f"use a comma-separated list of these: {', '.join(_ALL)}",
        )
    return [check for check in CHECKS if check.name in wanted]


def context_maker(options: argparse.Namespace) -> Callable[[Aws, Check, str], Context]:
    """Returns a function that creates a check's context."""
    parameters = given(options.parameters)

    def make(aws: Aws, check: Check, run_id: str) -> Context:
        limit = min(check.limit_minutes, options.limit_minutes or check.limit_minutes)
        return Context(
            aws=aws,
            cleanup=Cleanup(aws),
            run_id=run_id,
            check=check.name,
            deadline=aws.now() + 60 * limit,
            poll_seconds=options.poll_seconds,
            stack=options.stack,
            parameters=parameters,
        )

    return make


def dry_run(checks: list[Check], make_context: Callable[[Aws, Check, str], Context]) -> None:
    """Prints every call with its parameters, and the cost. Needs no credentials."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or prices.REGION
    print(f"Dry run: nothing is called. The account, the region {region} and the responses are examples.")
    for check in checks:
        heading(check)
        context = make_context(DryRun(region, lambda line: print(f"  {line}")), check, "dryrun")
        list(check.run(context))
        print("  cleanup, whatever the outcome:")
        context.cleanup.run()
    costs = prices.total(tuple(use for check in checks for use in check.uses))
    print(f"\nTotal: about ${costs:.2f}, at the prices of {prices.REGION} in {prices.AS_OF}.")
    print("To run the checks, set CONFIRM=<your account ID>.")


def heading(check: Check) -> None:
    """Prints what the check asks, and its cost."""
    print(f"\n{check.name}: {check.asks}")
    print(f"  cost: {prices.breakdown(check.uses)}; at most {check.limit_minutes} minutes")


def live(
    checks: list[Check], make_context: Callable[[Aws, Check, str], Context], options: argparse.Namespace
) -> None:
    """Runs the checks, if the account is the confirmed one."""
    if not options.confirm:
        raise PackagingError(
            "CONFIRM is not set. The checks create resources in a real account, which cost money.",
            "DRY_RUN=1 prints the calls and the cost; CONFIRM=<your account ID> runs the checks",
        )
    aws = LiveAws(os.environ.get("AWS_REGION") or None)
    if options.confirm != aws.account:
        raise PackagingError(
            f"CONFIRM=`{options.confirm[:40]}` is not this account: {aws.account}, {aws.region}, "
            f"as {aws.caller}.",
            f"if this is the right account, set CONFIRM={aws.account}",
        )
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    run_id = secrets.token_hex(3)
    print(
        f"Run {run_id} in account {aws.account}, {aws.region}. Ctrl-C stops it and removes what it created."
    )
    verdicts: list[Verdict] = []
    left: list[Resource] = []
    interrupted = False
    for check in checks:
        heading(check)
        context = make_context(aws, check, run_id)
        try:
            found, interrupted = run_one(check, context)
            verdicts += found
        except KeyboardInterrupt:  # a second one, or one outside the check
            interrupted = True
        finally:
            print("  removing the created resources", file=sys.stderr)
            left += context.cleanup.run()
        interrupted = interrupted or context.cleanup.interrupted
        if interrupted:
            break
    report_on(verdicts, left, options.report, {"run": run_id, "account": aws.account, "region": aws.region})
    if interrupted:
        raise PackagingError("Interrupted.", "all created resources were removed, except those listed above")
    if any(verdict.outcome != "shown" for verdict in verdicts):
        raise PackagingError("Not every claim was shown.", "see the report above for the reasons")


def run_one(check: Check, context: Context) -> tuple[list[Verdict], bool]:
    """Runs a check. Returns a verdict on each claim, however it ends, and whether it was interrupted."""
    found: list[Verdict] = []
    reason, interrupted = "the check ended early", False
    try:
        for verdict in check.run(context):  # may raise after some verdicts
            found.append(verdict)
    except KeyboardInterrupt:
        reason, interrupted = "interrupted", True
    except UndecidedError as error:
        reason = str(error)
    except Exception as error:  # any error becomes a verdict; cleanup and report still follow
        reason = f"{type(error).__name__}: {error}"
    missing = [claim for claim in check.claims if claim not in {verdict.claim for verdict in found}]
    return [*found, *(Verdict(claim, "undecided", reason) for claim in missing)], interrupted


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def report_on(
    verdicts: list[Verdict], left: list[Resource], report: Path | None, head: dict[str, str]
) -> None:
    """Prints and writes the report. Raises an error if resources are left over."""
    print(f"\n{table(verdicts)}")
    if report:
        report.write_text(as_json(head, verdicts, [resource.what for resource in left]), encoding="utf-8")
        print(f"\nReport as JSON: {report}")
    if left:
        listed = "\n".join(f"  {resource.what}\n    {resource.by_hand}" for resource in left)
        raise PackagingError(
            f"Some resources could not be removed, and may cost money:\n{listed}",
            f"remove them as listed; all their names contain {head['run']}",
        )


if __name__ == "__main__":
    sys.exit(run(main))
