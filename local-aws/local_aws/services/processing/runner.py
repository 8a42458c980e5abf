"""Runs processing jobs: in parallel, each in its own directory. They end with the server."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from local_aws.background import Background
from local_aws.clients import Clients, Credentials, Keys
from local_aws.guardian import MARK
from local_aws.services.processing import spark_container
from local_aws.services.processing.container import Command, Engines, command_of
from local_aws.services.processing.data_wrangler import Reads, bind_sources
from local_aws.services.processing.inputs import download_inputs
from local_aws.services.processing.log_stream import LogStream
from local_aws.services.processing.ml_dir import HOST, MlDir
from local_aws.services.processing.model import ENDED, JobError, JobStatus, ProcessingJob
from local_aws.services.processing.outputs import upload_outputs
from local_aws.services.processing.process import Ending, StopSignal, run_process

_log = logging.getLogger("local_aws")
MAX_JOBS: Final = max(1, os.cpu_count() or 1)
"""The number of parallel jobs. Others wait InProgress, as for instances on AWS."""
_KEPT_VARIABLES: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")


class JobRunner:
    """Starts and stops jobs. The service's lock guards their state."""

    def __init__(
        self,
        clients: Clients,
        keys: Keys,
        background: Background,
        lock: threading.RLock,
        engines: Engines,
        data_wrangler_reads: Reads,
        flush: Callable[[], None],
    ) -> None:
        self._clients = clients
        self._keys = keys
        self._background = background
        self._engines = engines
        self._data_wrangler_reads = data_wrangler_reads
        self._flush = flush
        self._slots = threading.BoundedSemaphore(MAX_JOBS)
        self._stops: dict[str, StopSignal] = {}
        self._changed = threading.Condition(lock)

    def start(self, job: ProcessingJob) -> None:
        """Run a job in the background. The caller must hold the lock."""
        stop = self._stops[job.arn] = StopSignal()
        self._background.spawn(f"job-{job.name}", lambda: self._run(job, stop))

    def stop(self, job: ProcessingJob) -> None:
        """Stop a job. The caller must hold the lock."""
        if job.status == "InProgress":
            self._set(job, "Stopping")
        if job.arn in self._stops:
            self._stops[job.arn].set()

    def stop_all(self) -> None:
        """Stop all jobs, within a second."""
        with self._changed:
            for stop in self._stops.values():
                stop.set(grace_seconds=1.0)
            self._changed.notify_all()

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait for a condition. It is evaluated whenever a job has changed."""
        with self._changed:
            self._changed.wait_for(until)

    def wait_for_change(self) -> None:
        """Wait for the next change. The caller must hold the lock, which is released meanwhile."""
        self._changed.wait()

    def wake(self) -> None:
        """Wake all waiting threads. The caller must hold the lock."""
        self._changed.notify_all()

    def _run(self, job: ProcessingJob, stop: StopSignal) -> None:
        status: JobStatus = "Failed"
        reason: str | None = "InternalServerError: local-aws failed to run the job. See its log."
        try:
            if self._slot(stop):
                try:
                    status, reason = self._run_in_slot(job, stop)
                finally:
                    self._slots.release()
            else:
                status, reason = "Stopped", None
        except JobError as error:
            status, reason = "Failed", str(error)
        except Exception:
            _log.exception("The processing job %s failed within local-aws", job.name)
        with self._changed:
            self._stops.pop(job.arn, None)
            job.failure_reason = reason[:1024] if reason else None
            job.ended_at = time.time()
            self._set(job, status)

    def _slot(self, stop: StopSignal) -> bool:
        while not stop.is_set():
            if self._slots.acquire(timeout=0.1):
                return True
        return False

    def _run_in_slot(self, job: ProcessingJob, stop: StopSignal) -> tuple[JobStatus, str | None]:
        folder = Path(tempfile.mkdtemp(prefix=f"job-{job.name}-"))
        try:
            return self._run_in_folder(job, stop, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run_in_folder(
        self, job: ProcessingJob, stop: StopSignal, folder: Path
    ) -> tuple[JobStatus, str | None]:
        ml_dir = MlDir(folder / "ml")
        key = self._keys.role_key(job.role_arn, job.account)
        command = command_of(job, ml_dir, self._engines)
        s3 = self._clients.client("s3", job.region, key)
        ml_dir.prepare(job)
        download_inputs(s3, job, ml_dir)
        if command.is_data_wrangler:
            bind_sources(job, ml_dir, self._data_wrangler_reads)
        with self._changed:
            job.started_at = time.time()
            self._set(job, job.status)
        ending, code = self._run_command(job, command, ml_dir, key, stop)
        self._flush()
        upload_outputs(s3, job, ml_dir, "Continuous")
        try:
            message = ml_dir.exit_message()
        except UnicodeDecodeError as error:
            raise JobError("ClientError: The exit message /opt/ml/output/message is not UTF-8") from error
        with self._changed:
            job.exit_message = message
        if ending == "stopped":
            return "Stopped", None
        if ending == "timed-out":
            return "Stopped", f"ClientError: the job ran for MaxRuntimeInSeconds, {job.max_runtime_seconds}"
        if code != 0:
            raise JobError(f"AlgorithmError: See job logs for more information, exit code: {code}")
        upload_outputs(s3, job, ml_dir, "EndOfJob")
        return "Completed", None

    def _run_command(
        self, job: ProcessingJob, command: Command, ml_dir: MlDir, key: Credentials, stop: StopSignal
    ) -> tuple[Ending, int]:
        logs = self._clients.client("logs", job.region, key)
        stream = LogStream(logs, f"{job.name}/{HOST}-{int(time.time())}", ml_dir.as_in_container)
        try:
            stream.line(command.remark)
            return run_process(
                command.arguments,
                self._environment(job, command, ml_dir, key),
                ml_dir.path,
                stream.write,
                stop,
                job.max_runtime_seconds,
            )
        except (OSError, ValueError) as error:
            stream.line(f"local-aws: {command.arguments[0]} could not be started: {error}")
            raise JobError(f"AlgorithmError: {command.arguments[0]} could not be started: {error}") from error
        finally:
            stream.close()

    def _environment(
        self, job: ProcessingJob, command: Command, ml_dir: MlDir, key: Credentials
    ) -> dict[str, str]:
        """Returns the job's variables, with general defaults and the variables that local-aws sets."""
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        own = {name: ml_dir.rewritten(value) for name, value in job.request.get("Environment", {}).items()}
        for place in ("home", "tmp"):
            (ml_dir.path.parent / place).mkdir()
        if command.spark is not None:
            own |= spark_container.environment(
                command.spark, ml_dir.path.parent / "bin", kept.get("PATH", os.defpath)
            )
        return {
            **kept,
            **own,
            **key.variables(),
            MARK: os.environ[MARK],
            "INGEST_FEATURES_ML_DIR": str(ml_dir.path),
            "SPARK_ENGINE_ML_DIR": str(ml_dir.path),
            "HOME": str(ml_dir.path.parent / "home"),
            "TMPDIR": str(ml_dir.path.parent / "tmp"),
            "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"],
            "AWS_REGION": job.region,
            "AWS_DEFAULT_REGION": job.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _set(self, job: ProcessingJob, status: JobStatus) -> None:
        job.status = status
        job.modified_at = time.time()
        if status in ENDED:
            self._changed.notify_all()
