"""ministack's settings and its pinned version.

ministack's hooks are not an API, so the version is pinned exactly and checked at the start. ministack reads
its settings from the environment when it is imported, so ``environment`` must be set before.
"""

from __future__ import annotations

import functools
import importlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

MINISTACK_VERSION: Final = "1.5.33"
LOOPBACK: Final = "127.0.0.1"


@functools.cache
def ministack(module: str) -> Any:
    """Returns a module of ministack, imported on first use. ministack has no types."""
    return importlib.import_module(f"ministack.{module}")


class WrongMinistackError(RuntimeError):
    """The installed ministack is not the pinned version."""


def check_version() -> None:
    """Refuse any version other than the pinned one."""
    try:
        found = version("ministack")
    except PackageNotFoundError:
        found = "none"
    if found != MINISTACK_VERSION:
        raise WrongMinistackError(
            f"local-aws requires ministack {MINISTACK_VERSION} exactly, but found {found}. "
            "hint: pip install -r requirements.txt"
        )


# Settings of the server that functions must not inherit. They do inherit TMPDIR.
SERVER_VARIABLES: Final = frozenset(
    {
        "AUTH",
        "BIND_HOST",
        "DOCKER_HOST",
        "GATEWAY_PORT",
        "IOT_MTLS_ENABLED",
        "LAMBDA_EXECUTOR",
        "LOG_LEVEL",
        "MINISTACK_HOST",
        "MINISTACK_REGION",
        "PERSIST_STATE",
        "PYTHONDONTWRITEBYTECODE",
        "S3_DATA_DIR",
        "S3_PERSIST",
        "SFTP_ENABLED",
        "STATE_DIR",
    }
)


def environment(port: int, auth: bool, work_dir: Path, data_dir: Path | None) -> dict[str, str]:
    """Returns the variables with ministack's settings."""
    state = data_dir or work_dir / "data"
    kept = "1" if data_dir else "0"
    return {
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "AUTH": str(auth).lower(),
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "INFO",
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": "us-east-1",
        "PERSIST_STATE": kept,
        "STATE_DIR": str(state / "state"),
        "S3_PERSIST": kept,
        "S3_DATA_DIR": str(state / "s3"),
        # Do not start listeners other than the one on loopback.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # When it starts, ministack removes the containers of other ministacks. Keep it away from Docker.
        "DOCKER_HOST": f"unix://{work_dir}/no-docker.sock",
        "TMPDIR": str(work_dir / "tmp"),
    }
