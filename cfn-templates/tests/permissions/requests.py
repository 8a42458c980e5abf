"""Authorization requests: an action on a resource in a context."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

Value = str | tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """An authorization request. Requests with the same action, resource and context are equal."""

    action: str
    resource: str
    # Condition keys and values. Multivalued keys have tuples.
    context: frozenset[tuple[str, Value]] = frozenset()
    # The caller and the reason, for messages.
    purpose: str = field(default="", compare=False)

    @classmethod
    def of(
        cls, action: str, resource: str, purpose: str, context: Mapping[str, Value] | None = None
    ) -> "Request":
        """Create a request from a context mapping."""
        return cls(action, resource, frozenset((context or {}).items()), purpose)

    def on(self, resource: str) -> "Request":
        """Return the request on another resource."""
        return replace(self, resource=resource)

    def under(self, key: str, value: Value | None) -> "Request":
        """Return the request with another value of a condition key, or without the key."""
        context = dict(self.context)
        context.pop(key, None)
        return replace(
            self, context=frozenset((context if value is None else {**context, key: value}).items())
        )

    def __str__(self) -> str:
        context = "".join(f"\n      {key} = {value}" for key, value in sorted(self.context))
        return f"{self.action} on {self.resource} ({self.purpose}){context}"


def distinct(requests: Iterable[Request]) -> list[Request]:
    """Merge equal requests and their purposes."""
    purposes: dict[Request, dict[str, None]] = {}
    for request in requests:
        purposes.setdefault(request, {})[request.purpose] = None
    return [replace(request, purpose="; ".join(whose)) for request, whose in purposes.items()]
