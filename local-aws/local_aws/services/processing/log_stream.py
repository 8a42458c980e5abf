"""Sends a job's output to a CloudWatch log stream, line by line, a few times a second."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.delays import scaled

_log = logging.getLogger("local_aws")
GROUP: Final = "/aws/sagemaker/ProcessingJobs"
MAX_BYTES: Final = 16 * 1024 * 1024
"""Further output is dropped, and the last line says so. Logs are in memory."""
_MAX_LINE_BYTES: Final = 200_000
_MAX_BATCH: Final = (500, 500_000)
_INTERVAL_SECONDS: Final = 0.2


class LogStream:
    """One stream. ``shown`` transforms each line.

    If the role may not write logs, the job runs without a log, as on AWS.
    """

    def __init__(self, logs: Any, name: str, shown: Callable[[str], str], group: str = GROUP) -> None:
        self._logs = logs
        self._shown = shown
        self._name = name
        self._group = group
        self._rest = b""
        self._events: list[tuple[int, str]] = []
        self._taken = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._usable = self._create()
        self._sender = threading.Thread(target=self._send_regularly, daemon=True)
        self._sender.start()

    def write(self, piece: bytes) -> None:
        """Add a piece of output, not necessarily whole lines."""
        with self._lock:
            if self._taken > MAX_BYTES:
                return
            self._taken += len(piece)
            *lines, self._rest = (self._rest + piece).split(b"\n")
            if len(self._rest) > _MAX_LINE_BYTES:
                lines, self._rest = [*lines, self._rest], b""
            self._add(lines)
            if self._taken > MAX_BYTES:
                self._rest = b""
                self._add([f"local-aws: further output is dropped, after {MAX_BYTES} bytes".encode()])

    def line(self, text: str) -> None:
        """Add a line of local-aws."""
        with self._lock:
            # Output that does not end with a newline is a line, too.
            end = "\n" if self._rest else ""
        self.write(f"{end}{text}\n".encode())

    def close(self) -> None:
        """Send the remaining lines."""
        with self._lock:
            self._add([self._rest] if self._rest else [])
            self._rest = b""
        self._closed.set()
        self._sender.join()

    def _add(self, lines: list[bytes]) -> None:
        now = int(time.time() * 1000)
        for line in lines:
            for start in range(0, len(line), _MAX_LINE_BYTES):
                part = line[start : start + _MAX_LINE_BYTES]
                text = self._shown(part.decode("utf-8", errors="replace").rstrip("\r"))
                self._events.append((now, text or " "))

    def _create(self) -> bool:
        try:
            # The role needs no permission to create a group that already exists.
            with contextlib.suppress(ClientError):
                self._logs.create_log_group(logGroupName=self._group)
            self._logs.create_log_stream(logGroupName=self._group, logStreamName=self._name)
        except (BotoCoreError, ClientError) as error:
            _log.warning("No log for %s: %s", self._name, error)
            return False
        return True

    def _send_regularly(self) -> None:
        while not self._closed.wait(scaled(_INTERVAL_SECONDS)):
            self._send()
        self._send()

    def _send(self) -> None:
        with self._lock:
            events, self._events = self._events, []
        while events and self._usable:
            count, size = 0, 0
            while count < min(len(events), _MAX_BATCH[0]) and size < _MAX_BATCH[1]:
                size += len(events[count][1].encode())
                count += 1
            batch, events = events[:count], events[count:]
            try:
                self._logs.put_log_events(
                    logGroupName=self._group,
                    logStreamName=self._name,
                    logEvents=[{"timestamp": at, "message": message} for at, message in batch],
                )
            except (BotoCoreError, ClientError) as error:
                _log.warning("The log of %s is incomplete: %s", self._name, error)
                self._usable = False
