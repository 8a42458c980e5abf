"""The staged templates: the checked-in ones, with the staged objects as their parameters' defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from staging.artifacts import Build
from staging.errors import PackagingError
from staging.place import PORTFOLIO_KEY, PREFIX, Place
from staging.versions import Version
from staging.yaml_edit import Document, YamlError

# CloudFormation's limit for a template in S3, in bytes.
_LARGEST: Final = 1_048_576
_VERSIONS: Final = ("Resources", "FeatureIngestionProduct", "Properties", "ProvisioningArtifactParameters")
_FORM: Final = ("Metadata", "AWS::CloudFormation::Interface")
_CHECKOUT_HINT: Final = "git checkout -- cfn-templates"


def product(path: Path, place: Place, build: Build) -> bytes:
    """The product's template. It names the staged objects, and offers only those in its form."""
    try:
        template = _checked_in(path)
        defaults = {**build.parameters, "StagingBucketName": place.bucket, "StagingPrefix": PREFIX}
        for name, value in defaults.items():
            template.set_text(value, "Parameters", name, "Default")
        _offer(template, "Architecture", build.architectures)
        engines = {"native": build.has_native_engine, "spark": build.has_spark_engine}
        _offer(
            template, "Engine", ["data-wrangler", *(name for name, is_built in engines.items() if is_built)]
        )
        return _encoded(template, path)
    except YamlError as error:
        raise PackagingError(f"{path}: {error}.", _CHECKOUT_HINT) from error


def portfolio(path: Path, place: Place, versions: list[Version]) -> bytes:
    """The portfolio's template with all versions of the product, the newest last.

    The versions are literal text. As parameters, they would keep their old values when a stack is updated.
    """
    try:
        template = _checked_in(path)
        for name, value in {"StagingBucketName": place.bucket, "StagingPrefix": PREFIX}.items():
            template.set_text(value, "Parameters", name, "Default")
        _drop_parameters(template, ["ProductTemplateSha256", "ProductVersion"])
        template.repeat_item(
            [{("Name",): each.name, ("Info", "LoadTemplateFromURL"): each.url} for each in versions],
            *_VERSIONS,
        )
        return _encoded(template, path)
    except YamlError as error:
        raise PackagingError(f"{path}: {error}.", _CHECKOUT_HINT) from error


def staged_versions(content: bytes, place: Place) -> list[Version]:
    """The versions in a staged portfolio template, oldest first."""
    try:
        versions = _versions(content)
        for version in versions:
            _check_version(version, versions, place)
    except (YamlError, UnicodeDecodeError) as error:
        raise PackagingError(
            f"{place.url(PORTFOLIO_KEY)} is not a valid template from `make package`: {error}.",
            "restore the last good version of the object (aws s3api list-object-versions)",
        ) from error
    return versions


def _versions(content: bytes) -> list[Version]:
    if len(content) > _LARGEST:
        raise YamlError(f"it has {len(content):,} bytes")
    template = Document(content.decode())
    return [
        Version(
            template.text(*_VERSIONS, position, "Name"),
            template.text(*_VERSIONS, position, "Info", "LoadTemplateFromURL"),
        )
        for position in range(template.length(*_VERSIONS))
    ]


def _check_version(version: Version, versions: list[Version], place: Place) -> None:
    if not version.url.startswith(place.url(PREFIX)):
        raise YamlError(f"version `{version.name}` is in another bucket: {version.url}")
    if sum(version.name == other.name for other in versions) > 1:
        raise YamlError(f"there are two versions `{version.name}`")


def parameter_default(path: Path, name: str) -> str:
    """The default of a parameter in a staged template."""
    try:
        return Document(path.read_text(encoding="utf-8")).text("Parameters", name, "Default")
    except (OSError, UnicodeDecodeError, YamlError) as error:
        raise PackagingError(f"{path} is not a staged template: {error}.", "make package") from error


def _offer(template: Document, parameter: str, wanted: list[str]) -> None:
    """Limits the parameter's allowed values to these."""
    offered = [value for value in template.texts("Parameters", parameter, "AllowedValues") if value in wanted]
    template.set_list(offered, "Parameters", parameter, "AllowedValues")
    if template.text("Parameters", parameter, "Default") not in offered:
        template.set_text(offered[0], "Parameters", parameter, "Default")


def _drop_parameters(template: Document, names: list[str]) -> None:
    """Removes the parameters, also from the form."""
    for name in names:
        template.remove("Parameters", name)
        template.remove(*_FORM, "ParameterLabels", name)
    for position in range(template.length(*_FORM, "ParameterGroups")):
        group = (*_FORM, "ParameterGroups", position, "Parameters")
        kept = [name for name in template.texts(*group) if name not in names]
        if len(kept) < template.length(*group):
            template.set_list(kept, *group)


def _checked_in(path: Path) -> Document:
    try:
        return Document(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PackagingError(f"{path} cannot be read: {error}.", _CHECKOUT_HINT) from error


def _encoded(template: Document, path: Path) -> bytes:
    content = template.changed().encode()
    if len(content) > _LARGEST:
        raise PackagingError(
            f"{path} would have {len(content):,} bytes; CloudFormation's limit is {_LARGEST:,}.",
            "shorten the template, or use another S3_BUCKET_NAME, which starts without versions",
        )
    return content
