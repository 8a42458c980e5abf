"""Runs a build: its source, its commands and its log. Stops all its processes at the end.

Each command runs in a new bash, the shell of AWS's Amazon Linux images. Variables, functions and the working
directory are carried to the next command.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import threading
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.background import Background
from local_aws.clients import Clients, Credentials, Keys
from local_aws.services.codebuild.buildspec import PHASES, Buildspec, BuildspecError, Phase, parse_buildspec
from local_aws.services.codebuild.model import Build, BuildStatus, PhaseRecord
from local_aws.services.processing.log_stream import LogStream
from local_aws.services.processing.process import run_process

_STATE: Final = "state"
# The state is saved even if the command exits the shell. Read-only variables are skipped.
_SCRIPT: Final = """\
trap '__code=$?; {{ declare -p; declare -f; printf "cd %q\\n" "$PWD"; }} > "{state}"; exit $__code' EXIT
source "{state}" 2>/dev/null
export CODEBUILD_BUILD_SUCCEEDING={succeeding}
{command}
"""
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LOCAL_AWS_RUN", "LD_LIBRARY_PATH")


class _PhaseError(Exception):
    """A phase failed."""


@dataclass
class _Run:
    """A running build."""

    build: Build
    folder: Path
    environment: dict[str, str]
    log: LogStream
    deadline: float
    succeeding: bool = True

    @property
    def source(self) -> Path:
        """The directory of its source."""
        return self.folder / "src"


class BuildRunner:
    """Runs builds in the background."""

    def __init__(self, clients: Clients, keys: Keys, background: Background, lock: threading.RLock) -> None:
        self._clients = clients
        self._keys = keys
        self._background = background
        self._lock = lock

    def start(self, build: Build) -> None:
        """Run a build. Its status shows when it has ended."""
        self._background.spawn(f"build-{build.id}", lambda: self._build(build))

    def _build(self, build: Build) -> None:
        key = self._keys.role_key(build.settings["serviceRole"], build.project.account)
        log = self._log(build, key)
        timeout = 60 * build.settings.get("timeoutInMinutes", 60)
        status: BuildStatus = "FAULT"
        try:
            with tempfile.TemporaryDirectory(prefix="codebuild-", ignore_cleanup_errors=True) as folder:
                run = _Run(build, Path(folder), {}, log, time.monotonic() + timeout)
                run.environment = _environment(build, run, key)
                status = self._phases(run, key)
        finally:
            log.line(f"[Container] Build {status}")
            log.close()
            with self._lock:
                _begin(build, "COMPLETED")
                build.ended_at, build.status = time.time(), status

    def _phases(self, run: _Run, key: Credentials) -> BuildStatus:
        build = run.build
        with self._lock:
            for name in ("SUBMITTED", "QUEUED", "PROVISIONING"):
                _end(_begin(build, name), "SUCCEEDED")
        record = self._begin(run, "DOWNLOAD_SOURCE")
        try:
            self._download(run, key)
            buildspec = self._buildspec(run)
        except (_PhaseError, BuildspecError) as error:
            self._fail(run, record, str(error))
            return "FAILED"
        self._end(record, "SUCCEEDED")
        run.environment.update({**buildspec.variables, **_own_variables(build)})
        status = self._commands(run, buildspec)
        for name in ("UPLOAD_ARTIFACTS", "FINALIZING"):
            self._end(self._begin(run, name), "SUCCEEDED")
        return status

    def _commands(self, run: _Run, buildspec: Buildspec) -> BuildStatus:
        for name in PHASES:
            phase = buildspec.phases.get(name, Phase((), (), None))
            record = self._begin(run, name.upper())
            try:
                for command in phase.commands:
                    self._command(run, command)
            except _PhaseError as error:
                run.succeeding = False
                self._fail(run, record, str(error))
            finally:
                self._finally(run, phase)
            if record.status is None:
                self._end(record, "SUCCEEDED")
            if run.build.stop.is_set():
                return "STOPPED"
            if time.monotonic() >= run.deadline:
                return "TIMED_OUT"
            # The post-build phase runs even after a failed build phase, unless on-failure says otherwise.
            goes_on = phase.on_failure == "CONTINUE" or (phase.on_failure is None and name == "build")
            if record.status == "FAILED" and not goes_on:
                return "FAILED"
        return "SUCCEEDED" if run.succeeding else "FAILED"

    def _finally(self, run: _Run, phase: Phase) -> None:
        for command in phase.finally_:
            if run.build.stop.is_set() or time.monotonic() >= run.deadline:
                return
            try:
                self._command(run, command)
            except _PhaseError as error:
                run.succeeding = False
                run.log.line(f"[Container] {error}")

    def _command(self, run: _Run, command: str) -> None:
        run.log.line(f"[Container] Running command {command.strip()}")
        state = run.folder / _STATE
        if not state.exists():
            state.write_text(f"cd {_quoted(run.source)}\n")
        script = _SCRIPT.format(state=state, succeeding=int(run.succeeding), command=command)
        left = max(0.0, run.deadline - time.monotonic())
        try:
            ending, code = run_process(
                ["bash", "-c", script], run.environment, run.source, run.log.write, run.build.stop, left
            )
        except (OSError, ValueError) as error:
            raise _PhaseError(f"COMMAND_EXECUTION_ERROR: cannot run bash: {error}") from error
        if ending == "stopped":
            raise _PhaseError("BUILD_STOPPED: Build has been stopped")
        if ending == "timed-out":
            raise _PhaseError("BUILD_TIMED_OUT: Build has timed out.")
        if code != 0:
            first = command.strip().splitlines()[0] if command.strip() else ""
            reason = f"Error while executing command: {first}. Reason: exit status {code}"
            raise _PhaseError(f"COMMAND_EXECUTION_ERROR: {reason}")

    def _download(self, run: _Run, key: Credentials) -> None:
        run.source.mkdir()
        if run.build.source is None:
            return
        bucket, name = run.build.source
        s3 = self._clients.client("s3", run.build.project.region, key)
        try:
            archive = s3.get_object(Bucket=bucket, Key=name)["Body"].read()
            with zipfile.ZipFile(io.BytesIO(archive)) as content:
                for entry in content.infolist():
                    # extract moves members that point outside into the folder.
                    target = Path(content.extract(entry, run.source))
                    mode = entry.external_attr >> 16 & 0o777
                    if mode and target.is_file():
                        target.chmod(mode | 0o600)
        except (ClientError, BotoCoreError, zipfile.BadZipFile, OSError) as error:
            raise _PhaseError(
                f"CLIENT_ERROR: cannot download the source s3://{bucket}/{name}: {error}"
            ) from error

    def _buildspec(self, run: _Run) -> Buildspec:
        given = (
            run.build.buildspec_override or run.build.settings["source"].get("buildspec") or "buildspec.yml"
        )
        if "\n" in given:
            return parse_buildspec(given)
        file = (run.source / given).resolve()
        if not file.is_relative_to(run.source.resolve()) or not file.is_file():
            raise _PhaseError(f"YAML_FILE_ERROR: stat {given}: no such file or directory")
        try:
            return parse_buildspec(file.read_text("utf-8"))
        except UnicodeDecodeError as error:
            raise _PhaseError(f"YAML_FILE_ERROR: {given} is not UTF-8: {error}") from error

    def _log(self, build: Build, key: Credentials) -> LogStream:
        logs: dict[str, Any] = build.settings.get("logsConfig", {}).get("cloudWatchLogs", {})
        group = logs.get("groupName") or f"/aws/codebuild/{build.project.name}"
        stream = build.id.partition(":")[2]
        if logs.get("streamName"):
            stream = f"{logs['streamName']}/{stream}"
        with self._lock:
            build.log_group, build.log_stream = group, stream
        client = self._clients.client("logs", build.project.region, key)
        return LogStream(client, stream, str, group)

    def _begin(self, run: _Run, name: str) -> PhaseRecord:
        run.log.line(f"[Container] Entering phase {name}")
        with self._lock:
            return _begin(run.build, name)

    def _end(self, record: PhaseRecord, status: str) -> None:
        with self._lock:
            _end(record, status)

    def _fail(self, run: _Run, record: PhaseRecord, message: str) -> None:
        run.log.line(f"[Container] Phase context status code: {message}")
        with self._lock:
            record.message = message
            _end(record, "FAILED")


def _begin(build: Build, name: str) -> PhaseRecord:
    record = PhaseRecord(name, time.time())
    build.phases.append(record)
    return record


def _end(record: PhaseRecord, status: str) -> None:
    record.ended_at, record.status = time.time(), status


def _environment(build: Build, run: _Run, key: Credentials) -> dict[str, str]:
    """Returns a build's variables. From the server, only those that every program needs."""
    home = run.folder / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # The AWS CLI is installed next to this interpreter.
    tools = str(Path(sys.executable).parent)
    return {
        **kept,
        "PATH": f"{tools}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "HOME": str(home),
        "TMPDIR": str(run.folder),
        "CI": "true",
        **key.variables(),
        "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"],
        "AWS_REGION": build.project.region,
        "AWS_DEFAULT_REGION": build.project.region,
        "AWS_ACCOUNT_ID": build.project.account,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_IMAGE": build.settings["environment"]["image"],
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_INITIATOR": build.initiator,
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.source_version or "",
        "CODEBUILD_SOURCE_VERSION": f"arn:aws:s3:::{'/'.join(build.source)}" if build.source else "",
        "CODEBUILD_SRC_DIR": str(run.source),
        "CODEBUILD_START_TIME": str(int(build.started_at * 1000)),
    }


def _own_variables(build: Build) -> dict[str, str]:
    """Returns the variables of the project and of StartBuild. They override the buildspec's."""
    listed = [*build.settings["environment"].get("environmentVariables", []), *build.overrides]
    return {item["name"]: item["value"] for item in listed}


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "'\\''") + "'"
