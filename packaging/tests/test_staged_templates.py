"""The staged templates are valid, and differ from the checked-in ones only in the staged values."""

from __future__ import annotations

import difflib
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import REPOSITORY, build
from staging.artifacts import collect
from staging.place import PREFIX, Place
from staging.templates import portfolio, product
from staging.versions import Version
from staging.yaml_edit import Document

PLACE = Place("sagemaker-staging", "eu-west-1")
PRODUCT = REPOSITORY / "cfn-templates/project-s3-fs-ingestion.yaml"
PORTFOLIO = REPOSITORY / "cfn-templates/sm-project-sc-portfolio.yaml"
VERSIONS = [Version("1.0", PLACE.url("a.yaml")), Version("2.0", PLACE.url("b.yaml"))]


def staged_product(root: Path, *, arm64: bool, engines: bool) -> bytes:
    build(root, engines=engines)
    return product(PRODUCT, PLACE, collect(root, ["x86_64", "arm64"] if arm64 else ["x86_64"]))


def changed(before: Path, after: bytes) -> list[str]:
    """The lines that differ, with - and +."""
    lines = difflib.ndiff(before.read_text().splitlines(), after.decode().splitlines())
    return [f"{line[0]}{line[2:].strip()}" for line in lines if line[0] in "+-"]


def lint(path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("everything", [False, True])
def test_product_is_valid_and_offers_only_what_was_packaged(
    root: Path, tmp_path: Path, everything: bool
) -> None:
    staged = tmp_path / "staged.yaml"
    staged.write_bytes(staged_product(root, arm64=everything, engines=everything))
    template = Document(staged.read_text())
    assert template.texts("Parameters", "Architecture", "AllowedValues") == [
        "x86_64",
        *(["arm64"] if everything else []),
    ]
    assert template.text("Parameters", "Architecture", "Default") == "x86_64"
    engines = template.texts("Parameters", "Engine", "AllowedValues")
    assert engines == ["data-wrangler", *(["native", "spark"] if everything else [])]
    lint(staged)


def test_product_differs_only_in_defaults_and_allowed_values(root: Path) -> None:
    differing = changed(PRODUCT, staged_product(root, arm64=False, engines=False))
    assert all(line[1:].startswith(("Default: ", "AllowedValues: ")) for line in differing)


def test_portfolio_is_valid_and_requires_only_the_principal(tmp_path: Path) -> None:
    staged = tmp_path / "staged.yaml"
    staged.write_bytes(portfolio(PORTFOLIO, PLACE, VERSIONS))
    lint(staged)
    template = Document(staged.read_text())
    parameters = template.find("Parameters")
    assert parameters is not None
    names = [key.value for key, _ in parameters.value]
    needed = [name for name in names if template.find("Parameters", name, "Default") is None]
    assert needed == ["SCPortfolioPrincipalRoleArn"]


def test_portfolio_differs_only_in_staging_parameters_and_versions() -> None:
    added = [line[1:] for line in changed(PORTFOLIO, portfolio(PORTFOLIO, PLACE, VERSIONS)) if line[0] == "+"]
    assert added == [
        "Parameters: [StagingBucketName, StagingPrefix]",
        "Default: 'sagemaker-staging'",
        f"Default: '{PREFIX}'",
        "- Name: '1.0'",
        f"LoadTemplateFromURL: '{VERSIONS[0].url}'",
        "- Name: '2.0'",
        "Description: Transforms uploaded files and ingests them into a feature group",
        "Info:",
        f"LoadTemplateFromURL: '{VERSIONS[1].url}'",
    ]


def test_portfolio_has_no_parameters_for_a_versions_hash() -> None:
    staged = portfolio(PORTFOLIO, PLACE, VERSIONS).decode()
    for name in ("ProductTemplateSha256", "ProductVersion"):
        assert name in PORTFOLIO.read_text()
        assert name not in staged
