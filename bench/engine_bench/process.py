"""Runs a program and measures its process tree."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
KIBIBYTE = 1024
LAUNCHER = Path(__file__).with_name("launch.py")
# A flag of Linux's processes: forked, and no program started yet.
FORKED_ONLY = 0x40
# Short programs need a fine grid. For long ones, a coarse grid leaves the processor to the program.
FINE, COARSE = 0.005, 0.05
FINE_SECONDS = 1.0


@dataclass(frozen=True)
class Run:
    """What a run took."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    status: int
    output: str


def run(command: list[str], folder: Path) -> Run:
    """Run a program in a folder, and measure it and all its descendants.

    The peak is the largest sum of resident memory over the tree, or the largest peak that the kernel recorded
    for one of the processes, if that is larger. Shared pages count in every process that maps them, except
    those of a process that has only been forked: Java forks to start programs, and would count twice.
    """
    log, results = folder / "output.log", folder / "measured"
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(results)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            launcher + command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            usage = _watch(process)
        finally:
            # Also after Ctrl-C: nothing of a run outlives it.
            _end_group(process)
    seconds, cpu_seconds, peak = map(float, results.read_text(encoding="utf-8").split())
    return Run(
        seconds,
        max(cpu_seconds, usage.cpu_seconds),
        max(int(peak), usage.peak_bytes),
        process.returncode,
        log.read_text(errors="replace"),
    )


class Usage:
    """The memory and CPU time of a process tree, by sampling."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._cpu: dict[int, float] = {}

    @property
    def cpu_seconds(self) -> float:
        """The CPU time of all processes, as last seen."""
        return sum(self._cpu.values())

    def sample(self, root: int) -> None:
        """Read the tree once. Processes that end meanwhile are left out."""
        resident = 0
        for pid in tree(root):
            try:
                # In this order, so that memory from before a program starts does not count.
                stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
                status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
            except OSError:
                continue
            # What follows the command, which may contain spaces: flags are field 9, CPU times 14 and 15.
            fields = stat.rpartition(")")[2].split()
            self._cpu[pid] = (int(fields[11]) + int(fields[12])) / TICK
            if int(fields[6]) & FORKED_ONLY:
                continue
            sizes = {name: value for name, _, value in (line.partition(":") for line in status.splitlines())}
            resident += _bytes(sizes.get("VmRSS", "0 kB"))
            self.peak_bytes = max(self.peak_bytes, resident, _bytes(sizes.get("VmHWM", "0 kB")))


def tree(root: int, *, itself: bool = True) -> Iterator[int]:
    """The process and its descendants."""
    if itself:
        yield root
    try:
        for task in Path(f"/proc/{root}/task").iterdir():
            for child in (task / "children").read_text(encoding="utf-8").split():
                yield from tree(int(child))
    except OSError:
        return


def _watch(process: subprocess.Popen[bytes]) -> Usage:
    """Sample the descendants of the launcher until it ends."""
    usage = Usage()
    begin = time.perf_counter()
    while process.poll() is None:
        for child in tree(process.pid, itself=False):
            usage.sample(child)
            break
        time.sleep(FINE if time.perf_counter() - begin < FINE_SECONDS else COARSE)
    return usage


def _end_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _bytes(text: str) -> int:
    return int(text.split()[0]) * KIBIBYTE
