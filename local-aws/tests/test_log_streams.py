"""Tests how a job's output becomes log lines."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.services.processing import log_stream
from local_aws.services.processing.log_stream import LogStream


class FakeLogs:
    """Collects the lines that are sent."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def create_log_group(self, **_: Any) -> None:
        """There is one."""
        raise ClientError({"Error": {"Code": "ResourceAlreadyExistsException"}}, "CreateLogGroup")

    def create_log_stream(self, **_: Any) -> None:
        """Accept any."""

    def put_log_events(self, **sent: Any) -> None:
        """Keep them."""
        self.batches.append([event["message"] for event in sent["logEvents"]])


def logged(*pieces: bytes) -> list[list[str]]:
    logs = FakeLogs()
    stream = LogStream(logs, "job/algo-1", lambda line: line.replace("/tmp/ml", "/opt/ml"))
    for piece in pieces:
        stream.write(piece)
    stream.close()
    return logs.batches


def test_assembles_lines_from_pieces() -> None:
    [lines] = logged(b"a\nb", b"c\r\n\n", "전".encode()[:2], "전".encode()[2:], b"\xff")
    assert lines == ["a", "bc", "전\N{REPLACEMENT CHARACTER}"]


def test_transforms_lines() -> None:
    assert logged(b"see /tmp/ml/output\n") == [["see /opt/ml/output"]]


def test_cuts_endless_line() -> None:
    batches = logged(*[b"x" * 65536] * 10)
    assert sum(len(line) for lines in batches for line in lines) == 655_360
    assert max(len(line) for lines in batches for line in lines) <= 200_000


def test_sends_many_lines_in_batches() -> None:
    batches = logged(b"line\n" * 1201)
    assert [len(lines) for lines in batches] == [500, 500, 201]


def test_drops_endless_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_stream, "MAX_BYTES", 100)
    [lines] = logged(*[b"0123456789\n"] * 1000)
    assert len(lines) == 11
    assert lines[-1] == "local-aws: further output is dropped, after 100 bytes"
