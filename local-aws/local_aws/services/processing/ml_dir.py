"""A job's ``/opt/ml``: a directory on this machine, and the files that SageMaker puts there.

Source: "How Amazon SageMaker AI Runs Your Processing Container Image" in the developer guide.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from local_aws.services.processing.model import ProcessingJob

ML: Final = PurePosixPath("/opt/ml")
HOST: Final = "algo-1"
"""The host that runs a job's process. The others exist in the configuration only."""
MESSAGE_BYTES: Final = 1024
_READ_BYTES: Final = 64 * MESSAGE_BYTES
_MENTION: Final = re.compile(r"/opt/ml(?![\w.-])")


@dataclass(frozen=True)
class MlDir:
    """The directory that stands for ``/opt/ml``."""

    path: Path

    def local(self, container_path: str) -> Path:
        """Returns the local path of a path below ``/opt/ml``, which must not contain ``..``."""
        return self.path / PurePosixPath(container_path).relative_to(ML)

    def rewritten(self, text: str) -> str:
        """Replaces each ``/opt/ml`` in an argument or a variable by this directory."""
        return _MENTION.sub(lambda _: str(self.path), text)

    def as_in_container(self, text: str) -> str:
        """Replaces each mention of this directory in the job's output by ``/opt/ml``."""
        return text.replace(str(self.path), str(ML))

    def prepare(self, job: ProcessingJob) -> None:
        """Create the folders and the configuration files of a container."""
        for place in ("config", "output", "processing"):
            (self.path / place).mkdir(parents=True)
        for output in job.outputs:
            path = output.get("S3Output", {}).get("LocalPath")
            if path is not None:
                self.local(path).mkdir(parents=True, exist_ok=True)
        self._write("processingjobconfig.json", _job_config(job))
        resources = {
            "current_host": HOST,
            "hosts": [f"algo-{number}" for number in range(1, job.instance_count + 1)],
            "current_instance_type": job.instance_type,
        }
        self._write("resourceconfig.json", resources)

    def change_inputs(self, inputs: list[dict[str, Any]]) -> None:
        """Replace the inputs in the job's configuration."""
        name = "processingjobconfig.json"
        config = json.loads((self.path / "config" / name).read_text(encoding="utf-8"))
        self._write(name, {**config, "ProcessingInputs": inputs})

    def exit_message(self) -> str | None:
        """Returns the first 1 KB of the container's exit message. Raises UnicodeDecodeError."""
        file = self.path / "output" / "message"
        if not file.is_file():
            return None
        with file.open("rb") as content:
            start = content.read(_READ_BYTES).replace(str(self.path).encode(), str(ML).encode())
        return _whole_characters(start[:MESSAGE_BYTES]) or None

    def _write(self, name: str, content: dict[str, Any]) -> None:
        (self.path / "config" / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _whole_characters(data: bytes) -> str:
    """Decodes UTF-8 that may be cut within its last character."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and len(data) == MESSAGE_BYTES:
            return data[: error.start].decode("utf-8")
        raise


def _job_config(job: ProcessingJob) -> dict[str, Any]:
    """Returns the request as DescribeProcessingJob shows it, with null for unset members."""
    application = job.request["AppSpecification"]
    return {
        "ProcessingJobArn": job.arn,
        "ProcessingJobName": job.name,
        "AppSpecification": {
            "ImageUri": application["ImageUri"],
            "ContainerEntrypoint": application.get("ContainerEntrypoint"),
            "ContainerArguments": application.get("ContainerArguments"),
        },
        "Environment": job.request.get("Environment"),
        "ProcessingInputs": job.inputs,
        "ProcessingOutputConfig": {
            "Outputs": job.outputs,
            "KmsKeyId": job.request.get("ProcessingOutputConfig", {}).get("KmsKeyId"),
        },
        "ProcessingResources": job.request["ProcessingResources"],
        "NetworkConfig": job.request.get("NetworkConfig"),
        "RoleArn": job.role_arn,
        "StoppingCondition": {"MaxRuntimeInSeconds": job.max_runtime_seconds},
    }
