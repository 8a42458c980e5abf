"""Runs a flow: its nodes in topological order, each with the operator that it names."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce

from pyspark.sql import DataFrame, SparkSession

from spark_engine import sources
from spark_engine.accounting import Account
from spark_engine.clock import Clock
from spark_engine.errors import FlowError
from spark_engine.faults import of_spark
from spark_engine.files import Files
from spark_engine.flow import SOURCE, Flow, Node, Output
from spark_engine.parameters import USE_CONTAINER, Parameters
from spark_engine.registry import Context, registered

IDENTITY = "sagemaker.dataset.identity_0.1"
CHECK = "check the node's parameters and the data"
_log = logging.getLogger("spark_engine")


@dataclass(frozen=True)
class Result:
    """The rows of a flow's output, and the account of the run."""

    frame: DataFrame
    account: Account
    steps: Steps
    # Malformed rows that were left out.
    rejected: DataFrame | None = None


@dataclass
class Steps:
    """The frames of the nodes that have run."""

    frames: dict[Output, DataFrame] = field(default_factory=dict)
    nodes: dict[Output, Node] = field(default_factory=dict)
    rejected: list[DataFrame] = field(default_factory=list)

    def add(self, node: Node, output: Output, frame: DataFrame) -> None:
        """Add a node's frame."""
        self.frames[output] = frame
        self.nodes[output] = node

    def blame(self, error: Exception) -> FlowError:
        """Return an error that names the node that failed. Spark computes rows only when they are needed."""
        failed = (output for output, frame in self.frames.items() if not _computes(frame))
        node = self.nodes[next(failed, list(self.frames)[-1])]
        return FlowError(node.id, node.operator, of_spark(error), CHECK)


def check(flow: Flow, output: Output) -> None:
    """Refuse a flow with a node that the engine does not know, before any data is read."""
    for node in flow.needed(output):
        if node.kind == SOURCE:
            sources.dataset_name(_parameters(node, refit=False))
        elif node.operator != IDENTITY and registered(node.operator) is None:
            raise FlowError(node.id, node.operator, "the operator is not supported", USE_CONTAINER)


def run(
    spark: SparkSession,
    flow: Flow,
    output: Output,
    inputs: Mapping[str, Files],
    *,
    refit: bool = False,
    reject_malformed: bool = False,
    clock: Clock | None = None,
) -> Result:
    """Compute an output of a flow from the files of its datasets."""
    check(flow, output)
    context = Context(spark, refit=refit, reject_malformed=reject_malformed, clock=clock)
    steps, account = Steps(), Account(lost=context.lost)
    for node in flow.needed(output):
        _log.info("node %s (%s) starts", node.id, node.operator)
        try:
            _run_node(node, steps, account, context, inputs)
        except FlowError:
            raise
        except Exception as error:
            raise FlowError(node.id, node.operator, of_spark(error), CHECK) from error
    rejected = reduce(DataFrame.union, steps.rejected) if steps.rejected else None
    return Result(steps.frames[output], account, steps, rejected)


def _run_node(
    node: Node, steps: Steps, account: Account, context: Context, inputs: Mapping[str, Files]
) -> None:
    parameters = _parameters(node, refit=context.refit)
    if node.kind == SOURCE:
        source = _read(parameters, inputs, context)
        account.read(source.rows, source.malformed, rejected=context.reject_malformed)
        steps.rejected += [] if source.rejected is None else [source.rejected]
        steps.add(node, Output(node.id, node.outputs[0]), source.frame)
        return
    frames = [steps.frames[read] for read in node.inputs]
    result = _apply(node, frames, parameters, context)
    named = result if isinstance(result, Mapping) else {node.outputs[0]: result}
    for name, frame in named.items():
        _check_names(frame, parameters)
        steps.add(node, Output(node.id, name), frame)


def _apply(
    node: Node, frames: list[DataFrame], parameters: Parameters, context: Context
) -> DataFrame | Mapping[str, DataFrame]:
    found = registered(node.operator)
    inputs = 1 if found is None else found.inputs
    if inputs is not None and len(frames) != inputs:
        raise parameters.error(f"the node has {len(frames)} inputs, but must have {inputs}")
    return frames[0] if found is None else found.apply(frames, parameters, context)


def _read(parameters: Parameters, inputs: Mapping[str, Files], context: Context) -> sources.Source:
    dataset = sources.dataset_name(parameters)
    if not inputs.get(dataset):
        raise parameters.error(f"no files were given for the dataset `{dataset}`", "name them with --input")
    return sources.read(context.spark, parameters, inputs[dataset], reject=context.reject_malformed)


def _parameters(node: Node, *, refit: bool) -> Parameters:
    return Parameters(node.id, node.operator, node.parameters, trained=None if refit else node.trained)


def _check_names(frame: DataFrame, parameters: Parameters) -> None:
    twice = len(frame.columns) - len(set(frame.columns))
    if twice:
        raise parameters.error(
            f"{twice} columns of the result have the name of another", "rename columns first"
        )


def _computes(frame: DataFrame) -> bool:
    try:
        frame.write.format("noop").mode("overwrite").save()
    except Exception:
        return False
    return True
