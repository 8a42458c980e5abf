"""Runs a program and writes what the kernel measured: `python launch.py <results> <program> <arguments>`.

A process of its own, because the kernel's peak of a program includes that of the process that started it.
This one is small.
"""

from __future__ import annotations

import os
import sys
import time


def main(results: str, program: str, *arguments: str) -> int:
    """Write the seconds, the CPU seconds and the peak in bytes, and return the status."""
    begin = time.perf_counter()
    pid = os.posix_spawnp(program, [program, *arguments], os.environ)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - begin
    with open(results, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib takes memory
        file.write(f"{seconds} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss * 1024}")
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
