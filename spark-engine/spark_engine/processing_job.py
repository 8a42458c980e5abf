"""Runs a flow in a processing job, in AWS's Spark image. `processing-job.sh` submits it to the cluster."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from spark_engine import arguments, engine, inputs, session
from spark_engine.failures import reported
from spark_engine.job import Options, run_and_account
from spark_engine.message import Message

_log = logging.getLogger("spark_engine")


def main() -> int:
    """Run the job on the inputs in the file of the first argument."""
    ml = arguments.ml_dir()
    message = Message(ml)
    message.write("the Spark engine ended unexpectedly; see the job's log")
    _log.addHandler(_Progress(message))
    code = reported(lambda: _run(ml, Path(sys.argv[1])), message)
    if code == 0:
        message.remove()
    return code


class _Progress(logging.Handler):
    """Writes into the exit message which node runs, because a process that is killed writes no message."""

    def __init__(self, message: Message) -> None:
        super().__init__()
        self._message = message

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text.endswith(") starts"):
            node = text[: -len(" starts")]
            self._message.write(f"the Spark engine ended while {node} ran, or later; see the job's log")


def _run(ml: Path, found: Path) -> None:
    given = arguments.read(ml)
    datasets, objects = inputs.load(found, given)
    try:
        flow = arguments.read_flow(ml, given.flow)
        wanted = flow.output(given.output_name)
        engine.check(flow, wanted)
        spark = session.join(objects.settings())
        options = Options(refit=given.refit, reject_malformed=True, clock=given.event_time)
        output = given.output.replace("s3://", "s3a://", 1)
        _, account = run_and_account(spark, flow, wanted, datasets, output, options)
        objects.check_unchanged()
    finally:
        objects.delete_copies()
    _log.info("%s", json.dumps(account.summary(), ensure_ascii=False))
