"""The claims about policies: enough, nothing else, nothing foreign, and each part missed when it is gone."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from permissions import grants, judges
from permissions.grants import Policy
from permissions.judges import Judge
from permissions.requests import Request


class Proof:
    """Policies of ours beside policies that are given, what they must allow, and what they must not."""

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
        # What the given policies allow already is not for us to grant, nor to deny.
        needed = self._judge.allowed(self.given, needs) if given else [False] * len(needs)
        self.beyond = [need for need, allowed in zip(needs, needed, strict=True) if not allowed]
        foreign = self._judge.allowed(self.given, canaries) if given else [False] * len(canaries)
        self.canaries = [canary for canary, allowed in zip(canaries, foreign, strict=True) if not allowed]
        self.tolerated = [canary for canary, allowed in zip(canaries, foreign, strict=True) if allowed]

    def denied_needs(self) -> list[str]:
        """What is needed and not allowed."""
        allowed = self._judge.allowed([*self.given, self.ours], self.beyond)
        return [str(need) for need, allows in zip(self.beyond, allowed, strict=True) if not allows]

    def allowed_canaries(self) -> list[str]:
        """What should be denied and is not."""
        allowed = self._judge.allowed([*self.given, self.ours], self.canaries)
        return [str(canary) for canary, allows in zip(self.canaries, allowed, strict=True) if allows]

    def superfluous_grants(self) -> list[str]:
        """Grants, and values of conditions, that no need misses when they are taken away."""
        mutants = [
            (str(grant), grant.action, grants.without(self.ours, grant)) for grant in grants.grants(self.ours)
        ]
        mutants += [(what, "*", mutant) for what, mutant in grants.stricter(self.ours)]
        return self._unnoticed(
            [(what, [*self.given, mutant], self._asking_for(action)) for what, action, mutant in mutants],
            noticed=False,
        )

    def unnoticed_widenings(self) -> list[str]:
        """Wider versions of the policy that allow no canary."""
        mutants = grants.widened(self.ours)
        return self._unnoticed(
            [(what, [*self.given, mutant], self.canaries) for what, mutant in mutants], noticed=True
        )

    def _unnoticed(
        self, mutants: Sequence[tuple[str, list[Policy], list[Request]]], *, noticed: bool
    ) -> list[str]:
        """Those mutants for which no request is decided as `noticed` says.

        The evaluator that is quick looks for such a request; then both simulators confirm it, under the whole
        policy.
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
        """Grants that name more than one action; none may, so that each granted action is a needed one."""
        return [
            str(grant) for grant in grants.grants(self.ours) if "*" in grant.action or "?" in grant.action
        ]

    def _asking_for(self, action: str) -> list[Request]:
        return [need for need in self.beyond if fnmatchcase(need.action.lower(), action.lower())]
