"""Tests that a function's log has everything that it wrote before it answered."""

from __future__ import annotations

import os
import queue
import threading
from types import SimpleNamespace
from typing import IO

from local_aws.ministack.function_output import read_whole_output

Lines = queue.Queue[str]


class Worker:
    """The part of ministack's worker that is replaced, with a pipe instead of a process."""

    def __init__(self, room: int = 1000) -> None:
        read, self.write = os.pipe()
        self.stream = os.fdopen(read, "rb")
        self._proc: SimpleNamespace | None = SimpleNamespace(stdout=self.stream)
        self._stderr_queue: Lines = queue.Queue(room)

    def _pump_output(self, stream: IO[bytes], lines: Lines) -> None:
        raise NotImplementedError

    def _drain_stderr_bounded(self) -> str:
        lines = []
        while not self._stderr_queue.empty():
            lines.append(self._stderr_queue.get_nowait())
        return "\n".join(lines)


read_whole_output(Worker)


def test_drain_reads_lines_that_thread_has_not_read() -> None:
    worker = Worker()
    os.write(worker.write, "전복\r\ntwo\n\nhal".encode())
    assert worker._drain_stderr_bounded() == "전복\ntwo\n"
    os.write(worker.write, b"f\n")
    assert worker._drain_stderr_bounded() == "half"
    assert worker._drain_stderr_bounded() == ""


def test_thread_reads_to_end_and_closes_pipe() -> None:
    worker = Worker(room=50_000)
    pump = threading.Thread(target=worker._pump_output, args=(worker.stream, worker._stderr_queue))
    pump.start()
    with os.fdopen(worker.write, "wb") as written:
        written.writelines(b"line %d\n" % number for number in range(20_000))
        written.write(b"without an end")
    pump.join()
    lines = worker._drain_stderr_bounded().splitlines()
    assert lines == [*(f"line {number}" for number in range(20_000)), "without an end"]
    assert worker.stream.closed


def test_full_queue_keeps_latest_lines() -> None:
    worker = Worker(room=2)
    os.write(worker.write, b"a\nb\nc\n")
    assert worker._drain_stderr_bounded() == "b\nc"
