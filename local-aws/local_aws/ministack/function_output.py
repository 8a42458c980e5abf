"""Fixes the logs of functions: a log has everything that the function wrote before it answered."""

from __future__ import annotations

import contextlib
import functools
import os
import queue
import select
import threading
import weakref
from collections.abc import Callable
from typing import IO, Any, Final

_PIECE_BYTES: Final = 65536
_MOST_PIECES: Final = 64
"""More than a pipe can hold. A function that writes without end does not block."""


class Output:
    """Reads the lines of a pipe into a queue, from any thread."""

    def __init__(self) -> None:
        self._rest = b""
        self._lock = threading.Lock()

    def read(self, stream: IO[bytes], lines: queue.Queue[str]) -> bool:
        """Queue the available lines. Returns whether more may follow."""
        with self._lock:
            for _ in range(_MOST_PIECES):
                if stream.closed:
                    return False
                if not wait(stream, 0):
                    return True
                piece = os.read(stream.fileno(), _PIECE_BYTES)
                *whole, self._rest = (self._rest + piece).split(b"\n")
                if not piece and self._rest:
                    whole, self._rest = [self._rest], b""
                for line in whole:
                    _put(lines, line.decode("utf-8", errors="replace").rstrip("\r"))
                if not piece:
                    return False
            return True

    def close(self, stream: IO[bytes]) -> None:
        """Close the pipe once no thread reads it."""
        with self._lock:
            stream.close()


def wait(stream: IO[bytes], milliseconds: int | None = None) -> bool:
    """Wait for data or for the end of the stream."""
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    return bool(poll.poll(milliseconds))


def read_whole_output(worker: Any) -> None:
    """Make a class of ministack's workers read the whole output of an invocation."""
    drain: Callable[..., str] = worker._drain_stderr_bounded
    outputs: weakref.WeakKeyDictionary[IO[bytes], Output] = weakref.WeakKeyDictionary()
    lock = threading.Lock()

    def output_of(stream: IO[bytes]) -> Output:
        with lock:
            return outputs.setdefault(stream, Output())

    def pump(_self: Any, stream: IO[bytes], lines: queue.Queue[str]) -> None:
        output = output_of(stream)
        while output.read(stream, lines):
            wait(stream)
        output.close(stream)

    @functools.wraps(drain)
    def drain_after_reading(self: Any, **waits: float) -> str:
        process = self._proc
        if process is not None:
            output_of(process.stdout).read(process.stdout, self._stderr_queue)
        return drain(self, **waits)

    worker._pump_output = pump
    worker._drain_stderr_bounded = drain_after_reading


def _put(lines: queue.Queue[str], line: str) -> None:
    """Add a line; drop the oldest one if the queue is full."""
    while True:
        try:
            lines.put_nowait(line)
        except queue.Full:
            with contextlib.suppress(queue.Empty):
                lines.get_nowait()
        else:
            return
