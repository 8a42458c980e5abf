"""Saves projects, catalog, repositories, build projects and pipelines in a file.

The server writes it when it stops and reads it when it starts. Builds are not saved.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from pathlib import Path
from typing import Any

from local_aws.backend import Backend
from local_aws.services.codebuild.model import Project as BuildProject
from local_aws.services.codecommit.repositories import Repository
from local_aws.services.codepipeline.model import Pipeline
from local_aws.services.sagemaker.projects_model import Project
from local_aws.services.service_catalog.model import Catalog


@dataclasses.dataclass
class _Saved:
    projects: dict[str, Project]
    catalog: Catalog
    repositories: dict[str, Repository]
    build_projects: dict[str, BuildProject]
    pipelines: dict[str, Pipeline]


def save(backend: Backend, file: Path) -> None:
    """Write the state."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(dataclasses.asdict(_parts(backend)), indent=1, default=str))


def load(backend: Backend, file: Path) -> None:
    """Load the saved state, if the file exists."""
    if not file.exists():
        return
    saved: _Saved = _restored(_Saved, json.loads(file.read_text()))
    now = _parts(backend)
    now.projects.update(saved.projects)
    now.repositories.update(saved.repositories)
    now.build_projects.update(saved.build_projects)
    now.pipelines.update(saved.pipelines)
    for part in dataclasses.fields(Catalog):
        getattr(now.catalog, part.name).update(getattr(saved.catalog, part.name))


def _parts(backend: Backend) -> _Saved:
    delivery = backend.delivery
    return _Saved(
        projects=backend.projects.by_arn,
        catalog=delivery.catalog,
        repositories=delivery.repositories.by_arn,
        build_projects=delivery.builds.by_arn,
        pipelines=delivery.pipelines.by_arn,
    )


def _restored(kind: Any, value: Any) -> Any:
    """Convert a JSON value back to its type."""
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _restored(hints[name], item) for name, item in value.items()})  # type: ignore[operator]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is dict:
        return {name: _restored(arguments[1], item) for name, item in value.items()}
    if origin is list:
        return [_restored(arguments[0], item) for item in value]
    if origin is tuple:
        return tuple(_restored(part, item) for part, item in zip(arguments, value, strict=True))
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _restored(arguments[0], value)
    return Path(value) if kind is Path else value
