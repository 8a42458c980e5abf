"""Jobs end with the server, however it ends, and what is to be kept is kept."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from test_lifecycle import processes_in, tmp

from feature_groups import create_group, query, record, runtime_of, values_of
from jobs import (
    create_steps,
    ended_execution,
    job_log,
    request,
    run_job,
    start_steps,
    steps_of,
    upload,
)
from local_aws import LocalAws
from waiting import until

__all__ = ["tmp"]


def start_waiting_step(server: LocalAws) -> tuple[Any, str]:
    """A SageMaker client and an execution whose job runs until it is stopped."""
    upload(server)
    step = {"Name": "ingest", "Type": "Processing", "Arguments": request("wait.sh")}
    sagemaker = create_steps(server, step)
    arn = start_steps(sagemaker)
    until(lambda: [line for line in job_log(server, "pipelines-") if line.startswith("running ")])
    return sagemaker, arn


def test_a_job_ends_with_its_server(tmp: Path) -> None:
    with LocalAws() as server:
        start_waiting_step(server)
        assert len(processes_in(tmp)) > 2
    assert list(tmp.iterdir()) == []
    assert processes_in(tmp) == []


def test_a_job_ends_with_a_server_that_is_killed(tmp: Path) -> None:
    server = LocalAws()
    server.start()
    start_waiting_step(server)
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not list(tmp.iterdir()) and not processes_in(tmp))
    server.stop()


def test_what_ran_is_stopped_in_the_state_that_is_kept(tmp: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with LocalAws(data_dir=data) as server:
        _, arn = start_waiting_step(server)
    with LocalAws(data_dir=data) as server:
        sagemaker = server.client("sagemaker")
        described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        assert described["PipelineExecutionStatus"] == "Stopped"
        assert [step["StepStatus"] for step in steps_of(sagemaker, arn)] == ["Stopped"]
        [job] = sagemaker.list_processing_jobs()["ProcessingJobSummaries"]
        assert job["ProcessingJobStatus"] == "Stopped"
        later = start_steps(sagemaker, 2)
        sagemaker.stop_pipeline_execution(PipelineExecutionArn=later, ClientRequestToken="s" * 32)
        assert ended_execution(sagemaker, later)["PipelineExecutionStatus"] == "Stopped"
    assert list(tmp.iterdir()) == []


def test_feature_groups_and_jobs_are_kept(tmp: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with LocalAws(data_dir=data) as server:
        described = create_group(server)
        runtime_of(server).put_record(FeatureGroupName="FG-abalone", Record=record(1))
        upload(server)
        job = run_job(server, request("report.py"))
    with LocalAws(data_dir=data) as server:
        sagemaker = server.client("sagemaker")
        again = sagemaker.describe_feature_group(FeatureGroupName="FG-abalone")
        assert {**again, "ResponseMetadata": None} == {
            **described,
            "ResponseMetadata": None,
            "OnlineStoreTotalSizeBytes": again["OnlineStoreTotalSizeBytes"],
        }
        assert values_of(runtime_of(server), 1)["rings"] == "9.5"
        table = described["OfflineStoreConfig"]["DataCatalogConfig"]["TableName"]
        assert query(server, f"SELECT record_id FROM {table}") == [["1"]]
        kept = sagemaker.describe_processing_job(ProcessingJobName="job")
        assert {**kept, "ResponseMetadata": None} == {**job, "ResponseMetadata": None}
    assert list(tmp.iterdir()) == []


def test_an_engine_that_is_no_program_is_refused_at_the_start(tmp: Path, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.touch()
    with pytest.raises(Exception, match=r"text is not a program\. hint: "):
        LocalAws(ingest_features=text).start()
    assert list(tmp.iterdir()) == []
