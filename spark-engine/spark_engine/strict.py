"""Refuse members of a node that neither the documentation nor a public flow shows."""

from spark_engine.parameters import Parameters

# The members of every operator that computes one column from another.
COLUMNS = ("input_column", "output_column")


def only(parameters: Parameters, *known: str) -> Parameters:
    """Return the parameters if they have no other members with a value."""
    for member in parameters.members():
        if member not in known and parameters.get(member) not in ("", [], {}):
            raise parameters.unsupported(f"{parameters.name(member)} is not supported")
    return parameters
