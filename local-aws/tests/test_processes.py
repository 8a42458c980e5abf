"""A job's process is ended with all that it started."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from local_aws.processing.process import Ending, StopSignal, run_process


def run(script: str, tmp_path: Path, stop: StopSignal | None = None) -> tuple[Ending, int, bytes]:
    said: list[bytes] = []
    environment = {"PATH": os.environ["PATH"], "PLACE": str(tmp_path)}
    ending, code = run_process(
        ["/bin/sh", "-c", script], environment, tmp_path, said.append, stop or StopSignal(), 60
    )
    return ending, code, b"".join(said)


def ends(pid: str) -> bool:
    """Whether a killed process goes. Its output closes before the kernel has taken it off the list."""
    deadline = time.monotonic() + 30
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not alive(pid)


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
    assert ends(said.decode())


def test_a_program_that_does_not_heed_the_signal_is_killed(tmp_path: Path) -> None:
    stop = StopSignal()
    script = "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done"

    def stop_it() -> None:
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
        stop.set(grace_seconds=0.2)

    threading.Thread(target=stop_it).start()
    ending, code, _ = run(script, tmp_path, stop)
    assert (ending, code) == ("stopped", -9)
    assert ends((tmp_path / "pid").read_text())
