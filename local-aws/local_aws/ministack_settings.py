"""The settings that ministack is run with, and the version of it that is known here.

Its hooks are no API, so the version is pinned exactly and checked at the start. ministack reads its settings
from the environment when it is imported, so nothing imports it before ``environment`` is in place.
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
    """A module of ministack's, imported when it is first needed. Untyped, as all of them are."""
    return importlib.import_module(f"ministack.{module}")


class WrongMinistackError(RuntimeError):
    """The installed ministack is not the one whose internals are known here."""


def check_version() -> None:
    """Refuse any version but the pinned one."""
    try:
        found = version("ministack")
    except PackageNotFoundError:
        found = "none"
    if found != MINISTACK_VERSION:
        raise WrongMinistackError(
            f"local-aws needs ministack {MINISTACK_VERSION} exactly, found {found}. "
            "hint: pip install -r requirements.txt"
        )


# Settings of the server that a function has no use for. TMPDIR is one that functions should use.
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
    """The settings ministack is run with. Functions inherit them, too."""
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
        # Listeners beside the one on loopback: not started.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # At its start ministack removes the containers of other ministacks. Docker has no part in this.
        "DOCKER_HOST": f"unix://{work_dir}/no-docker.sock",
        "TMPDIR": str(work_dir / "tmp"),
    }
