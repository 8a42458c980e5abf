"""What a function wrote before it answered is in the log of that invocation, however busy the machine is.

ministack waits a twentieth of a second for its thread that reads the function's pipe; what comes later is
taken for the next invocation's, or lost with the last one.
"""

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
"""More than a pipe can hold: who writes without end holds up nobody."""


class Output:
    """What a pipe has given so far; whoever needs its lines may read them into a queue."""

    def __init__(self) -> None:
        self._rest = b""
        self._lock = threading.Lock()

    def read(self, stream: IO[bytes], lines: queue.Queue[str]) -> bool:
        """Queue the lines that are there. Answers whether there may be others later."""
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
        """Close the pipe, when nobody reads."""
        with self._lock:
            stream.close()


def wait(stream: IO[bytes], milliseconds: int | None = None) -> bool:
    """Wait for something to read, or for the end of it."""
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    return bool(poll.poll(milliseconds))


def read_whole_output(worker: Any) -> None:
    """Have a class of ministack's workers read its processes' output so."""
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
    """The oldest line gives way when the queue is full."""
    while True:
        try:
            lines.put_nowait(line)
        except queue.Full:
            with contextlib.suppress(queue.Empty):
                lines.get_nowait()
        else:
            return
