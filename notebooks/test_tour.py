"""The tour: all notebooks, in both languages, from beginning to end, as a Studio user with IAM enforced.

Each language has an account of its own, and both run at the same time. The executed copies are in
target/notebooks/executed, with their plots.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

import jupyter_lab
from builds import ENGINE, ROOT
from inventory import everything
from local_aws.launcher import LocalAws
from notebooks import FOLDERS

EXECUTED: Final = ROOT / "target/notebooks/executed"
SETUP, PIPELINE, CLEAN_UP = "00-setup", "01-feature-store-ingest-pipeline", "99-clean-up"
# Limits for hangs. A tour takes a minute, but many on a busy machine.
LIMIT_SECONDS: Final = 1700
pytestmark = pytest.mark.timeout(3600)
# Shared by all jobs, and not of the tour.
JOBS_LOG: Final = "log group /aws/sagemaker/ProcessingJobs"


@dataclass(frozen=True)
class Tour:
    """The executed notebooks of a language, and what the account contains besides before and after."""

    notebooks: dict[str, dict[str, Any]]
    before: set[str]
    after: set[str]

    def printed(self, name: str) -> str:
        """Returns what a notebook printed."""
        streams = [output for output in self._outputs(name) if output["output_type"] == "stream"]
        return "".join("".join(output["text"]) for output in streams)

    def shown(self, name: str) -> str:
        """Returns the text of what a notebook displayed, such as tables."""
        found = [output["data"] for output in self._outputs(name) if "data" in output]
        return "\n".join("".join(data.get("text/plain", "")) for data in found)

    def plots(self, name: str) -> int:
        """Returns the number of a notebook's plots."""
        return sum("image/png" in output.get("data", {}) for output in self._outputs(name))

    def _outputs(self, name: str) -> Iterator[dict[str, Any]]:
        for cell in self.notebooks[name]["cells"]:
            yield from cell.get("outputs", [])


def run_tour(language: str) -> Tour:
    """Runs a language's notebooks in a new account, as they are committed."""
    committed = ROOT / "notebooks" / FOLDERS[language]
    folder = EXECUTED / language
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    paths = [Path(shutil.copy(committed / f"{name}.ipynb", folder)) for name in (SETUP, PIPELINE, CLEAN_UP)]
    with LocalAws(auth=True, ingest_features=ROOT / ENGINE) as aws:
        variables = jupyter_lab.publish(aws)
        before = everything(aws)
        for path in paths:
            command = [str(jupyter_lab.TOOLS / "bin/jupyter"), "execute", "--inplace", str(path)]
            done = subprocess.run(
                command,
                cwd=folder,
                env=jupyter_lab.shell(variables),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=LIMIT_SECONDS,
            )
            assert done.returncode == 0, f"{path}:\n{done.stdout[-6000:]}\n{aws.log_tail(20)}"
        return Tour({path.stem: json.loads(path.read_text()) for path in paths}, before, everything(aws))


@pytest.fixture(scope="session")
def tours() -> Iterator[dict[str, Future[Tour]]]:
    """Starts the tours of all languages."""
    if not (ROOT / ENGINE).is_file() or not (jupyter_lab.TOOLS / "installed").is_file():
        pytest.fail("a program or JupyterLab is missing. Run `make test-notebooks`, which makes them")
    with ThreadPoolExecutor(len(FOLDERS)) as pool:
        yield {language: pool.submit(run_tour, language) for language in FOLDERS}


@pytest.fixture(params=FOLDERS)
def tour(request: pytest.FixtureRequest, tours: dict[str, Future[Tour]]) -> Tour:
    """The tour in a language."""
    return tours[request.param].result()


def test_setup_gets_the_data_and_finds_the_output(tour: Tour) -> None:
    assert "4,177 rows, 10 columns" in tour.printed(SETUP)
    assert "00000000-0000-4000-8000-000000000005.default" in tour.printed(SETUP)
    assert tour.plots(SETUP) == 2


def test_new_group_is_empty(tour: Tour) -> None:
    assert re.search(r"with 13 features\.", tour.printed(SETUP))
    assert re.search(
        r'^0 records in "sagemaker_featurestore"\."fg_abalone', tour.printed(SETUP), re.MULTILINE
    )


def test_uploaded_file_becomes_features(tour: Tour) -> None:
    assert "rows 4,177 read, 4,177 written, 0 rejected" in tour.printed(PIPELINE)
    assert "4,177 records, from 8,354 writes" in tour.printed(PIPELINE)


def test_features_can_be_queried_and_plotted(tour: Tour) -> None:
    shown = tour.shown(PIPELINE)
    for row in (r"female\s+1307\s+11\.13", r"infant\s+1342\s+7\.89", r"male\s+1528\s+10\.71"):
        assert re.search(row, shown), row
    assert tour.plots(PIPELINE) == 3


def test_push_changes_the_pipeline(tour: Tour) -> None:
    difference = tour.printed(PIPELINE).partition("--- before\n+++ after\n")[2]
    assert '+      "DefaultValue": "ml.m5.xlarge",' in difference
    assert '+          "MaxRuntimeInSeconds": 7200' in difference


def test_bad_rows_are_kept_and_duplicate_events_start_nothing(tour: Tour) -> None:
    printed = tour.printed(PIPELINE)
    assert "rows 6 read, 0 written, 3 rejected" in printed
    assert "rows 3 read, 3 written, 0 rejected" in printed
    deliveries = re.findall(r"(?:first|second) delivery: (\S+), token (\S+)\.\.\.", printed)
    assert len(deliveries) == 2
    assert len(set(deliveries)) == 1


def test_nothing_of_the_tour_is_left(tour: Tour) -> None:
    assert "Nothing is left." in tour.printed(CLEAN_UP)
    assert tour.after - tour.before == {JOBS_LOG}
    removed = {each.partition(" ")[0] for each in tour.before - tour.after}
    assert removed == {"attachment"}
    assert not list(EXECUTED.glob("*/work"))


def test_languages_show_the_same(tours: dict[str, Future[Tour]]) -> None:
    english, korean = (tours[language].result() for language in ("en", "ko"))
    for name in (SETUP, PIPELINE, CLEAN_UP):
        assert english.plots(name) == korean.plots(name)
        assert len(english.printed(name).splitlines()) > 10
