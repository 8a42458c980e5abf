"""What IAM is asked: whether this may be done, to that, under these circumstances."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

Value = str | tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """One question to IAM. Two with the same action, resource and context are the same question."""

    action: str
    resource: str
    # Condition keys and their values; those that can have several are tuples.
    context: frozenset[tuple[str, Value]] = frozenset()
    # Who asks for what, for people.
    purpose: str = field(default="", compare=False)

    @classmethod
    def of(
        cls, action: str, resource: str, purpose: str, context: Mapping[str, Value] | None = None
    ) -> "Request":
        """A request with its context as a mapping."""
        return cls(action, resource, frozenset((context or {}).items()), purpose)

    def on(self, resource: str) -> "Request":
        """The same on another resource."""
        return replace(self, resource=resource)

    def under(self, key: str, value: Value | None) -> "Request":
        """The same with another value of a condition key, or without it."""
        context = dict(self.context)
        context.pop(key, None)
        return replace(
            self, context=frozenset((context if value is None else {**context, key: value}).items())
        )

    def __str__(self) -> str:
        context = "".join(f"\n      {key} = {value}" for key, value in sorted(self.context))
        return f"{self.action} on {self.resource} ({self.purpose}){context}"


def distinct(requests: Iterable[Request]) -> list[Request]:
    """Each question once, with all its purposes."""
    purposes: dict[Request, dict[str, None]] = {}
    for request in requests:
        purposes.setdefault(request, {})[request.purpose] = None
    return [replace(request, purpose="; ".join(whose)) for request, whose in purposes.items()]
