"""Errors that end a run. Each names the node and the remedy, and none quotes data."""


class FlowError(Exception):
    """A flow cannot be run. The message names the node, the problem and the remedy."""

    def __init__(self, node_id: str, operator: str, problem: str, remedy: str) -> None:
        super().__init__(f"node {node_id} ({operator}): {problem}; {remedy}")
        self.node_id = node_id
        self.operator = operator
        self.problem = problem
        self.remedy = remedy


class InvalidFlowError(Exception):
    """The file is not a flow, or the command does not fit the flow."""
