"""Local AWS for tests and demos: ministack plus SageMaker, Service Catalog and AWS's developer tools.

``python -m local_aws serve`` runs it in the foreground; ``LocalAws`` runs it for a test or a demo.
"""

from local_aws.admin_client import AdminError, Call, Fault, FaultsClient
from local_aws.launcher import LocalAws, LocalAwsError

__all__ = ["AdminError", "Call", "Fault", "FaultsClient", "LocalAws", "LocalAwsError"]
