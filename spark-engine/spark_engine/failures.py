"""Failures of a processing job: in its log, and in SageMaker's exit message."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from spark_engine.arguments import ArgumentError
from spark_engine.errors import FlowError, InvalidFlowError
from spark_engine.message import Message
from spark_engine.s3 import InputError

_log = logging.getLogger("spark_engine")


def reported(run: Callable[[], None], message: Message) -> int:
    """Run a part of a job. Return its exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for chatty in ("boto3", "botocore", "py4j", "pyspark", "s3transfer", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    try:
        run()
    except (ArgumentError, FlowError, InputError, InvalidFlowError) as error:
        return _failed(message, str(error))
    except ClientError as error:
        refused = f"S3 refused {error.operation_name} ({error.response['Error']['Code']})"
        return _failed(message, f"{refused}; check the permissions of the job's role")
    except BotoCoreError as error:
        return _failed(message, f"S3 cannot be reached ({type(error).__name__}); check the job's network")
    return 0


def _failed(message: Message, text: str) -> int:
    _log.error("error: %s", text)
    message.write(text)
    return 1
