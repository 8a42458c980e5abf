"""`make smoke-aws`: runs in a real account what local-aws cannot show. It has never been run on AWS.

    python packaging/smoke_aws.py --program target/lambda/ingestion-pipeline/ingestion-pipeline --dry-run
    python packaging/smoke_aws.py --program ... --confirm 111122223333

smoke/README.md says what it checks, what it costs and which permissions it needs.
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
from smoke.ledger import Entry, Ledger
from smoke.rehearsal import Rehearsal
from smoke.report import Verdict, as_json, table
from smoke.world import POLL_SECONDS, UndecidedError, World
from staging.errors import PackagingError, run
from staging.place import PORTFOLIO_STACK

_ALL: Final = [check.name for check in CHECKS]


def main() -> None:
    """Read the command line and do as it says."""
    parser = argparse.ArgumentParser(description="Check in a real account what local-aws cannot show.")
    parser.add_argument("--confirm", default="", help="the id of the account to run in")
    parser.add_argument("--dry-run", action="store_true", help="only print every call, and the cost")
    parser.add_argument("--checks", default=",".join(_ALL), help=f"some of {','.join(_ALL)}")
    parser.add_argument("--stack", default=PORTFOLIO_STACK, help="name of the portfolio's stack")
    parser.add_argument("--parameters", default="", help="of the product: 'Name=value Name=value'")
    parser.add_argument("--program", type=Path, required=True, help="ingestion-pipeline, as it was built")
    parser.add_argument("--report", type=Path, help="where to write the report as JSON")
    parser.add_argument("--limit-minutes", type=float, help="at most, for each check")
    parser.add_argument("--poll-seconds", type=float, default=POLL_SECONDS)
    options = parser.parse_args()
    checks = chosen(options.checks)
    make_world = worlds(options)
    if options.dry_run:
        rehearse(checks, make_world)
    else:
        live(checks, make_world, options)


def chosen(names: str) -> list[Check]:
    """The checks of these names, in their own order."""
    wanted = [name for name in names.replace(",", " ").split() if name]
    unknown = sorted(set(wanted) - set(_ALL))
    if unknown or not wanted:
        raise PackagingError(
            f"CHECKS=`{names[:80]}` is no list of checks.", f"some of {', '.join(_ALL)}, with commas between"
        )
    return [check for check in CHECKS if check.name in wanted]


def worlds(options: argparse.Namespace) -> Callable[[Aws, Check, str], World]:
    """Makes a check's world."""
    parameters = given(options.parameters)

    def make(aws: Aws, check: Check, run_id: str) -> World:
        limit = min(check.limit_minutes, options.limit_minutes or check.limit_minutes)
        return World(
            aws=aws,
            ledger=Ledger(aws),
            run_id=run_id,
            check=check.name,
            deadline=aws.now() + 60 * limit,
            poll_seconds=options.poll_seconds,
            stack=options.stack,
            parameters=parameters,
            program=options.program,
        )

    return make


def rehearse(checks: list[Check], make_world: Callable[[Aws, Check, str], World]) -> None:
    """Print every call, with its parameters, and the cost. Needs no credentials."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or prices.REGION
    print(f"A dry run: nothing is called. The account, {region} and the answers stand for yours.")
    for check in checks:
        heading(check)
        world = make_world(Rehearsal(region, lambda line: print(f"  {line}")), check, "dryrun")
        try:
            list(check.run(world))
        except UndecidedError as error:
            raise PackagingError(f"{check.name} cannot be rehearsed: {error}.", "make build") from error
        print("  and then, however it went:")
        world.ledger.remove_all()
    costs = prices.total(tuple(use for check in checks for use in check.uses))
    print(f"\nAll together about ${costs:.2f}, by the prices of {prices.REGION} in {prices.AS_OF}.")
    print("Run it with CONFIRM=<the id of your account>.")


def heading(check: Check) -> None:
    """What is checked now, and what it costs."""
    print(f"\n{check.name}: {check.asks}")
    print(f"  cost: {prices.told(check.uses)}; at most {check.limit_minutes} minutes")


def live(
    checks: list[Check], make_world: Callable[[Aws, Check, str], World], options: argparse.Namespace
) -> None:
    """Run the checks, if this is the account that was meant."""
    if not options.confirm:
        raise PackagingError(
            "CONFIRM is not set, and this makes things in a real account, which cost money.",
            "DRY_RUN=1 prints what it would do; CONFIRM=<the id of your account> does it",
        )
    aws = LiveAws(os.environ.get("AWS_REGION") or None)
    if options.confirm != aws.account:
        raise PackagingError(
            f"CONFIRM=`{options.confirm[:40]}` is not this account: {aws.account}, {aws.region}, "
            f"as {aws.caller}.",
            f"see whether this is where it should run; then CONFIRM={aws.account}",
        )
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    run_id = secrets.token_hex(3)
    print(f"Run {run_id} in account {aws.account}, {aws.region}. Ctrl-C ends it and removes what it made.")
    verdicts: list[Verdict] = []
    left: list[Entry] = []
    interrupted = False
    for check in checks:
        heading(check)
        world = make_world(aws, check, run_id)
        try:
            found, interrupted = run_one(check, world)
            verdicts += found
        except KeyboardInterrupt:  # a second one, or one in between
            interrupted = True
        finally:
            print("  removing what was made", file=sys.stderr)
            left += world.ledger.remove_all()
        interrupted = interrupted or world.ledger.interrupted
        if interrupted:
            break
    tell(verdicts, left, options.report, {"run": run_id, "account": aws.account, "region": aws.region})
    if interrupted:
        raise PackagingError("Interrupted.", "what is not listed above as left has been removed")
    if any(verdict.outcome != "shown" for verdict in verdicts):
        raise PackagingError("Not everything was shown.", "the report says what was seen, and what it means")


def run_one(check: Check, world: World) -> tuple[list[Verdict], bool]:
    """The check's verdicts, one for each claim however it ends; and whether it was interrupted."""
    found: list[Verdict] = []
    reason, interrupted = "the check ended before", False
    try:
        for verdict in check.run(world):  # which may end in the midst
            found.append(verdict)
    except KeyboardInterrupt:
        reason, interrupted = "interrupted", True
    except UndecidedError as error:
        reason = str(error)
    except Exception as error:  # whatever it is, what was made is removed, and the report is made
        reason = f"{type(error).__name__}: {error}"
    missing = [claim for claim in check.claims if claim not in {verdict.claim for verdict in found}]
    return [*found, *(Verdict(claim, "undecided", reason) for claim in missing)], interrupted


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def tell(verdicts: list[Verdict], left: list[Entry], report: Path | None, head: dict[str, str]) -> None:
    """The report. An error if something is left."""
    print(f"\n{table(verdicts)}")
    if report:
        report.write_text(as_json(head, verdicts, [entry.what for entry in left]), encoding="utf-8")
        print(f"\nThe same as JSON: {report}")
    if left:
        listed = "\n".join(f"  {entry.what}\n    {entry.by_hand}" for entry in left)
        raise PackagingError(
            f"Some things could not be removed, and may cost money:\n{listed}",
            f"remove them so; all have names with {head['run']} in them",
        )


if __name__ == "__main__":
    sys.exit(run(main))
