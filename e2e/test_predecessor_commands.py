"""The predecessor's commands for deployment and clean-up, typed word for word in this repository.

Packaging inside AWS is left out: local-aws has no build machine that downloads a toolchain.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from account import StudioUser, open_account
from builds import ARCHITECTURE
from inventory import everything
from local_aws.launcher import LocalAws
from predecessor import PORTFOLIO_STACK, TEMPLATES
from shell import Shell
from stacks import reasons, status
from studio import Studio

# Runs the Makefile's own target. The programs were built before, for this machine.
MAKE: Final = f'make() {{ command make MAKE=true ARCHITECTURES={ARCHITECTURE} "$@"; }}'


@pytest.fixture
def user() -> Iterator[StudioUser]:
    """A Studio user in an account with IAM enforced."""
    with LocalAws(auth=True) as aws:
        yield open_account(aws)


@pytest.mark.usefixtures("cli", "package")
def test_commands_deploy_and_clean_up(user: StudioUser, tmp_path: Path) -> None:
    before = everything(user.aws)
    with Shell(user.aws.environment(), tmp_path) as shell:
        shell.run(MAKE)
        staged = shell.run((TEMPLATES / "deploy.sh").read_text())
        assert "amazon-sagemaker-reusable-components/sm-project-sc-portfolio.yaml" in staged
        assert status(user.aws, PORTFOLIO_STACK) == "CREATE_COMPLETE", reasons(user.aws, PORTFOLIO_STACK)
        shell.run((TEMPLATES / "attach.sh").read_text())
        studio = Studio(user)
        flow = "s3://sagemaker-flows/my.flow"
        studio.create_project("my-project", {"DataWranglerFlowUrl": flow, "FeatureGroupName": "FG-abalone"})
        studio.project("my-project")
        user.client("sagemaker").delete_project(ProjectName="my-project")
        studio.wait_until_settled("my-project")
        shell.run((TEMPLATES / "clean-up.sh").read_text())
    assert status(user.aws, PORTFOLIO_STACK) == "gone"
    kinds = {each.partition(" ")[0] for each in everything(user.aws) - before}
    assert kinds == {"bucket"}
