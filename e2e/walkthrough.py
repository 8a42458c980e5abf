"""The platform team's part of the workflow: the commands of the guides."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from account import STUDIO_ROLE_ARN
from builds import ARCHITECTURE, ROOT
from local_aws.launcher import LocalAws
from terminal import output_of, run

STAGING_BUCKET: Final = "platform-team-packages"


class Platform:
    """The platform team, which runs commands in the repository."""

    def __init__(self, aws: LocalAws, *, root: Path = ROOT) -> None:
        self._aws = aws
        self._root = root

    def package(self, version: str = "", *, root: Path | None = None) -> str:
        """Runs `make package S3_BUCKET_NAME=... VERSION=...` without the build. Returns its output."""
        options = ["--bucket", STAGING_BUCKET, "--architectures", ARCHITECTURE]
        options += ["--root", str(root or self._root), *(["--version", version] if version else [])]
        command = (sys.executable, "packaging/package.py", *options)
        return output_of(run(self._aws.environment(), *command))

    def deploy(self, **parameters: str) -> dict[str, str]:
        """Runs `make deploy`. Returns the stack's outputs."""
        assignments = " ".join(f"{name}={value}" for name, value in parameters.items())
        output = output_of(
            self.make(
                "deploy",
                f"S3_BUCKET_NAME={STAGING_BUCKET}",
                f"SC_PORTFOLIO_PRINCIPAL_ROLE_ARN={STUDIO_ROLE_ARN}",
                *([f"PARAMETERS={assignments}"] if assignments else []),
            )
        )
        listed = output.partition("_COMPLETE:\n")[2].partition("\n\n")[0]
        return dict(line.split(maxsplit=1) for line in listed.splitlines() if line.startswith("  "))

    def make(self, *target: str) -> subprocess.CompletedProcess[str]:
        """Runs a target of the Makefile, such as `attach-policies`."""
        return run(self._aws.environment(), "make", *target)
