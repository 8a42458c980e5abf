"""`make notebooks`: JupyterLab as in SageMaker Studio, on a laptop.

Starts local-aws with IAM enforced, publishes the product as the platform team does, and opens the notebooks
as a Studio user. Ctrl-C ends everything, and nothing of the account remains.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from account import open_account
from builds import ARCHITECTURE, CLI, ENGINE, PACKAGE, ROOT
from features import SPARK
from local_aws.launcher import LocalAws, LocalAwsError
from terminal import WalkthroughError, output_of
from walkthrough import Platform

TOOLS: Final = ROOT / "target/notebooks"
FIRST: Final = "notebooks/00-setup.ipynb"
LOG: Final = TOOLS / "local-aws.log"
# The clean-up notebook detaches the policies with this profile, because a Studio user may not.
PROFILE: Final = "platform-team"
PROFILES: Final = Path(__file__).parent / "aws-profiles"
_OPTIONS: Final = [
    "--ip=127.0.0.1",
    # In a container, the user is often root.
    "--allow-root",
    # Without these, JupyterLab asks whether to fetch news, and looks for updates.
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
]


def publish(aws: LocalAws) -> dict[str, str]:
    """Publishes the product, and returns the environment variables of the notebooks of a Studio user."""
    user = open_account(aws)
    platform = Platform(aws)
    platform.package()
    platform.deploy()
    output_of(platform.make("attach-policies"))
    return user.environment() | {
        "AWS_CONFIG_FILE": str(PROFILES),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PLATFORM_TEAM_PROFILE": PROFILE,
        "PATH": os.pathsep.join([*map(str, _programs()), os.environ["PATH"]]),
        "NO_PROXY": "127.0.0.1,localhost",
        # Nothing of the notebooks is in the home folder, and no setting there changes them.
        "IPYTHONDIR": str(TOOLS / "ipython"),
        "JUPYTER_CONFIG_DIR": str(TOOLS / "jupyter"),
        "JUPYTER_DATA_DIR": str(TOOLS / "jupyter/data"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }


def _programs() -> list[Path]:
    """Returns the folder of the AWS CLI, which git uses for CodeCommit, and of what the product lacks."""
    # The product has the native engine for x86_64 only.
    return [ROOT / ".venv/bin", *([(ROOT / ENGINE).parent] if ARCHITECTURE == "arm64" else [])]


def shell(variables: dict[str, str]) -> dict[str, str]:
    """Returns this shell's variables, with those of the notebooks instead of its own AWS settings."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE", "MFLAGS"))
    }
    return kept | variables


def serve(root: Path, options: list[str]) -> int:
    """Publishes the product, and runs JupyterLab until it ends. Returns its exit code."""
    for built_file in (PACKAGE, CLI, ENGINE):
        if not (root / built_file).is_file():
            raise WalkthroughError(f"{root / built_file} does not exist\nhint: make build")
    print("Starting local-aws, and publishing the product as the platform team does ...", flush=True)
    with LocalAws(auth=True, log_file=LOG, ingest_features=root / ENGINE, spark_engine=SPARK) as aws:
        variables = publish(aws)
        print(f"Done. AWS is {aws.endpoint}, until you stop JupyterLab with Ctrl-C.", flush=True)
        command = [str(TOOLS / "bin/jupyter"), "lab", *_OPTIONS, f"--ServerApp.root_dir={root}"]
        command += [f"--LabApp.default_url=/lab/tree/{FIRST}", *options]
        # Ctrl-C reaches JupyterLab too, which asks whether to stop. local-aws must answer until then.
        with subprocess.Popen(command, env=shell(variables)) as lab:
            while True:
                try:
                    return lab.wait()
                except KeyboardInterrupt:
                    continue


def main() -> int:
    """Runs JupyterLab with the options of this command, and returns the exit code."""
    try:
        return serve(ROOT, sys.argv[1:])
    except KeyboardInterrupt:
        return 130
    except (WalkthroughError, LocalAwsError, ClientError, BotoCoreError, OSError) as error:
        print(f"error: the notebooks cannot be opened: {error}\nlog: {LOG}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
