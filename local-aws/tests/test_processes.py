"""Tests that a job's process ends with its children."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from local_aws.services.processing.process import Ending, StopSignal, run_process
from waiting import until


def run(script: str, tmp_path: Path, stop: StopSignal | None = None) -> tuple[Ending, int, bytes]:
    said: list[bytes] = []
    environment = {"PATH": os.environ["PATH"], "PLACE": str(tmp_path)}
    ending, code = run_process(
        ["/bin/sh", "-c", script], environment, tmp_path, said.append, stop or StopSignal(), 3600
    )
    return ending, code, b"".join(said)


def until_gone(pid: str) -> None:
    """Wait until a killed process is gone. Its output closes earlier."""
    until(lambda: not alive(pid))


def alive(pid: str) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid.strip()}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_reads_output_to_end(tmp_path: Path) -> None:
    ending, code, said = run("seq 1 20000; echo error >&2; exit 7", tmp_path)
    assert (ending, code) == ("exited", 7)
    assert said.split() == [*(f"{number}".encode() for number in range(1, 20001)), b"error"]


def test_ends_remaining_children(tmp_path: Path) -> None:
    ending, code, said = run("sleep 600 & echo $!", tmp_path)
    assert (ending, code) == ("exited", 0)
    until_gone(said.decode())


def test_kills_program_that_ignores_signal(tmp_path: Path) -> None:
    stop = StopSignal()
    script = "trap '' TERM; echo $$ > new; mv new pid; while :; do sleep 0.05; done"

    def stop_it() -> None:
        until((tmp_path / "pid").exists)
        stop.set(grace_seconds=0.2)

    threading.Thread(target=stop_it).start()
    ending, code, _ = run(script, tmp_path, stop)
    assert (ending, code) == ("stopped", -9)
    until_gone((tmp_path / "pid").read_text())
