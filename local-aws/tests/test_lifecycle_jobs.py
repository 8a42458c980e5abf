"""Tests that jobs end with the server, and that state is saved."""

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
    """Start an execution whose job runs until it is stopped. Returns it and a SageMaker client."""
    upload(server)
    step = {"Name": "ingest", "Type": "Processing", "Arguments": request("wait.sh")}
    sagemaker = create_steps(server, step)
    arn = start_steps(sagemaker)
    until(lambda: [line for line in job_log(server, "pipelines-") if line.startswith("running ")])
    return sagemaker, arn


def test_job_ends_with_server(tmp: Path) -> None:
    with LocalAws() as server:
        start_waiting_step(server)
        assert len(processes_in(tmp)) > 2
    assert list(tmp.iterdir()) == []
    assert processes_in(tmp) == []


def test_job_ends_with_killed_server(tmp: Path) -> None:
    server = LocalAws()
    server.start()
    start_waiting_step(server)
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not list(tmp.iterdir()) and not processes_in(tmp))
    server.stop()


def test_saved_state_shows_running_jobs_as_stopped(tmp: Path, tmp_path: Path) -> None:
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


def test_data_directory_keeps_feature_groups_and_jobs(tmp: Path, tmp_path: Path) -> None:
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


def test_refuses_engine_that_is_not_executable_at_start(tmp: Path, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.touch()
    with pytest.raises(Exception, match=r"text is not an executable file\. hint: "):
        LocalAws(ingest_features=text).start()
    assert list(tmp.iterdir()) == []
