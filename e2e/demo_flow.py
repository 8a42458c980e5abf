"""The demo's flow: the repository's own, or the user's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from features import EVENT_TIME, GROUP, IDENTIFIER, Keys
from project import FLOW
from terminal import WalkthroughError

OWN_GROUP: Final = "FG-demo"
# Types that an event time can have.
TIME_TYPES: Final = ("Fractional", "String")


@dataclass(frozen=True)
class DemoFlow:
    """A flow, and the feature group for its output."""

    path: Path
    group: str
    keys: Keys | None
    """The features that identify a record. None: found by their names."""

    @property
    def is_own(self) -> bool:
        """Whether the flow is the user's."""
        return self.path != FLOW

    def keys_among(self, definitions: list[dict[str, str]]) -> Keys:
        """Returns the features that identify a record. Raises WalkthroughError if none fits."""
        if self.keys:
            return self.keys
        names = [item["FeatureName"] for item in definitions]
        timed = [
            item["FeatureName"]
            for item in definitions
            if "time" in item["FeatureName"].lower() and item["FeatureType"] in TIME_TYPES
        ]
        if not timed:
            raise WalkthroughError(
                f"no feature of {self.path.name} is named like an event time ({', '.join(names)})\n"
                "hint: add a column such as event_time to the flow, or name it: EVENT_TIME=<feature>"
            )
        identifiers = [name for name in names if name.lower().endswith("id")]
        return Keys((identifiers or names)[0], timed[-1])


def abalone_flow() -> DemoFlow:
    """Returns the repository's flow."""
    return DemoFlow(FLOW, GROUP, Keys(IDENTIFIER, EVENT_TIME))


def own_flow(path: Path, identifier: str | None, event_time: str | None) -> DemoFlow:
    """Returns the user's flow."""
    if not path.is_file():
        raise WalkthroughError(f"{path} is not a file\nhint: FLOW=<a readable flow>")
    if bool(identifier) != bool(event_time):
        raise WalkthroughError("RECORD_ID and EVENT_TIME belong together\nhint: set both, or none")
    keys = Keys(identifier, event_time) if identifier and event_time else None
    return DemoFlow(path, OWN_GROUP, keys)
