"""The claims about a set of policies: enough, nothing else, nothing foreign, and each of it missed when it is gone."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from permissions import grants, judges
from permissions.grants import Policy
from permissions.judges import Judge
from permissions.requests import Request


class Proof:
    """Policies of ours beside policies that are given, what they must allow, and what they must not."""

    def __init__(
        self, ours: Policy, needs: Sequence[Request], canaries: Sequence[Request], given: Sequence[Policy] = ()
    ) -> None:
        self.ours = ours
        self.given = list(given)
        self.needs = list(needs)
        self._judge = Judge()
        # What the given policies allow already is not for us to grant, nor to deny.
        needed = self._judge.allowed(self.given, self.needs) if given else [False] * len(self.needs)
        self.beyond = [need for need, allowed in zip(self.needs, needed, strict=True) if not allowed]
        foreign = self._judge.allowed(self.given, canaries) if given else [False] * len(canaries)
        self.canaries = [canary for canary, allowed in zip(canaries, foreign, strict=True) if not allowed]

    def denied_needs(self) -> list[str]:
        """What is needed and not allowed."""
        allowed = self._judge.allowed([*self.given, self.ours], self.beyond)
        return [str(need) for need, allows in zip(self.beyond, allowed, strict=True) if not allows]

    def allowed_canaries(self) -> list[str]:
        """What should be denied and is not."""
        allowed = self._judge.allowed([self.ours], self.canaries)
        return [str(canary) for canary, allows in zip(self.canaries, allowed, strict=True) if allows]

    def superfluous_grants(self) -> list[str]:
        """Grants that nothing misses when they are taken away.

        The evaluator that is quick looks for a need that misses the grant; then both simulators confirm, under the
        whole policy without it, that they deny that need.
        """
        superfluous, missed = [], []
        for grant in grants.grants(self.ours):
            mutant, alone = grants.without(self.ours, grant), grants.only(self.ours, grant)
            served = judges.evaluated([([alone], need) for need in self._asking_for(grant.action)])
            users = [need for need, serves in zip(self._asking_for(grant.action), served, strict=True) if serves]
            still = judges.evaluated([([*self.given, mutant], need) for need in users])
            victims = [need for need, allowed in zip(users, still, strict=True) if not allowed]
            if victims:
                missed.append((grant, [*self.given, mutant], victims[0]))
            else:
                superfluous.append(str(grant))
        confirmed = self._judge.decide([(policies, victim) for _, policies, victim in missed])
        return superfluous + [str(grant) for (grant, _, _), allowed in zip(missed, confirmed, strict=True) if allowed]

    def unnoticed_widenings(self) -> list[str]:
        """Wider versions of the policy that allow no canary."""
        unnoticed, noticed = [], []
        for what, mutant in grants.widened(self.ours):
            allowed = judges.evaluated([([mutant], canary) for canary in self.canaries])
            sung = [canary for canary, allows in zip(self.canaries, allowed, strict=True) if allows]
            if sung:
                noticed.append((what, [mutant], sung[0]))
            else:
                unnoticed.append(what)
        confirmed = self._judge.decide([(policies, canary) for _, policies, canary in noticed])
        return unnoticed + [what for (what, _, _), allowed in zip(noticed, confirmed, strict=True) if not allowed]

    def patterns_in_actions(self) -> list[str]:
        """Grants that name more than one action; none may, so that each granted action is a needed one."""
        return [str(grant) for grant in grants.grants(self.ours) if "*" in grant.action or "?" in grant.action]

    def _asking_for(self, action: str) -> list[Request]:
        return [need for need in self.beyond if fnmatchcase(need.action.lower(), action.lower())]


def together(parts: Iterable[Iterable[str]]) -> str:
    """Lines of a failed claim, each once."""
    return "\n".join(dict.fromkeys(line for part in parts for line in part))
