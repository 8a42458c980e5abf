"""SageMaker without a server, to test short-lived states: a test controls the background work."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import Mock

from local_aws.backend import Backend, BackendSettings
from local_aws.ministack.host import MinistackHost
from local_aws.protocol.arns import Scope
from local_aws.services.processing.container import Engines
from local_aws.services.sagemaker.service import SageMakerService


class InProcess:
    """SageMaker's operations, called as functions. Executions are held."""

    def __init__(self, folder: Path) -> None:
        settings = BackendSettings(max_executions=20, steps="hold", engines=Engines(), repositories=folder)
        host = Mock(spec=MinistackHost)
        host.scope.return_value = Scope("000000000000", "us-east-1")
        self.backend = Backend(settings, host, "http://127.0.0.1:1")
        self._service = SageMakerService(host, self.backend)

    def __call__(self, operation: str, **members: Any) -> dict[str, Any]:
        """Carry out an operation. Raises AwsError."""
        return self._service.call(operation, members)
