"""The programs that run in place of the Data Wrangler container."""

from pathlib import Path

import pytest

from jobs import DATA_WRANGLER
from local_aws.launcher import LocalAws
from local_aws.services.processing.container import Engines, command_of
from local_aws.services.processing.ml_dir import MlDir
from local_aws.services.processing.model import ProcessingJob

NATIVE, SPARK = Path("/programs/ingest-features"), Path("/programs/spark-engine")


def job() -> ProcessingJob:
    """A job of the Data Wrangler container."""
    application = {"ImageUri": DATA_WRANGLER, "ContainerArguments": ["--output-config", "{}"]}
    request = {"AppSpecification": application}
    return ProcessingJob("job", "arn", "123456789012", "eu-west-1", request, {}, 0.0, 0.0)


def test_native_engine_runs_the_step_alone_if_there_is_no_spark(tmp_path: Path) -> None:
    command = command_of(job(), MlDir(tmp_path), Engines(NATIVE))
    assert command.arguments == [str(NATIVE), "--output-config", "{}"]
    assert command.remark.endswith("ingest-features, the native engine, runs its step")


def test_native_engine_learns_about_the_spark_engine(tmp_path: Path) -> None:
    command = command_of(job(), MlDir(tmp_path), Engines(NATIVE, SPARK))
    assert command.arguments == [str(NATIVE), "--spark-engine", str(SPARK), "--output-config", "{}"]
    assert command.remark.endswith("runs its step, with Spark if it does not support the flow")


def test_refuses_spark_engine_that_is_not_executable_at_start(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.touch()
    with pytest.raises(Exception, match=r"text is not an executable file\. hint: set --spark-engine"):
        LocalAws(spark_engine=text).start()
