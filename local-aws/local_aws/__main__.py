"""``python -m local_aws serve``: runs the server in the foreground."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Final, get_args

from local_aws.delays import FACTOR_VARIABLE
from local_aws.ministack.settings import WrongMinistackError
from local_aws.server import DEFAULT_MAX_EXECUTIONS, DEFAULT_PORT, Settings, StartError, run
from local_aws.services.processing.data_wrangler import Reads
from local_aws.services.sagemaker.model import StepsMode

ENGINE_VARIABLE: Final = "LOCAL_AWS_INGEST_FEATURES"
SPARK_VARIABLE: Final = "LOCAL_AWS_SPARK_ENGINE"
MAX_FACTOR: Final = 1000.0


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run. Returns the exit code."""
    options = _parser().parse_args(arguments)
    settings = Settings(
        port=options.port,
        auth=options.auth,
        studio=options.studio,
        max_executions=options.max_executions,
        steps=options.steps,
        ingest_features=_program(options.ingest_features, ENGINE_VARIABLE),
        spark_engine=_program(options.spark_engine, SPARK_VARIABLE),
        data_wrangler_reads=options.data_wrangler_reads,
        data_dir=options.data_dir,
        work_dir=options.work_dir,
        listen_fd=options.listen_fd,
        stop_with_parent=options.stop_with_parent,
        stop_with_stdin=options.stop_with_stdin,
        delays=options.delays,
    )
    try:
        return run(settings)
    except (StartError, WrongMinistackError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_aws", description="Local AWS for tests and demos.")
    serve = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "serve",
        help="run the server in the foreground, on loopback",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    serve.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="port on 127.0.0.1; 0 picks a free one"
    )
    serve.add_argument("--auth", action="store_true", help="check signatures and enforce IAM")
    serve.add_argument(
        "--studio",
        action="store_true",
        help="open an account with SageMaker Studio (domain, roles, default bucket)",
    )
    serve.add_argument(
        "--max-executions",
        type=_limit,
        default=DEFAULT_MAX_EXECUTIONS,
        metavar="N",
        help="maximum number of concurrent pipeline executions",
    )
    serve.add_argument(
        "--steps",
        choices=get_args(StepsMode),
        default="run",
        help="run the steps of executions, or hold executions in Executing until they are stopped",
    )
    serve.add_argument(
        "--ingest-features",
        type=Path,
        metavar="PATH",
        help=f"program that runs Data Wrangler steps (or set {ENGINE_VARIABLE})",
    )
    serve.add_argument(
        "--spark-engine",
        type=Path,
        metavar="PATH",
        help=f"program that runs the flows that ingest-features does not support (or set {SPARK_VARIABLE})",
    )
    serve.add_argument(
        "--data-wrangler-reads",
        choices=get_args(Reads),
        default="mount",
        help="what Data Wrangler steps read: mounted inputs, or only the addresses in the flow",
    )
    serve.add_argument(
        "--delays",
        type=_factor,
        # A string, so that argparse checks the variable like the option.
        default=os.environ.get(FACTOR_VARIABLE, "1"),
        metavar="FACTOR",
        help=f"multiply all background delays (or set {FACTOR_VARIABLE})",
    )
    serve.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="directory for the state: read at start, written at stop"
    )
    serve.add_argument(
        "--stop-with-parent", action="store_true", help="stop when the starting process ends (Linux)"
    )
    # For LocalAws: a listening socket, the directory of this run, and "stop when standard input closes".
    serve.add_argument("--listen-fd", type=int, help=argparse.SUPPRESS)
    serve.add_argument("--work-dir", type=Path, help=argparse.SUPPRESS)
    serve.add_argument("--stop-with-stdin", action="store_true", help=argparse.SUPPRESS)
    return parser


def _program(option: Path | None, variable: str) -> Path | None:
    """Returns a program's absolute path: the server changes its working directory."""
    named = str(option) if option else os.environ.get(variable)
    return Path(named).resolve() if named else None


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("the port must be a number from 0 to 65535")
    return port


def _factor(text: str) -> float:
    factor = float(text)
    if not 0 <= factor <= MAX_FACTOR:
        raise argparse.ArgumentTypeError(f"the factor must be a number from 0 to {MAX_FACTOR:g}")
    return factor


def _limit(text: str) -> int:
    limit = int(text)
    if limit < 0:
        raise argparse.ArgumentTypeError("the limit must be 0 or more")
    return limit


if __name__ == "__main__":
    sys.exit(main())
