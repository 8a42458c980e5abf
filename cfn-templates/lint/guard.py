"""Checks the templates against AWS's own Guard rules: `guard.py <node_modules/...cfnguard> <templates>`.

The rules are AWS Control Tower's proactive controls. The npm package contains the rules and Guard itself.
Rules check values, but templates contain functions. The check therefore resolves each template with the
parameters in `parameters.json`, which turn on every optional part. A resource skips a rule in its metadata:

    Metadata: {guard: {skip: [{id: <rule>, comment: <reason>}]}}

A finding without a skip is an error, and so is a skip without a finding.
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

from resolve import Stack, Template  # noqa: E402 - the tests' folder is not a package

# Guard's exit codes: all rules passed; some rules failed.
PASSED, FAILED = 0, 19


def main() -> int:
    """Return 1 if there are findings."""
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
    """Yield the errors of a stack."""
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
        yield f"{resource}: skips {rule}, but the rule has no finding there; remove the skip"


def findings(package: Path, stack: Stack) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the rule and resource of each finding, with its message."""
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
    """Return Guard's report on a document."""
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
