"""AWS's own model of the SageMaker API, as botocore ships it."""

from __future__ import annotations

import functools
from typing import Any

import botocore.session

Shape = Any
"""A botocore shape; botocore has no type information of its own."""


@functools.cache
def sagemaker_model() -> Any:
    """The service model, read from botocore's data files once (about 0.2 s)."""
    return botocore.session.get_session().get_service_model("sagemaker")


def operation_exists(operation: str) -> bool:
    """Whether AWS has such an operation, implemented here or not."""
    return operation in sagemaker_model().operation_names


def input_shape(operation: str) -> Shape:
    """The structure of a request."""
    return sagemaker_model().operation_model(operation).input_shape


def output_shape(operation: str) -> Shape:
    """The structure of an answer, or None when the operation answers nothing."""
    return sagemaker_model().operation_model(operation).output_shape


@functools.cache
def modelled_error_codes() -> frozenset[str]:
    """The codes of all exceptions that the SageMaker model knows."""
    model = sagemaker_model()
    return frozenset(shape.error_code for shape in model.error_shapes)
