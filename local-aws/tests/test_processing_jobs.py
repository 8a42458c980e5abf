"""Tests processing jobs: inputs, process, outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import NO_RETRIES, ROLE
from jobs import BUCKET, DATA_WRANGLER, ended_job, job_log, request, run_job, s3_input, upload
from local_aws import LocalAws
from waiting import until

JOB_ARN = "arn:aws:sagemaker:us-east-1:000000000000:processing-job"


def report(s3: Any) -> dict[str, Any]:
    body = s3.get_object(Bucket=BUCKET, Key="out/report.json")["Body"].read()
    found: dict[str, Any] = json.loads(body)
    return found


def files(s3: Any) -> list[str]:
    return [name.removeprefix("processing/") for name in report(s3)["files"] if "/code/" not in name]


def refused(server: LocalAws, created: dict[str, Any], name: str = "job") -> str:
    with pytest.raises(ClientError) as error:
        server.client("sagemaker", config=NO_RETRIES).create_processing_job(ProcessingJobName=name, **created)
    assert error.value.response["Error"]["Code"] == "ValidationException"
    return str(error.value)


def test_job_reads_inputs_and_uploads_outputs(running_server: LocalAws) -> None:
    s3 = upload(running_server, **{"in/abalone.csv": "a,b\n1,2\n"})
    created = request(
        "report.py", "--input", "/opt/ml/processing/abalone", "--keep=/opt/ml", "/opt/mlx",
        inputs=[s3_input("abalone", f"s3://{BUCKET}/in/abalone.csv")],
        Environment={"PLACE": "/opt/ml/processing/out", "LOCAL_AWS_RUN": "mine", "AWS_REGION": "eu-west-1"},
    )  # fmt: skip
    job = run_job(running_server, created, "Job-1")
    assert job["ProcessingJobStatus"] == "Completed", job
    assert job["ProcessingJobArn"] == f"{JOB_ARN}/job-1"
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    assert job["ExitMessage"] == "전복 4 rows"
    assert "FailureReason" not in job
    seen = report(s3)
    ml = seen["environment"]["INGEST_FEATURES_ML_DIR"]
    assert seen["arguments"] == ["--input", f"{ml}/processing/abalone", f"--keep={ml}", "/opt/mlx"]
    assert seen["environment"]["PLACE"] == f"{ml}/processing/out"
    assert seen["environment"]["AWS_REGION"] == "us-east-1"
    assert seen["environment"]["LOCAL_AWS_RUN"] != "mine"
    assert seen["environment"]["AWS_ENDPOINT_URL"] == running_server.endpoint
    assert not {"GATEWAY_PORT", "S3_DATA_DIR", "LAMBDA_EXECUTOR"} & seen["environment"].keys()
    assert files(s3) == ["abalone/abalone.csv"]
    assert seen["job"]["ProcessingJobName"] == "Job-1"
    assert seen["job"]["ProcessingInputs"][1]["S3Input"]["LocalPath"] == "/opt/ml/processing/abalone"
    assert seen["resources"]["hosts"] == ["algo-1"]
    listed = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix="out/")["Contents"]]
    assert listed == ["out/deep/복사.txt", "out/report.json"]
    assert not Path(ml).exists()


def test_log_has_stdout_stderr_and_command(running_server: LocalAws) -> None:
    upload(running_server)
    assert run_job(running_server, request("report.py"))["ProcessingJobStatus"] == "Completed"
    first, *lines = job_log(running_server)
    assert first.startswith("local-aws: runs as a process on this machine, not in ")
    assert sorted(lines) == ["not UTF-8: \\udcff", "to standard error", "to standard output"]


def test_prefix_includes_every_matching_key(running_server: LocalAws) -> None:
    keys = ["in/a.csv", "in/a.csv.bak", "in/a.csv/part-0", "in/b.csv", "in/deep/c.csv", "in/folder/"]
    s3 = upload(running_server, **dict.fromkeys(keys, "x"))
    sources = {
        "object": "in/a.csv",
        "folder": "in/deep/",
        "bare-folder": "in/deep",
        "odd": "in//",
    }
    s3.put_object(Bucket=BUCKET, Key="in//odd.csv", Body=b"x")
    inputs = [s3_input(name, f"s3://{BUCKET}/{prefix}") for name, prefix in sources.items()]
    job = run_job(running_server, request("report.py", inputs=inputs))
    assert job["ProcessingJobStatus"] == "Completed", job
    assert files(s3) == [
        "bare-folder/c.csv",
        "folder/c.csv",
        "object/a.csv",
        "object/a.csv.bak",
        "object/part-0",
        "odd/odd.csv",
    ]


def test_manifest_includes_exactly_listed_keys(running_server: LocalAws) -> None:
    listed = json.dumps([{"prefix": f"s3://{BUCKET}/in/"}, "a.csv", "deep/c.csv"])
    s3 = upload(running_server, **{"in/a.csv": "a", "in/a.csv.bak": "b", "in/deep/c.csv": "c", "m": listed})
    inputs = [s3_input("data", f"s3://{BUCKET}/m", S3DataType="ManifestFile")]
    job = run_job(running_server, request("report.py", inputs=inputs))
    assert job["ProcessingJobStatus"] == "Completed", job
    assert files(s3) == ["data/a.csv", "data/deep/c.csv"]


@pytest.mark.parametrize(
    "manifest",
    ["", "{}", "[]", '["a.csv"]', '[{"prefix": "s3://data/"}]', '[{"prefix": 1}, "a"]', "[" * 100_000,
     '[{"prefix": "s3://data/in/"}, "../code/report.py"]', '[{"prefix": "s3://data/in/"}, 7]'],
)  # fmt: skip
def test_invalid_manifest_fails_job(running_server: LocalAws, manifest: str) -> None:
    upload(running_server, m=manifest)
    inputs = [s3_input("data", f"s3://{BUCKET}/m", S3DataType="ManifestFile")]
    job = run_job(running_server, request("report.py", inputs=inputs))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(f"ClientError: Data download failed: s3://{BUCKET}/m: ")


@pytest.mark.parametrize("uri", [f"s3://{BUCKET}/none.csv", "s3://no-such-bucket/a.csv"])
def test_missing_input_fails_job_as_on_aws(running_server: LocalAws, uri: str) -> None:
    upload(running_server)
    job = run_job(running_server, request("report.py", inputs=[s3_input("data", uri)]))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(
        f'ClientError: No S3 objects found under S3 URL "{uri}" given in input data source. '
    )
    assert ROLE in job["FailureReason"]
    assert "ProcessingStartTime" not in job


@pytest.mark.parametrize("key", ["in/../../escaped.txt", "in/" + "x" * 300, "in/a/../b"])
def test_invalid_file_name_fails_job(running_server: LocalAws, key: str) -> None:
    upload(running_server, **{key: "x"})
    job = run_job(running_server, request("report.py", inputs=[s3_input("data", f"s3://{BUCKET}/in/")]))
    assert job["ProcessingJobStatus"] == "Failed"
    assert "Data download failed" in job["FailureReason"]


def test_file_and_folder_clash_fails_job(running_server: LocalAws) -> None:
    upload(running_server, **{"in/p/d": "x", "in/p/d/e": "x"})
    job = run_job(running_server, request("report.py", inputs=[s3_input("data", f"s3://{BUCKET}/in/p/")]))
    assert "clashes with it" in job["FailureReason"]


def test_failed_program_fails_job(running_server: LocalAws) -> None:
    s3 = upload(running_server)
    job = run_job(running_server, request("fail.sh"))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 3"
    assert job["ExitMessage"] == "the flow is broken, see /opt/ml/processing/out/lost.txt"
    assert job_log(running_server)[-1] == "the flow is broken"
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="out/")


def test_unstartable_program_fails_job(running_server: LocalAws) -> None:
    upload(running_server)
    created = request("report.py")
    created["AppSpecification"]["ContainerEntrypoint"] = ["/opt/ml/processing/code/none"]
    job = run_job(running_server, created)
    assert job["ProcessingJobStatus"] == "Failed"
    assert "code/none could not be started: " in job["FailureReason"]
    job = run_job(running_server, request("report.py", "a\0b"), "with-a-nul")
    assert job["ProcessingJobStatus"] == "Failed"
    assert "/bin/sh could not be started: embedded null byte" in job["FailureReason"]


def test_exit_message_is_cut_to_one_kilobyte_of_whole_characters(running_server: LocalAws) -> None:
    upload(running_server)
    # 1 KB ends within the 342nd character of three bytes.
    job = run_job(running_server, request("message.py", "전".encode().hex(), "500"), "long")
    assert job["ExitMessage"] == "전" * 341
    job = run_job(running_server, request("message.py", "ff00", "1"), "binary")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "ClientError: The exit message /opt/ml/output/message is not UTF-8"


def test_stopping_a_job_signals_it_and_ends_children(running_server: LocalAws) -> None:
    upload(running_server)
    sagemaker = running_server.client("sagemaker", config=NO_RETRIES)
    sagemaker.create_processing_job(ProcessingJobName="job", **request("wait.sh"))
    [running] = until(lambda: [line for line in job_log(running_server) if line.startswith("running ")])
    folder = running.removeprefix("running in ")
    sagemaker.stop_processing_job(ProcessingJobName="job")
    job = ended_job(sagemaker)
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Stopped", "stopped\n")
    assert "FailureReason" not in job
    assert job_log(running_server)[-1] == "got SIGTERM"
    assert not Path(folder).exists()
    until(lambda: not processes_of(folder))
    with pytest.raises(ClientError, match="in status Stopped"):
        sagemaker.stop_processing_job(ProcessingJobName="job")


def test_stops_job_that_exceeds_max_runtime(running_server: LocalAws) -> None:
    upload(running_server)
    created = request("wait.sh", StoppingCondition={"MaxRuntimeInSeconds": 1})
    job = run_job(running_server, created)
    assert job["ProcessingJobStatus"] == "Stopped"
    assert job["FailureReason"] == "ClientError: the job ran for MaxRuntimeInSeconds, 1"


def test_reset_ends_running_jobs(running_server: LocalAws) -> None:
    upload(running_server)
    sagemaker = running_server.client("sagemaker")
    sagemaker.create_processing_job(ProcessingJobName="job", **request("wait.sh"))
    [running] = until(lambda: [line for line in job_log(running_server) if line.startswith("running ")])
    running_server.reset()
    until(lambda: not processes_of(running.removeprefix("running in ")))
    assert sagemaker.list_processing_jobs()["ProcessingJobSummaries"] == []
    assert job_log(running_server) == []


@pytest.mark.parametrize(
    "image", ["python:3.11", "x.dkr.ecr.us-east-1.amazonaws.com/mine", "", DATA_WRANGLER]
)
def test_unsupported_image_fails_job(running_server: LocalAws, image: str) -> None:
    upload(running_server)
    created = request("report.py")
    created["AppSpecification"]["ImageUri"] = image
    job = run_job(running_server, created)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(
        f"ClientError: local-aws does not support the image '{image}'. local-aws runs"
    )


def test_stock_image_without_entry_point_fails_job(running_server: LocalAws) -> None:
    upload(running_server)
    created = request("report.py")
    del created["AppSpecification"]["ContainerEntrypoint"]
    assert "with a ContainerEntrypoint" in run_job(running_server, created)["FailureReason"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"NetworkConfig": {"EnableNetworkIsolation": True}}, "EnableNetworkIsolation"),
        ({"ProcessingInputs": [s3_input("a", "s3://b/c", S3InputMode="Pipe")]}, "S3InputMode Pipe"),
        ({"ProcessingInputs": [s3_input("a", "s3://b/c", LocalPath="/etc")]}, "below /opt/ml/processing/"),
        (
            {"ProcessingInputs": [s3_input("a", "s3://b/c", LocalPath="/opt/ml/processing/../../../etc")]},
            "below /opt/ml/processing/",
        ),
        ({"ProcessingInputs": [s3_input("a", "https://b/c")]}, "must begin with s3://"),
        ({"ProcessingInputs": [{"InputName": "a"}]}, "no S3Input"),
        (
            {"ProcessingInputs": [s3_input("a", "s3://b/c"), s3_input("a", "s3://b/c")]},
            "input names must be unique",
        ),
    ],
)
def test_refuses_unsupported_features_by_name(
    running_server: LocalAws, changed: dict[str, Any], says: str
) -> None:
    assert says in refused(running_server, request("report.py") | changed)
    assert running_server.client("sagemaker").list_processing_jobs()["ProcessingJobSummaries"] == []


def test_refuses_more_than_one_instance(running_server: LocalAws) -> None:
    created = request("report.py")
    created["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 2
    assert "on 1 instance, not on 2" in refused(running_server, created)


def test_refuses_unsupported_outputs(running_server: LocalAws) -> None:
    created = request("report.py")
    [output] = created["ProcessingOutputConfig"]["Outputs"]
    output["S3Output"] = {"S3Uri": "s3://b", "LocalPath": "/tmp", "S3UploadMode": "EndOfJob"}
    assert "output out: LocalPath '/tmp'" in refused(running_server, created)


def test_continuous_outputs_are_uploaded_after_failure(running_server: LocalAws) -> None:
    s3 = upload(running_server)
    created = request("fail.sh")
    created["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3UploadMode"] = "Continuous"
    assert run_job(running_server, created)["ProcessingJobStatus"] == "Failed"
    assert s3.get_object(Bucket=BUCKET, Key="out/lost.txt")["Body"].read() == b"lost\n"


def test_missing_output_bucket_fails_job(running_server: LocalAws) -> None:
    upload(running_server)
    created = request("report.py")
    created["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = "s3://no-such-bucket/out"
    job = run_job(running_server, created)
    assert job["ProcessingJobStatus"] == "Failed"
    assert "Failed to upload output out to s3://no-such-bucket/out" in job["FailureReason"]


def test_names_are_unique_and_lists_jobs(running_server: LocalAws) -> None:
    upload(running_server)
    sagemaker = running_server.client("sagemaker", config=NO_RETRIES)
    for name in ("Job-a", "Job-b", "other"):
        run_job(running_server, request("report.py"), name)
    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        sagemaker.create_processing_job(ProcessingJobName="job-A", **request("report.py"))
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.describe_processing_job(ProcessingJobName="none")

    def listed(**filters: Any) -> list[str]:
        pages = sagemaker.get_paginator("list_processing_jobs").paginate(
            PaginationConfig={"PageSize": 1}, **filters
        )
        return [item["ProcessingJobName"] for page in pages for item in page["ProcessingJobSummaries"]]

    assert listed() == ["other", "Job-b", "Job-a"]
    assert listed(SortBy="Name", SortOrder="Ascending", NameContains="JOB") == ["Job-a", "Job-b"]
    assert listed(StatusEquals="Failed") == []
    assert listed(CreationTimeAfter=4e9) == []


def test_tags_jobs(running_server: LocalAws) -> None:
    upload(running_server)
    job = run_job(running_server, request("report.py", Tags=[{"Key": "a", "Value": "1"}]))
    sagemaker = running_server.client("sagemaker")
    assert sagemaker.list_tags(ResourceArn=job["ProcessingJobArn"])["Tags"] == [{"Key": "a", "Value": "1"}]


def processes_of(folder: str) -> list[int]:
    """Returns the processes whose variables contain a path."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if folder.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def preferences(*types: str, **members: Any) -> dict[str, Any]:
    """Returns resources with instance types in the order of preference."""
    listed = [{"InstanceType": each} for each in types]
    cluster = {"InstancePreferences": listed, "InstanceCount": 1, "VolumeSizeInGB": 30, **members}
    return {"ClusterConfig": cluster}


def test_runs_on_the_first_of_the_preferred_instance_types(running_server: LocalAws) -> None:
    upload(running_server)
    resources = preferences("ml.m5.xlarge", "ml.m5.large")
    ended = run_job(running_server, request("report.py", ProcessingResources=resources))
    assert ended["ProcessingJobStatus"] == "Completed", ended
    cluster = ended["ProcessingResources"]["ClusterConfig"]
    assert (cluster["SelectedInstanceType"], cluster["SelectedInstanceCount"]) == ("ml.m5.xlarge", 1)


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        (preferences("ml.m5.large", "ml.m5.large"), "instance types must be unique"),
        (
            preferences("ml.m5.large", InstanceType="ml.m5.large"),
            "either InstanceType or InstancePreferences",
        ),
        ({"ClusterConfig": {"InstanceCount": 1, "VolumeSizeInGB": 1}}, "either InstanceType or"),
    ],
)
def test_refuses_contradictory_instance_types(
    server: LocalAws, resources: dict[str, Any], reason: str
) -> None:
    upload(server)
    with pytest.raises(ClientError, match=reason):
        run_job(server, request("report.py", ProcessingResources=resources))
