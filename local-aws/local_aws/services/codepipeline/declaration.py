"""Checks pipeline declarations. Supports sources in CodeCommit and builds in CodeBuild."""

from __future__ import annotations

import copy
import re
from typing import Any, Final

from local_aws.protocol.errors import AwsError

_PROVIDERS: Final = {
    ("Source", "CodeCommit"): ("RepositoryName", "BranchName"),
    ("Build", "CodeBuild"): ("ProjectName",),
}
_CONFIGURATION: Final = {
    "CodeCommit": {"RepositoryName", "BranchName", "PollForSourceChanges", "OutputArtifactFormat"},
    "CodeBuild": {"ProjectName"},
}
_DECLARED: Final = {"name", "roleArn", "artifactStore", "stages", "version", "executionMode", "pipelineType"}
_ACTION: Final = {
    "name",
    "actionTypeId",
    "runOrder",
    "configuration",
    "outputArtifacts",
    "inputArtifacts",
    "region",
    "namespace",
}
_NAME: Final = re.compile(r"[A-Za-z0-9.@\-_]{1,100}")


def checked(declaration: dict[str, Any]) -> dict[str, Any]:
    """Returns a checked copy of a declaration. Raises AwsError."""
    if _NAME.fullmatch(declaration["name"]) is None:
        raise structure_error(f"'{declaration['name']}' is not a valid pipeline name.")
    unknown = sorted(declaration.keys() - _DECLARED)
    if unknown:
        raise structure_error(f"local-aws does not implement {', '.join(unknown)} of a pipeline.")
    if declaration.get("executionMode", "SUPERSEDED") != "SUPERSEDED":
        raise structure_error(
            f"local-aws does not implement the execution mode {declaration['executionMode']}."
        )
    if "location" not in declaration.get("artifactStore", {}):
        raise structure_error("A pipeline requires an artifactStore with a location.")
    stages = declaration["stages"]
    if len(stages) < 2:
        raise structure_error(
            "Pipeline should have at least 2 stages, and start with one that only contains source actions."
        )
    names = [stage["name"] for stage in stages]
    if len(set(names)) != len(names):
        raise structure_error("Stage names must be unique.")
    made: set[str] = set()
    for at, stage in enumerate(stages):
        for action in stage["actions"]:
            _check_action(stage["name"], action, at == 0)
            missing = {item["name"] for item in action.get("inputArtifacts", [])} - made
            if missing:
                raise AwsError(
                    "InvalidActionDeclarationException",
                    f"Action {action['name']}: no earlier action outputs {', '.join(sorted(missing))}.",
                )
            made |= {item["name"] for item in action.get("outputArtifacts", [])}
    return copy.deepcopy(declaration)


def _check_action(stage: str, action: dict[str, Any], first: bool) -> None:
    kind = action["actionTypeId"]
    category, provider = kind["category"], kind["provider"]

    def refused(why: str) -> AwsError:
        return AwsError(
            "InvalidActionDeclarationException", f"Action {action['name']} of stage {stage}: {why}"
        )

    if (category, provider) not in _PROVIDERS or kind["owner"] != "AWS":
        raise refused(f"local-aws does not implement the provider {provider} of {category} actions.")
    unknown = sorted(action.keys() - _ACTION)
    if unknown:
        raise refused(f"local-aws does not implement {', '.join(unknown)}.")
    configuration = action.get("configuration", {})
    missing = [name for name in _PROVIDERS[category, provider] if not configuration.get(name)]
    if missing:
        raise refused(f"its configuration is missing {', '.join(missing)}.")
    strange = sorted(configuration.keys() - _CONFIGURATION[provider])
    if strange or configuration.get("OutputArtifactFormat", "CODE_ZIP") != "CODE_ZIP":
        raise refused(f"local-aws does not implement {', '.join(strange) or 'this OutputArtifactFormat'}.")
    if (category == "Source") != first:
        raise refused("only the first stage must have source actions.")
    if category == "Source" and len(action.get("outputArtifacts", [])) != 1:
        raise refused("a source action must have one output artifact.")
    if category == "Build" and (len(action.get("inputArtifacts", [])) != 1 or action.get("outputArtifacts")):
        raise refused("local-aws supports only builds with one input and no output artifact.")


def structure_error(message: str) -> AwsError:
    """Returns the error for an invalid declaration."""
    return AwsError("InvalidStructureException", message)
