"""Resources whose names are unique in an account and region."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from local_aws.protocol.arns import Scope
from local_aws.protocol.errors import AwsError

_Resource = TypeVar("_Resource")


class ByName(Generic[_Resource]):
    """All resources of a kind. ``missing`` makes the error for an unknown name."""

    def __init__(
        self, arn_of: Callable[[Scope, str], str], missing: Callable[[Scope, str], AwsError]
    ) -> None:
        self._arn_of = arn_of
        self._missing = missing
        self.by_arn: dict[str, _Resource] = {}

    def find(self, scope: Scope, name: str) -> _Resource:
        """Returns the resource of this name. Raises AwsError."""
        found = self.by_arn.get(self._arn_of(scope, name))
        if found is None:
            raise self._missing(scope, name)
        return found

    def here(self, scope: Scope) -> list[_Resource]:
        """Returns the resources of an account and region, sorted by name."""
        prefix = self._arn_of(scope, "")
        return [item for arn, item in sorted(self.by_arn.items()) if arn.startswith(prefix)]
