"""`make notebooks`: JupyterLab on loopback, as a Studio user of an account with the product."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import jupyter_lab
from builds import ROOT
from observe import eventually

# Limits for hangs. Publishing takes half a minute, but many on a busy machine.
START_SECONDS, STOP_SECONDS = 1700, 300
pytestmark = pytest.mark.timeout(3600)


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its process, and what it says about itself."""

    process: subprocess.Popen[str]
    server: dict[str, Any]

    def request(self, path: str, method: str = "GET") -> bytes:
        """Sends a request with the server's token."""
        headers = {"Authorization": f"token {self.server['token']}"}
        request = urllib.request.Request(f"{self.server['url']}{path}", headers=headers, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            content: bytes = answer.read()
        return content


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Runs the command of `make notebooks`, without a browser."""
    command = [sys.executable, str(ROOT / "e2e/jupyter_lab.py"), "--no-browser"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=os.environ | {"JUPYTER_RUNTIME_DIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def look() -> dict[str, Any] | None:
        assert process.poll() is None, process.communicate()[0]
        for file in tmp_path.glob("jpserver-*.json"):
            try:
                found: dict[str, Any] = json.loads(file.read_text())
            except ValueError:
                # It is being written.
                return None
            return found
        return None

    try:
        yield Lab(process, eventually(look, "JupyterLab", START_SECONDS))
    finally:
        process.terminate()
        process.communicate(timeout=STOP_SECONDS)


def test_opens_the_notebooks_as_a_studio_user(lab: Lab) -> None:
    assert lab.server["hostname"] == "127.0.0.1"
    assert Path(lab.server["root_dir"]) == ROOT
    assert b"JupyterLab" in lab.request(f"lab/tree/{jupyter_lab.FIRST}")
    kernels = json.loads(lab.request("api/kernelspecs"))
    program = kernels["kernelspecs"][kernels["default"]]["spec"]["argv"][0]
    assert program in {"python", str(jupyter_lab.TOOLS / "bin/python")}
    lab.request("api/shutdown", "POST")
    printed, _ = lab.process.communicate(timeout=STOP_SECONDS)
    assert lab.process.returncode == 0, printed
    assert "publishing the product as the platform team does" in printed
