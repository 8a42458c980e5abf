"""The report on a run: a table for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from typing import Any, Final, Literal

from smoke.claims import Claim

Outcome = Literal["shown", "refuted", "undecided"]
WIDTH: Final = 100


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The outcome for a claim, with what was seen."""

    claim: Claim
    outcome: Outcome
    seen: str

    @property
    def meaning(self) -> str:
        """What the outcome means for the sentence."""
        if self.outcome == "shown":
            return "it may say that this was seen on AWS"
        return self.claim.if_refuted if self.outcome == "refuted" else "it stays as it is"


def decide(claim: Claim, holds: bool, seen: str) -> Verdict:
    """A verdict: shown or refuted."""
    return Verdict(claim, "shown" if holds else "refuted", seen)


def table(verdicts: list[Verdict]) -> str:
    """One paragraph per verdict, the outcome first."""
    return "\n".join(_paragraph(verdict) for verdict in verdicts)


def _paragraph(verdict: Verdict) -> str:
    lines = [f"{verdict.outcome.upper():<10} {verdict.claim.claim}"]
    rows = {"seen": verdict.seen, verdict.claim.page: verdict.claim.sentence, "therefore": verdict.meaning}
    for label, text in rows.items():
        lead = f"{'':11}{label + ':':<26}"
        lines += textwrap.wrap(
            text, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False
        )
    return "\n".join(lines)


def as_json(head: dict[str, Any], verdicts: list[Verdict], left: list[str]) -> str:
    """The report as JSON."""
    rows = [
        {
            "claim": verdict.claim.id,
            "outcome": verdict.outcome,
            "seen": verdict.seen,
            "page": verdict.claim.page,
            "sentence": verdict.claim.sentence,
            "meaning": verdict.meaning,
        }
        for verdict in verdicts
    ]
    return json.dumps({**head, "verdicts": rows, "left": left}, ensure_ascii=False, indent=2) + "\n"
