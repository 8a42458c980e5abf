"""What is run in place of a container.

No image is ever pulled: the entry point that a request names is run as a process of this machine, which is
what our own engine in a stock image needs. AWS's Data Wrangler container cannot be had, so its steps are run
by that engine, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_aws.processing.ml_dir import MlDir
from local_aws.processing.model import JobError, ProcessingJob

_DATA_WRANGLER: Final = re.compile(r"[^/]+/sagemaker-data-wrangler-container([:@][^/]+)?")
_STOCK: Final = re.compile(r"[^/]+/(sagemaker-scikit-learn|sagemaker-base-python)([:@][^/]+)?")
SUPPORTED: Final = (
    "local-aws runs images with a ContainerEntrypoint of their own whose name is sagemaker-scikit-learn or "
    "sagemaker-base-python, as processes of this machine, and sagemaker-data-wrangler-container by the "
    "engine ingest-features"
)


@dataclass(frozen=True)
class Command:
    """A command line, and what the log says first."""

    arguments: list[str]
    remark: str


def command_of(job: ProcessingJob, ml_dir: MlDir, engine: Path | None) -> Command:
    """How to run a job. Raises JobError for an image that cannot be run here."""
    application = job.request["AppSpecification"]
    image: str = application["ImageUri"]
    entry_point: list[str] = application.get("ContainerEntrypoint", [])
    arguments: list[str] = application.get("ContainerArguments", [])
    if _DATA_WRANGLER.fullmatch(image) and not entry_point:
        if engine is None:
            raise JobError(
                f"ClientError: {image} cannot be run here, and no engine is given to stand in for it. "
                "hint: start local-aws with --ingest-features PATH, or set LOCAL_AWS_INGEST_FEATURES"
            )
        remark = (
            f"local-aws: NOT the Data Wrangler container: its step is run by {engine.name}, the native engine"
        )
        return Command([str(engine), *map(ml_dir.rewritten, arguments)], remark)
    if _STOCK.fullmatch(image) and entry_point:
        remark = f"local-aws: run as a process of this machine, not in {image}"
        return Command([ml_dir.rewritten(part) for part in [*entry_point, *arguments]], remark)
    raise JobError(f"ClientError: the image '{image}' cannot be run here. {SUPPORTED}.")
