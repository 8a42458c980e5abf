"""Checks the templates against AWS's own Guard rules: `guard.py <node_modules/...cfnguard> <templates>`.

The rules are those of AWS Control Tower's proactive controls, which come with Guard itself from npm. They
look at values, and a template's are functions, so what is checked is the stack that the template makes of the
parameters in `parameters.json`: every optional part is on. A resource that a rule does not suit says so, with
the reason, in its metadata:

    Metadata: {guard: {skip: [{id: <rule>, comment: <reason>}]}}

A finding that is not skipped is an error, and so is a skip that finds nothing.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from resolve import Stack, Template  # noqa: E402 - the tests' folder is no package

# Guard's exit codes: all rules passed, and some did not.
PASSED, FAILED = 0, 19


def main() -> int:
    """Exit code 1 if anything was found."""
    package = Path(sys.argv[1])
    parameters = json.loads((HERE / "parameters.json").read_text("utf-8"))
    errors = [
        f"{template}: {error}"
        for template in map(Path, sys.argv[2:])
        for error in check(package, Template.load(template).resolve(parameters[template.name]))
    ]
    print("\n".join(errors) or "Guard: no findings", file=sys.stderr)
    return 1 if errors else 0


def check(package: Path, stack: Stack) -> Iterator[str]:
    """What is wrong with a stack."""
    found = dict(findings(package, stack))
    skipped = {
        (skip["id"], resource.logical_id): skip["comment"]
        for resource in stack.resources.values()
        for skip in resource.attributes.get("Metadata", {}).get("guard", {}).get("skip", [])
    }
    for (rule, resource), message in found.items():
        if (rule, resource) not in skipped:
            yield f"{resource}: {rule}\n    {message}"
    for rule, resource in skipped.keys() - found.keys():
        yield f"{resource}: skips {rule}, which finds nothing there"


def findings(package: Path, stack: Stack) -> Iterator[tuple[tuple[str, str], str]]:
    """Rule and resource of everything that Guard finds, with its message."""
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            name: {"Type": resource.type, "Properties": resource.properties}
            for name, resource in stack.resources.items()
        },
    }
    for failed in guard(package, document)["not_compliant"]:
        text = json.dumps(failed)
        message = re.search(r"\[CT\.[^\"]*?(?=\\n)", text)
        for resource in sorted(set(re.findall(r'"path": "/Resources/(\w+)', text))):
            yield (failed["Rule"]["name"], resource), message.group() if message else ""


def guard(package: Path, document: dict[str, Any]) -> dict[str, Any]:
    """Guard's report on one document."""
    system = "macos" if platform.system() == "Darwin" else "ubuntu"
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        done = subprocess.run(
            [
                *(package / "bin" / system / machine / "cfn-guard", "validate"),
                *("--rules", package / "rules" / "control-tower"),
                *("--data", file.name),
                *("--structured", "--output-format", "json", "--show-summary", "none"),
            ],
            capture_output=True,
            check=False,
        )
    if done.returncode not in (PASSED, FAILED):
        raise SystemExit(f"Guard failed with {done.returncode}: {done.stderr.decode()}")
    report: dict[str, Any] = json.loads(done.stdout)[0]
    return report


if __name__ == "__main__":
    sys.exit(main())
