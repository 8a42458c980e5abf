"""The commands of the guides, typed as they stand into one shell, in an account with Studio and IAM.

The platform team has the account's key, and the user the key of a Studio user. `make package` skips the
build, which has been done before. Everything else is the guides' own text.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from account import StudioUser, open_account
from builds import ARCHITECTURE, ROOT
from inventory import everything
from local_aws.launcher import LocalAws
from terminal import output_of, run

DEPLOY: Final = "docs/deploy.md"
USE: Final = "docs/use-in-studio.md"
# In the order in which the platform team and the user run them.
SECTIONS: Final = [
    (DEPLOY, "Set up a terminal"),
    (DEPLOY, "In short"),
    (DEPLOY, "Package from your machine"),
    (DEPLOY, "2. Deploy the portfolio"),
    (DEPLOY, "3. Attach the policies"),
    (DEPLOY, "4. Prepare existing data buckets"),
    (DEPLOY, "S3-hosted project template"),
    (DEPLOY, "Verify the staged objects"),
    (USE, "Set up a terminal"),
    (USE, "Prepare the flow and the feature group"),
    (USE, "Create a project"),
    (USE, "Find the names"),
    (USE, "Upload a file"),
    (USE, "Watch it"),
    (USE, "Change the pipeline"),
    (DEPLOY, "Update"),
    (USE, "Delete the project"),
    (DEPLOY, "2. Portfolio"),
]
NOT_RUN: Final = {
    (DEPLOY, "Package inside AWS"): "downloads a toolchain",
    (DEPLOY, "Build the binaries"): "the tests need its result before they start",
    (DEPLOY, "1. Projects"): "asks before it deletes; the user's guide has the same",
    (DEPLOY, "3. Packaging stack"): "only after packaging inside AWS",
}
KOREAN: Final = {DEPLOY: "docs/ko/deploy.md", USE: "docs/ko/use-in-studio.md"}
BLOCK: Final = re.compile(r"^( *)```sh\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
HEADING: Final = re.compile(r"^#{2,} (.+)$", re.MULTILINE)
# Stops at the first command that fails.
PRELUDE: Final = f"""
set -eo pipefail
make() {{
  if [ "$1" != package ]; then command make "$@"; return; fi
  shift
  [ $# = 0 ] || local "$@"
  python packaging/package.py --bucket "$S3_BUCKET_NAME" --version "${{VERSION:-}}" \\
    --architectures {ARCHITECTURE} ${{DRY_RUN:+--dry-run}}
}}
"""
# What the guides say about an account with IAM enforced, and about arm64.
CHANGES: Final = {"credential-helper $@": "credential-helper --ignore-host-check $@"}
ON_ARM64: Final = {'"Value": "native"': '"Value": "data-wrangler"', "target/lambda/": "target/lambda-arm64/"}
LIMIT_SECONDS: Final = 850.0


def blocks(page: str) -> list[tuple[str, str]]:
    """Returns each block of commands in a page, with the heading that it is below."""
    text = (ROOT / page).read_text()
    found = []
    for block in BLOCK.finditer(text):
        heading = HEADING.findall(text, 0, block.start())[-1]
        found.append((heading, textwrap.dedent(block[2])))
    return found


def script(keys: dict[str, dict[str, str]]) -> str:
    """Returns the commands of all sections. Each page begins in the repository, with a key of its own."""
    lines, page = [PRELUDE], ""
    for guide, section in SECTIONS:
        if guide != page:
            page = guide
            lines += [f"cd '{ROOT}'", "unset AWS_SESSION_TOKEN"]
            lines += [f"export {name}='{value}'" for name, value in keys[page].items()]
        lines += [block for heading, block in blocks(guide) if heading == section]
    text = "\n".join(lines)
    for old, new in {**CHANGES, **(ON_ARM64 if ARCHITECTURE == "arm64" else {})}.items():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture
def user(engine: Path) -> Iterator[StudioUser]:
    """A Studio user in an account as `make local-aws STUDIO=1 AUTH=1` starts it."""
    with LocalAws(auth=True, ingest_features=engine) as aws:
        yield open_account(aws)


@pytest.mark.usefixtures("cli", "package")
def test_commands_run_as_they_stand(user: StudioUser, tmp_path: Path) -> None:
    shutil.rmtree(ROOT / "target/tour", ignore_errors=True)
    before = everything(user.aws)
    settings = {
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "GIT_AUTHOR_NAME": "A User",
        "GIT_AUTHOR_EMAIL": "user@example.com",
        "GIT_COMMITTER_NAME": "A User",
        "GIT_COMMITTER_EMAIL": "user@example.com",
    }
    account = user.aws.environment()
    commands = tmp_path / "guides.sh"
    commands.write_text(script({DEPLOY: account, USE: user.variables}))
    printed = output_of(run(account | settings, "bash", commands, limit=LIMIT_SECONDS))
    assert '"FeatureName": "record_id"' in printed
    kinds = {each.partition(" ")[0] for each in everything(user.aws) - before}
    assert kinds == {"bucket", "feature", "log", "table"}


@pytest.mark.parametrize("page", [DEPLOY, USE])
def test_every_block_is_run_or_left_out_for_a_reason(page: str) -> None:
    listed = {section for guide, section in [*SECTIONS, *NOT_RUN] if guide == page}
    assert {heading for heading, _ in blocks(page)} == listed


@pytest.mark.parametrize("page", [DEPLOY, USE])
def test_commands_have_no_placeholder(page: str) -> None:
    for heading, block in blocks(page):
        assert re.findall(r"<[a-z][^>\n]*>|\.\.\.", block) == [], heading


@pytest.mark.parametrize("page", [DEPLOY, USE])
def test_korean_page_has_the_same_commands(page: str) -> None:
    english = [without_comments(block) for _, block in blocks(page)]
    assert [without_comments(block) for _, block in blocks(KOREAN[page])] == english


def without_comments(block: str) -> list[str]:
    return [re.sub(r"\s+# .*", "", line) for line in block.splitlines()]
