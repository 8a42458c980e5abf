"""A job's process is ended with all that it started."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from local_aws.processing.process import Ending, StopSignal, run_process
from waiting import until


def run(script: str, tmp_path: Path, stop: StopSignal | None = None) -> tuple[Ending, int, bytes]:
    said: list[bytes] = []
    environment = {"PATH": os.environ["PATH"], "PLACE": str(tmp_path)}
    ending, code = run_process(
        ["/bin/sh", "-c", script], environment, tmp_path, said.append, stop or StopSignal(), 3600
    )
    return ending, code, b"".join(said)


def until_gone(pid: str) -> None:
    """Wait for a killed process to go. Its output closes before the kernel has taken it off the list."""
    until(lambda: not alive(pid))


def alive(pid: str) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid.strip()}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_what_a_program_says_is_read_to_its_end(tmp_path: Path) -> None:
    ending, code, said = run("seq 1 20000; echo error >&2; exit 7", tmp_path)
    assert (ending, code) == ("exited", 7)
    assert said.split() == [*(f"{number}".encode() for number in range(1, 20001)), b"error"]


def test_a_child_that_is_left_behind_is_ended(tmp_path: Path) -> None:
    ending, code, said = run("sleep 600 & echo $!", tmp_path)
    assert (ending, code) == ("exited", 0)
    until_gone(said.decode())


def test_a_program_that_does_not_heed_the_signal_is_killed(tmp_path: Path) -> None:
    stop = StopSignal()
    script = "trap '' TERM; echo $$ > new; mv new pid; while :; do sleep 0.05; done"

    def stop_it() -> None:
        until((tmp_path / "pid").exists)
        stop.set(grace_seconds=0.2)

    threading.Thread(target=stop_it).start()
    ending, code, _ = run(script, tmp_path, stop)
    assert (ending, code) == ("stopped", -9)
    until_gone((tmp_path / "pid").read_text())
