"""Resources that have a name of their own in each account and region."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from local_aws.errors import AwsError
from local_aws.sagemaker.arns import Scope

_Resource = TypeVar("_Resource")


class ByName(Generic[_Resource]):
    """All of a kind. ``missing`` is the refusal of a name that there is not."""

    def __init__(
        self, arn_of: Callable[[Scope, str], str], missing: Callable[[Scope, str], AwsError]
    ) -> None:
        self._arn_of = arn_of
        self._missing = missing
        self.by_arn: dict[str, _Resource] = {}

    def find(self, scope: Scope, name: str) -> _Resource:
        """The one of this name in an account and region. Raises AwsError."""
        found = self.by_arn.get(self._arn_of(scope, name))
        if found is None:
            raise self._missing(scope, name)
        return found

    def here(self, scope: Scope) -> list[_Resource]:
        """All of an account and region, by name."""
        prefix = self._arn_of(scope, "")
        return [item for arn, item in sorted(self.by_arn.items()) if arn.startswith(prefix)]
