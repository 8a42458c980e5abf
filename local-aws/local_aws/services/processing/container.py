"""Chooses the process that runs in place of a container.

No image is pulled. The entry point of a request runs as a process on this machine, which is enough for our
engine in a stock image. AWS's Data Wrangler container is not available, so our engine runs its steps, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_aws.services.processing.data_wrangler import engine_arguments
from local_aws.services.processing.ml_dir import MlDir
from local_aws.services.processing.model import JobError, ProcessingJob
from local_aws.services.processing.spark_container import IMAGE as _SPARK

_DATA_WRANGLER: Final = re.compile(r"[^/]+/sagemaker-data-wrangler-container([:@][^/]+)?")
_STOCK: Final = re.compile(r"[^/]+/(sagemaker-scikit-learn|sagemaker-base-python)([:@][^/]+)?")
SUPPORTED: Final = (
    "local-aws runs images with a ContainerEntrypoint of their own whose name is sagemaker-scikit-learn, "
    "sagemaker-base-python or sagemaker-spark-processing, as processes on this machine, and "
    "sagemaker-data-wrangler-container with the engine ingest-features"
)


@dataclass(frozen=True)
class Engines:
    """The programs that run in place of the Data Wrangler container."""

    ingest_features: Path | None = None
    """Runs the flows that the native engine supports, and writes the rows of all flows."""
    spark: Path | None = None
    """Runs the other flows, for ingest-features."""


@dataclass(frozen=True)
class Command:
    """A command line, and the first line of the log."""

    arguments: list[str]
    remark: str
    is_data_wrangler: bool = False
    """Whether the engine stands in for the Data Wrangler container."""
    spark: Path | None = None
    """The Spark engine, if it stands in for the Spark image."""


def command_of(job: ProcessingJob, ml_dir: MlDir, engines: Engines) -> Command:
    """Returns the command of a job. Raises JobError for an unsupported image."""
    application = job.request["AppSpecification"]
    image: str = application["ImageUri"]
    entry_point: list[str] = application.get("ContainerEntrypoint", [])
    arguments: list[str] = application.get("ContainerArguments", [])
    if _DATA_WRANGLER.fullmatch(image) and not entry_point:
        engine = engines.ingest_features
        if engine is None:
            raise JobError(
                f"ClientError: {image} requires the engine ingest-features, which is not set. "
                "hint: start local-aws with --ingest-features PATH, or set LOCAL_AWS_INGEST_FEATURES"
            )
        remark = (
            f"local-aws: NOT the Data Wrangler container: {engine.name}, the native engine, runs its step"
        )
        spark = ["--spark-engine", str(engines.spark)] if engines.spark else []
        if spark:
            remark += ", with Spark if it does not support the flow"
        own = map(ml_dir.rewritten, engine_arguments(arguments))
        return Command([str(engine), *spark, *own], remark, is_data_wrangler=True)
    if _STOCK.fullmatch(image) and entry_point:
        remark = f"local-aws: runs as a process on this machine, not in {image}"
        return Command([ml_dir.rewritten(part) for part in [*entry_point, *arguments]], remark)
    if _SPARK.fullmatch(image) and entry_point:
        return _in_spark(
            image, [ml_dir.rewritten(part) for part in [*entry_point, *arguments]], engines.spark
        )
    raise JobError(f"ClientError: local-aws does not support the image '{image}'. {SUPPORTED}.")


def _in_spark(image: str, arguments: list[str], spark: Path | None) -> Command:
    if spark is None:
        raise JobError(
            f"ClientError: {image} requires the Spark engine, which is not set. "
            "hint: start local-aws with --spark-engine PATH, or set LOCAL_AWS_SPARK_ENGINE"
        )
    remark = (
        f"local-aws: runs as a process on this machine, not in {image}; python3 is the one of {spark.name}, "
        "which installs Spark on first use (500 MB)"
    )
    return Command(arguments, remark, spark=spark)
