"""The order of staging: an object is staged before any template that names it.

1. programs and seed code
2. the product's template under its hash
3. the product's template for Studio's S3 templates
4. the portfolio's template, which names all versions
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from staging import templates, versions
from staging.artifacts import PROVISIONING, Artifact, Build
from staging.bucket import Bucket, Change, ChangedMeanwhileError, Stored
from staging.errors import PackagingError
from staging.place import PORTFOLIO_KEY, PREFIX, PRODUCT_KEY, Place
from staging.versions import Version

# Others may package to the same bucket at the same time. Each of them can win once.
_ATTEMPTS: Final = 10
_YAML_TYPE: Final = "application/yaml"
_DONE: Final = {
    Change.NONE: "unchanged",
    Change.UPLOAD: "uploaded",
    Change.REPLACE: "replaced",
    Change.TAG: "tagged",
}


@dataclasses.dataclass(frozen=True)
class Staging:
    """What is staged, and where. `bucket` is None in a dry run without access to the bucket."""

    root: Path
    place: Place
    build: Build
    bucket: Bucket | None
    dry_run: bool
    say: Callable[[str], None]
    wait: Callable[[float], None] = time.sleep

    def run(self, name: str) -> Version:
        """Stages everything as version `name`. The default name contains the project's version and a hash."""
        product = templates.product(
            self.root / "cfn-templates/project-s3-fs-ingestion.yaml", self.place, self.build
        )
        digest = hashlib.sha256(product).hexdigest()
        new = Version(
            versions.check_name(name) if name else versions.default_name(self.root, digest),
            self.place.url(f"{PREFIX}project-s3-fs-ingestion/{digest}.yaml"),
        )
        exists = self.bucket is not None and self.bucket.exists()
        # Fail before anything is written if the portfolio cannot be staged.
        self._portfolio(new, self._read_portfolio() if exists else None)
        target = self if exists else self._with_new_bucket()
        visible = {**PROVISIONING, "sagemaker:studio-visibility": "true"}
        for artifact in [
            *self.build.artifacts,
            Artifact(f"{PREFIX}project-s3-fs-ingestion/{digest}.yaml", product, _YAML_TYPE),
            Artifact(PRODUCT_KEY, product, _YAML_TYPE, visible),
        ]:
            target._stage(artifact)
        return target._stage_portfolio(new)

    def _with_new_bucket(self) -> Staging:
        """Creates the bucket. In a dry run, returns a staging without a bucket."""
        what = f"bucket {self.place.bucket} in {self.place.region}: private, encrypted, TLS only, versioned"
        if self.dry_run or self.bucket is None:
            self.say(f"would create {what}")
            return dataclasses.replace(self, bucket=None)
        self.bucket.create()
        self.say(f"created      {what}")
        return self

    def _stage(self, artifact: Artifact) -> None:
        change = self._needs(artifact)
        if not self.dry_run and self.bucket:
            self.bucket.put(artifact, change)
        self._report(change, artifact)

    def _needs(self, artifact: Artifact) -> Change:
        return self.bucket.needs(artifact) if self.bucket else Change.UPLOAD

    def _report(self, change: Change, artifact: Artifact) -> None:
        done = _DONE[change]
        if self.dry_run and change is not Change.NONE:
            done = f"would {change.value}"
        self.say(f"{done:<12} {artifact.key} ({len(artifact.body):,} bytes)")

    def _read_portfolio(self) -> Stored | None:
        return self.bucket.read(PORTFOLIO_KEY) if self.bucket else None

    def _portfolio(self, new: Version, staged: Stored | None) -> tuple[Artifact, Version]:
        """The portfolio's template with all versions, and the version with the new content."""
        former = templates.staged_versions(staged.content, self.place) if staged else []
        for version in former:
            self._check_template(version)
        merged = versions.with_new(former, new)
        path = self.root / "cfn-templates/sm-project-sc-portfolio.yaml"
        artifact = Artifact(PORTFOLIO_KEY, templates.portfolio(path, self.place, merged), _YAML_TYPE)
        return artifact, next(version for version in merged if version.url == new.url)

    def _check_template(self, version: Version) -> None:
        key = version.url.removeprefix(self.place.url(""))
        if self.bucket and not self.bucket.holds(key):
            raise PackagingError(
                f"The template of version `{version.name}` does not exist: {version.url}",
                "remove the object's delete marker (aws s3api list-object-versions shows it)",
            )

    def _stage_portfolio(self, new: Version) -> Version:
        for attempt in range(_ATTEMPTS):
            staged = self._read_portfolio()
            artifact, version = self._portfolio(new, staged)
            change = self._needs(artifact)
            if self.bucket is None or self.dry_run:
                self._report(change, artifact)
                return version
            try:
                if change in {Change.UPLOAD, Change.REPLACE}:
                    self.bucket.replace(artifact, staged)
                else:
                    self.bucket.put(artifact, change)
            except ChangedMeanwhileError:
                self.say("another `make package` has just staged a version; merging")
                self.wait(random.uniform(0, 0.2 * 2**attempt))
                continue
            self._report(change, artifact)
            return version
        raise PackagingError(
            f"{self.place.url(PORTFOLIO_KEY)} was changed by others {_ATTEMPTS} times in a row.",
            "run it again when no other `make package` runs",
        )
