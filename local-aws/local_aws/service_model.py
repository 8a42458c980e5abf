"""AWS's own models of the SageMaker APIs, as botocore ships them.

Two services: SageMaker itself (JSON 1.1, operations named by a header), and the Feature Store runtime (REST,
operations named by method and path). No operation has its name in both.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import botocore.session

Shape = Any
"""A botocore shape; botocore has no type information of its own."""
SAGEMAKER: Final = "sagemaker"
FEATURE_STORE_RUNTIME: Final = "sagemaker-featurestore-runtime"


@functools.cache
def service_model(service: str) -> Any:
    """A service's model, read from botocore's data files once (about 0.2 s for SageMaker)."""
    return botocore.session.get_session().get_service_model(service)


@functools.cache
def service_of(operation: str) -> str | None:
    """The service that has such an operation, implemented here or not."""
    for service in (SAGEMAKER, FEATURE_STORE_RUNTIME):
        if operation in service_model(service).operation_names:
            return service
    return None


def operation_model(operation: str) -> Any:
    """An operation's model. There has to be one."""
    return service_model(service_of(operation) or SAGEMAKER).operation_model(operation)


def input_shape(operation: str) -> Shape:
    """The structure of a request."""
    return operation_model(operation).input_shape


def output_shape(operation: str) -> Shape:
    """The structure of an answer, or None when the operation answers nothing."""
    return operation_model(operation).output_shape


@functools.cache
def modelled_errors(service: str) -> dict[str, int]:
    """The codes of the exceptions that a service's model knows, with their HTTP status."""
    shapes = service_model(service).error_shapes
    return {shape.error_code: shape.metadata.get("error", {}).get("httpStatusCode", 400) for shape in shapes}
