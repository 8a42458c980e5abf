"""The command line: `python -m spark_engine --flow my.flow --input my.csv --output features`."""

import argparse
import json
import logging
import sys
from pathlib import Path

from spark_engine import engine, session
from spark_engine.clock import Clock
from spark_engine.errors import FlowError, InvalidFlowError
from spark_engine.flow import SOURCE, Flow
from spark_engine.job import Options, run_and_account


def main() -> int:
    """Run a flow. The summary goes to standard output, everything else to standard error."""
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for chatty in ("py4j", "pyspark"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    try:
        flow = Flow.read(options.flow)
        wanted = flow.output(options.output_name)
        engine.check(flow, wanted)
        how = Options(
            refit=options.refit, reject_malformed=options.reject_malformed, clock=options.event_time
        )
        _, account = run_and_account(
            session.start(), flow, wanted, _inputs(options), str(options.output), how
        )
    except (FlowError, InvalidFlowError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps(account.summary()))
    return 0


def _inputs(options: argparse.Namespace) -> dict[str, list[Path]]:
    """Return the files by dataset. A flow with one source needs no name of a dataset."""
    if options.inputs is not None:
        named = json.loads(options.inputs.read_text(encoding="utf-8"))
        return {dataset: [Path(path) for path in paths] for dataset, paths in named.items()}
    datasets = [
        node.parameters["dataset_definition"]["name"]
        for node in Flow.read(options.flow).nodes.values()
        if node.kind == SOURCE
    ]
    inputs: dict[str, list[Path]] = {}
    for given in options.input:
        dataset, named, path = given.partition("=")
        if named and dataset in datasets:
            inputs.setdefault(dataset, []).append(Path(path))
        elif len(datasets) == 1:
            inputs.setdefault(datasets[0], []).append(Path(given))
        else:
            raise InvalidFlowError(f"--input {given} names no dataset; the flow has {', '.join(datasets)}")
    return inputs


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m spark_engine", description="Run a Data Wrangler flow with Spark on this machine."
    )
    parser.add_argument("--flow", type=Path, required=True, help="the flow")
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument(
        "--input",
        action="append",
        metavar="[DATASET=]PATH",
        help="a file or folder of a dataset; may be repeated",
    )
    data.add_argument("--inputs", type=Path, metavar="FILE", help="JSON with the files by dataset")
    parser.add_argument("--output", type=Path, required=True, help="the folder for the result")
    parser.add_argument(
        "--output-name", metavar="NODE.OUTPUT", help="the flow's output [default: the only one]"
    )
    parser.add_argument(
        "--refit", action="store_true", help="train operators that have trained parameters again"
    )
    parser.add_argument(
        "--reject-malformed",
        action="store_true",
        help="leave malformed rows of CSV files out, and list them in OUTPUT/rejected",
    )
    parser.add_argument(
        "--event-time",
        type=Clock.parse,
        metavar="SECONDS",
        help="the current time in formulas and queries, in seconds since 1970 or in ISO 8601 [default: now]",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
