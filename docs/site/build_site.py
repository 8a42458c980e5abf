"""Builds the documentation site into target/site/html: pages in both languages, and the crates' API."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from check_links import faults

REPOSITORY = Path(__file__).parents[2]
SITE = REPOSITORY / "target" / "site"
HTML = SITE / "html"
RUSTDOC = REPOSITORY / "target" / "doc"
OUTPUT = {"en": HTML, "ko": HTML / "ko"}
START = {"en": "README.html", "ko": "README.ko.html"}


def main() -> None:
    """Build everything, and check its links."""
    shutil.rmtree(HTML, ignore_errors=True)
    # Both at the same time, each with its own folder of parsed pages.
    builds = [subprocess.Popen(command(language)) for language in OUTPUT]
    failed = [build.wait() != 0 for build in builds]
    if any(failed):
        sys.exit("The documentation site was not built: see the warnings above.")
    for language, folder in OUTPUT.items():
        shutil.copy(folder / START[language], folder / "index.html")
    # What myst-nb extracts from notebooks. The pages have copies.
    shutil.rmtree(HTML / "jupyter_execute", ignore_errors=True)
    copy_api()
    found = list(faults(HTML))
    if found:
        sys.exit("\n".join([*found, f"The documentation site has {len(found)} broken links."]))
    print(f"The documentation site is in {HTML.relative_to(REPOSITORY)}. Open index.html in a browser.")


def command(language: str) -> list[str]:
    """sphinx-build from scratch: a warning, such as a link without a target, is an error."""
    return [
        *(sys.executable, "-m", "sphinx", "--builder", "html", "--quiet"),
        *("--fresh-env", "--write-all", "--fail-on-warning"),
        *("--conf-dir", str(Path(__file__).parent), "--define", f"language={language}"),
        *("--doctree-dir", str(SITE / "doctrees" / language)),
        *(str(REPOSITORY), str(OUTPUT[language])),
    ]


def copy_api() -> None:
    """Copy what rustdoc made, without crates of others that a `cargo doc` of the user may have added."""
    crates = {path.parent.name.replace("-", "_") for path in REPOSITORY.glob("crates/*/Cargo.toml")}

    def others(folder: str, names: list[str]) -> set[str]:
        if Path(folder) not in (RUSTDOC, RUSTDOC / "src"):
            return set()
        return {name for name in names if (RUSTDOC / name / "all.html").is_file() and name not in crates}

    if not RUSTDOC.is_dir():
        sys.exit("The crates' documentation is missing.\nhint: make docs")
    shutil.copytree(RUSTDOC, HTML / "api", ignore=others)


if __name__ == "__main__":
    main()
