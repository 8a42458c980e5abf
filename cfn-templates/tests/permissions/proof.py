"""Checks that policies allow every need, deny every canary, and have no superfluous part."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from permissions import grants, judges
from permissions.grants import Policy
from permissions.judges import Judge
from permissions.requests import Request


class Proof:
    """The policy to check, the other policies of the role, the needs and the canaries."""

    def __init__(
        self,
        ours: Policy,
        needs: Sequence[Request],
        canaries: Sequence[Request],
        given: Sequence[Policy] = (),
    ) -> None:
        self.ours = ours
        self.given = list(given)
        self._judge = Judge()
        # Ignore needs and canaries that the given policies already allow.
        needed = self._judge.allowed(self.given, needs) if given else [False] * len(needs)
        self.beyond = [need for need, allowed in zip(needs, needed, strict=True) if not allowed]
        foreign = self._judge.allowed(self.given, canaries) if given else [False] * len(canaries)
        self.canaries = [canary for canary, allowed in zip(canaries, foreign, strict=True) if not allowed]
        self.tolerated = [canary for canary, allowed in zip(canaries, foreign, strict=True) if allowed]

    def denied_needs(self) -> list[str]:
        """Return the needs that are denied."""
        allowed = self._judge.allowed([*self.given, self.ours], self.beyond)
        return [str(need) for need, allows in zip(self.beyond, allowed, strict=True) if not allows]

    def allowed_canaries(self) -> list[str]:
        """Return the canaries that are allowed."""
        allowed = self._judge.allowed([*self.given, self.ours], self.canaries)
        return [str(canary) for canary, allows in zip(self.canaries, allowed, strict=True) if allows]

    def superfluous_grants(self) -> list[str]:
        """Return grants and condition values whose removal denies no need."""
        mutants = [
            (str(grant), grant.action, grants.without(self.ours, grant)) for grant in grants.grants(self.ours)
        ]
        mutants += [(what, "*", mutant) for what, mutant in grants.stricter(self.ours)]
        return self._unnoticed(
            [(what, [*self.given, mutant], self._asking_for(action)) for what, action, mutant in mutants],
            noticed=False,
        )

    def unnoticed_widenings(self) -> list[str]:
        """Return wider versions of the policy that allow no canary."""
        mutants = grants.widened(self.ours)
        return self._unnoticed(
            [(what, [*self.given, mutant], self.canaries) for what, mutant in mutants], noticed=True
        )

    def _unnoticed(
        self, mutants: Sequence[tuple[str, list[Policy], list[Request]]], *, noticed: bool
    ) -> list[str]:
        """Return the mutants for which no request has the decision `noticed`.

        The faster evaluator finds such a request. Then both simulators confirm it with the whole policy.
        """
        unnoticed, found = [], []
        for what, policies, requests in mutants:
            decisions = judges.evaluated([(policies, request) for request in requests])
            witness = next(
                (asked for asked, allowed in zip(requests, decisions, strict=True) if allowed == noticed),
                None,
            )
            if witness is None:
                unnoticed.append(what)
            else:
                found.append((what, policies, witness))
        confirmed = self._judge.decide([(policies, request) for _, policies, request in found])
        return unnoticed + [
            what for (what, _, _), allowed in zip(found, confirmed, strict=True) if allowed != noticed
        ]

    def patterns_in_actions(self) -> list[str]:
        """Return grants with wildcards in the action. None may exist: each action must be proven needed."""
        return [
            str(grant) for grant in grants.grants(self.ours) if "*" in grant.action or "?" in grant.action
        ]

    def _asking_for(self, action: str) -> list[Request]:
        return [need for need in self.beyond if fnmatchcase(need.action.lower(), action.lower())]
