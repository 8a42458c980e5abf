"""The demo's choice of the features that identify a record."""

from pathlib import Path

import pytest

from demo_flow import DemoFlow, abalone_flow, own_flow
from features import Keys
from terminal import WalkthroughError


def definitions(**features: str) -> list[dict[str, str]]:
    return [{"FeatureName": name, "FeatureType": kind} for name, kind in features.items()]


@pytest.fixture
def flow(tmp_path: Path) -> DemoFlow:
    path = tmp_path / "own.flow"
    path.touch()
    return own_flow(path, None, None)


def test_finds_identifier_and_event_time_by_name(flow: DemoFlow) -> None:
    found = definitions(x="Integral", customer_id="Integral", time_of_day="Integral", EventTime="Fractional")
    assert flow.is_own
    assert flow.keys_among(found) == Keys("customer_id", "EventTime")


def test_takes_the_first_feature_without_an_identifier(flow: DemoFlow) -> None:
    assert flow.keys_among(definitions(a="String", b="Integral", at_time="String")) == Keys("a", "at_time")


def test_asks_for_the_event_time_if_no_name_fits(flow: DemoFlow) -> None:
    with pytest.raises(
        WalkthroughError, match=r"own.flow is named like an event time \(a\)\nhint: .*EVENT_TIME"
    ):
        flow.keys_among(definitions(a="String"))


def test_repositorys_flow_has_known_keys() -> None:
    assert not abalone_flow().is_own
    assert abalone_flow().keys_among([]) == Keys("record_id", "record_time")


def test_wants_both_names(tmp_path: Path) -> None:
    path = tmp_path / "own.flow"
    path.touch()
    with pytest.raises(WalkthroughError, match="belong together"):
        own_flow(path, "a", None)
