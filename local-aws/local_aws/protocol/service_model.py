"""AWS's models of its services, which botocore ships.

SageMaker consists of two services: SageMaker itself (JSON 1.1; a header names the operation), and the Feature
Store runtime (REST; method and path name the operation). Their operations have different names.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import botocore.session

Shape = Any
"""A botocore shape. botocore has no type hints."""
SAGEMAKER: Final = "sagemaker"
FEATURE_STORE_RUNTIME: Final = "sagemaker-featurestore-runtime"


@functools.cache
def service_model(service: str) -> Any:
    """A service's model. Cached, because reading SageMaker's takes about 0.2 s."""
    return botocore.session.get_session().get_service_model(service)


@functools.cache
def service_of(operation: str) -> str | None:
    """Returns the SageMaker service that has an operation, whether implemented here or not."""
    for service in (SAGEMAKER, FEATURE_STORE_RUNTIME):
        if operation in service_model(service).operation_names:
            return service
    return None


def operation_model(operation: str) -> Any:
    """Returns the model of an operation, which must exist."""
    return service_model(service_of(operation) or SAGEMAKER).operation_model(operation)


def input_shape(operation: str) -> Shape:
    """The structure of a request."""
    return operation_model(operation).input_shape


def output_shape(operation: str) -> Shape:
    """The structure of an answer, or None if the answer is empty."""
    return operation_model(operation).output_shape


@functools.cache
def modelled_errors(service: str) -> dict[str, int]:
    """The error codes in a service's model, with their HTTP status."""
    shapes = service_model(service).error_shapes
    return {shape.error_code: shape.metadata.get("error", {}).get("httpStatusCode", 400) for shape in shapes}
