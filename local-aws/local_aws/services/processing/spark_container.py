"""Stands in for AWS's Spark image: its `python3`, its `smspark-submit`, and its variables.

Both programs are scripts on the job's PATH. The interpreter is the one of the Spark engine, which installs
itself on first use.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Final

IMAGE: Final = re.compile(r"[^/]+/sagemaker-spark-processing([:@][^/]+)?")
_SUBMIT: Final = Path(__file__).with_name("smspark_submit.py")


def environment(engine: Path, folder: Path, path: str) -> dict[str, str]:
    """Create the programs in a folder, and return the variables that the image and SageMaker set."""
    folder.mkdir()
    python = folder / "python3"
    _script(python, f'python=$({shlex.quote(str(engine))} --python) && exec "$python" "$@"')
    submit = [sys.executable, "-I", str(_SUBMIT)]
    _script(folder / "smspark-submit", f'exec {shlex.join(submit)} "$@"')
    return {
        "PATH": f"{folder}:{path}",
        "PYSPARK_PYTHON": str(python),
        "PYTHONHASHSEED": "0",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def _script(file: Path, command: str) -> None:
    file.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    file.chmod(0o755)
