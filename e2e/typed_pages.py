"""The shell blocks of the pages, typed as they stand into one shell, in the order in which readers run them.

The platform team has the account's key, and the user the key of a Studio user. A reader of a page of
reference has the project of the guides, and a bucket, a flow and files of their own.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from builds import ARCHITECTURE, CLI, ENGINE, ROOT
from demo_data import abalone
from local_aws.launcher import LocalAws
from pages import Block, blocks

DEPLOY: Final = "docs/deploy.md"
USE: Final = "docs/use-in-studio.md"
CONFIGURE: Final = "docs/configure.md"
ENGINES: Final = "docs/engines.md"
LOCAL: Final = "docs/local-aws.md"
OPERATE: Final = "docs/operate.md"
TROUBLESHOOTING: Final = "docs/troubleshooting.md"
# In the order in which they are run. A page begins in its reader's folder, with its reader's key.
SECTIONS: Final = [
    (DEPLOY, "Set up a terminal"),
    (DEPLOY, "In short"),
    (DEPLOY, "Package from your machine"),
    (DEPLOY, "2. Deploy the portfolio"),
    (DEPLOY, "3. Attach the policies"),
    (DEPLOY, "4. Prepare existing data buckets"),
    (DEPLOY, "S3-hosted project template"),
    (DEPLOY, "Verify the staged objects"),
    (DEPLOY, "Build the binaries"),
    (CONFIGURE, "Portfolio template"),
    (USE, "Set up a terminal"),
    (USE, "Prepare the flow and the feature group"),
    (USE, "Create a project"),
    (USE, "Find the names"),
    (USE, "Upload a file"),
    (USE, "Watch it"),
    (USE, "Change the pipeline"),
    (CONFIGURE, "ingest-features"),
    (CONFIGURE, "Create a feature group"),
    (ENGINES, "Choose an engine"),
    (ENGINES, "On your machine"),
    ("docs/decisions/018-optimise-the-job-for-speed.md", "Evidence"),
    (OPERATE, "Follow an upload"),
    (OPERATE, "Run a file again"),
    (OPERATE, "Redrive failed uploads"),
    (TROUBLESHOOTING, "Nothing happens after an upload"),
    (TROUBLESHOOTING, "Feature Store"),
    (LOCAL, "CodeCommit"),
    (DEPLOY, "Update"),
    (USE, "Delete the project"),
    (DEPLOY, "2. Portfolio"),
    (DEPLOY, "3. Packaging stack"),
    (LOCAL, "Faults"),
]
# What a page's reader has changed by then.
BEFORE: Final = {
    (ENGINES, "On your machine"): "cp spark-engine/tests/fixtures/flows/abalone-pandas.flow my.flow",
    (TROUBLESHOOTING, "Feature Store"): "cp flows/abalone.flow my.flow",
}
# Stops at the first command that fails. The programs were built before, and are staged without a build.
PRELUDE: Final = f"""
set -eo pipefail
make() {{
  case "$1" in
    build) test -x {CLI} && test -x {ENGINE}; return;;
    package) shift;;
    *) command make "$@"; return;;
  esac
  [ $# = 0 ] || local "$@"
  python packaging/package.py --bucket "$S3_BUCKET_NAME" --version "${{VERSION:-}}" \\
    --architectures {ARCHITECTURE} ${{DRY_RUN:+--dry-run}}
}}
"""
# What the pages say about an account with IAM enforced, another port, and arm64.
CHANGES: Final = {"credential-helper $@": "credential-helper --ignore-host-check $@"}
ON_ARM64: Final = {'"Value": "native"': '"Value": "data-wrangler"', "target/lambda/": "target/lambda-arm64/"}
BUCKET: Final = "my-bucket"
LIMIT_SECONDS: Final = 1700.0
"""Limit for all commands together. Long, because a busy machine is slow."""


def executed(block: Block) -> bool:
    """Whether the tour runs the block."""
    return block.language == "sh" and block.marker is None and (block.page, block.heading) in SECTIONS


def script(aws: LocalAws, checkout: Path, user: dict[str, str]) -> str:
    """Returns the commands of all sections."""
    lines, page = [PRELUDE], ""
    readers = {DEPLOY: (ROOT, aws.environment()), USE: (ROOT, user)}
    for each in SECTIONS:
        if each[0] != page:
            page = each[0]
            folder, keys = readers.get(page, (checkout, aws.environment()))
            lines += [f"cd '{folder}'", "unset AWS_SESSION_TOKEN"]
            lines += [f"export {name}='{value}'" for name, value in keys.items()]
        lines += [BEFORE[each]] if each in BEFORE else []
        for block in blocks(page):
            if block.heading == each[1] and executed(block):
                lines += [f"echo '==> {block.place}'", block.text]
    text = for_this_machine("\n".join(lines))
    port = {"127.0.0.1:4566": aws.endpoint.removeprefix("http://")}
    for old, new in {**CHANGES, **port}.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def for_this_machine(text: str) -> str:
    """Makes the changes for arm64 that the pages mention."""
    for old, new in ON_ARM64.items() if ARCHITECTURE == "arm64" else ():
        text = text.replace(old, new)
    return text


def check_out(folder: Path) -> None:
    """Makes a folder that has the repository's files, and those that pages of reference call the reader's."""
    folder.mkdir()
    for path in ROOT.iterdir():
        (folder / path.name).symlink_to(path)
    data = abalone().content
    for flow in ("my.flow", "abalone.flow"):
        shutil.copy(ROOT / "flows/abalone.flow", folder / flow)
    for file in ("my.csv", "abalone.csv", "rows.csv"):
        (folder / file).write_bytes(data)


def fill_bucket(aws: LocalAws) -> None:
    """Creates the reader's bucket, with a file."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="landing/a.csv", Body=b"".join(abalone().content.splitlines(True)[:8]))
