"""Every code block of the README and of docs/ is run, checked, or exempt for a reason.

| language | proved by |
|---|---|
| sh | test_guides.py, test_readme.py and test_migration.py, which run it |
| json | test_readme.py, which compares it with what the block above prints |
| yaml | `ingestion-pipeline build`, which accepts it |
| python | running it |
| mermaid | parsing it |
| text | test_page_texts.py, by what it says |

A block in another language fails until this table has a way to prove it. Korean blocks are the English
ones, apart from comments and labels.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import mermaid
import test_migration
import test_page_texts
import test_readme
import typed_pages
from builds import ROOT
from pages import Block, blocks, blocks_of, english_pages, korean_pages
from terminal import output_of, run
from wiring import ACCOUNT

# Each marker of the pages. Prefer to run a block.
EXEMPT: Final = [
    ("README.md", "Try it", "not-run", "runs every test, this one too; test_commands.py runs make demo"),
    ("docs/benchmarks.md", "Run it", "not-run", "measures for minutes, and installs a Python runtime"),
    (
        "docs/benchmarks.md",
        "Run the engines' benchmark",
        "not-run",
        "measures for minutes, and is not exact on a busy machine",
    ),
    ("docs/deploy.md", "Package inside AWS", "aws-only", "downloads a toolchain to a build machine"),
    ("docs/deploy.md", "Package inside AWS", "aws-only", "downloads a toolchain to a build machine"),
    ("docs/deploy.md", "Package inside AWS", "aws-only", "downloads a toolchain to a build machine"),
    ("docs/first-run-on-aws.md", "The first run on AWS", "aws-only", "it is what to run on AWS first"),
    ("docs/local-aws.md", "Start it", "not-run", "servers in the foreground; the tests start their own"),
    ("docs/operate.md", "Costs", "aws-only", "local-aws has no price list"),
    ("docs/operate.md", "Smoke checks on AWS", "aws-only", "checks what only AWS can answer"),
]
BLOCKS: Final = [block for page in english_pages() for block in blocks(page)]
# What a project's build sets.
SETTINGS: Final = {
    "SAGEMAKER_PROJECT_NAME": "my-project",
    "SAGEMAKER_PROJECT_ID": "p-abcdefghijkl",
    "AWS_REGION": "us-east-1",
    "DW_FLOW_URL": "my.flow",
    "S3_DATA_PREFIX": "s3://my-bucket/landing/",
    "FEATURE_GROUP_NAME": "FG-abalone",
    "EXECUTION_ROLE": f"arn:aws:iam::{ACCOUNT}:role/job",
    "INGEST_FEATURES_URL": "s3://my-bucket/ingest-features",
}


def written_in(language: str) -> list[Block]:
    """Returns the blocks in a language that are not exempt."""
    return [block for block in BLOCKS if block.language == language and block.marker is None]


def place(block: Block) -> str:
    """Names a block's test."""
    return block.place


@pytest.mark.parametrize("block", BLOCKS, ids=place)
def test_block_is_proved_or_exempt(block: Block) -> None:
    proved = {
        "sh": any(each.executed(block) for each in (typed_pages, test_readme, test_migration)),
        "json": test_readme.executed(block),
        "yaml": True,
        "python": True,
        "mermaid": True,
        "text": (block.page, block.heading) in test_page_texts.PROVED,
    }
    assert block.marker or proved.get(block.language), (
        f"{block.place}: no test runs or checks this block ({block.language or 'no language'}). "
        "hint: add its section to typed_pages.py, or write <!-- not-run: the reason --> above it"
    )


def test_exempt_blocks_are_listed_with_their_reasons() -> None:
    found = [(each.page, each.heading, each.marker, each.reason) for each in BLOCKS if each.marker]
    assert found == EXEMPT


@pytest.mark.parametrize("block", written_in("mermaid"), ids=place)
def test_diagram_is_valid(block: Block) -> None:
    assert mermaid.parse(block.text).edges


@pytest.mark.parametrize("block", written_in("yaml"), ids=place)
def test_pipeline_yaml_is_accepted(block: Block, cli: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "flows/abalone.flow", tmp_path / "my.flow")
    (tmp_path / "pipeline.yaml").write_text(block.text)
    printed = output_of(run(SETTINGS, cli, "build", at=tmp_path))
    assert '"Version": "2020-12-01"' in printed


@pytest.mark.parametrize("block", written_in("python"), ids=place)
def test_python_runs(block: Block, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block.text],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("translated", "original"), korean_pages().items())
def test_korean_page_has_the_same_blocks(translated: str, original: str) -> None:
    assert [without_words(block) for block in blocks(translated)] == [
        without_words(block) for block in blocks(original)
    ]


def without_words(block: Block) -> tuple[str, str | None, object]:
    """Returns what must be equal in both languages."""
    if block.language == "mermaid":
        return block.language, block.marker, mermaid.parse(block.text)
    lines = [re.sub(r"\s+# .*", "", line) for line in block.text.splitlines()]
    return block.language, block.marker, lines


def test_reads_blocks_with_their_markers() -> None:
    text = """# Page
## A section
<!-- aws-only: has no price list -->
```sh
aws pricing
```
1. A step:

   ~~~yaml
   a:
     - b
   ~~~
"""
    assert blocks_of("a.md", text) == [
        Block("a.md", "A section", 4, "sh", "aws pricing\n", "aws-only", "has no price list"),
        Block("a.md", "A section", 9, "yaml", "a:\n  - b\n", None, ""),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("```sh\nls\n", "a.md:1 has a block without an end"),
        ("> ```sh\n> ls\n> ```\n", "a.md:1 has a fence that is not on a line of its own"),
        (
            "<!-- not-run: slow -->\n\n```sh\nls\n```\n",
            "a.md:1 has a marker that is not directly above a block",
        ),
        ("<!-- not-run -->\n```sh\nls\n```\n", "a.md:1 has a malformed marker"),
    ],
)
def test_refuses_malformed_pages(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        blocks_of("a.md", text)


@pytest.mark.parametrize(
    "text",
    [
        "flowchart LR\n  a[One] --> b",
        "flowchart LR\n  a[One] -> b[Two]",
        "flowchart LR\n  a[One --> b[Two]",
        "flowchart LR\n  a[One] -->|two b[Two]",
        "sequenceDiagram\n  participant A\n  A->>B: hello",
        "graph LR\n  a[One] --> b[Two]",
    ],
)
def test_refuses_broken_diagrams(text: str) -> None:
    with pytest.raises(ValueError, match="`"):
        mermaid.parse(text)
