"""The error handling of commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PACKAGING = Path(__file__).parents[1]
TALKATIVE = "from staging.errors import run; run(lambda: [print('x' * 1000) for _ in range(1000)])"


def test_closed_pipe_prints_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TALKATIVE], cwd=PACKAGING, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.readline()
        command.stdout.close()
        assert command.stderr.read() == b""
