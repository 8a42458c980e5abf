"""The state behind the services, and the background work on it.

One lock guards all state. The serving thread holds it while it carries out a request. Background threads hold
it briefly, and never while they wait for this server to answer.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from local_aws.background import Background
from local_aws.clients import Clients
from local_aws.delivery import Delivery, DeliveryHost
from local_aws.services.feature_store.model import FeatureGroups
from local_aws.services.feature_store.store import FeatureStore
from local_aws.services.processing.container import Engines
from local_aws.services.processing.data_wrangler import Reads
from local_aws.services.processing.model import ProcessingJobs
from local_aws.services.processing.runner import JobRunner
from local_aws.services.sagemaker.domains_model import Domains
from local_aws.services.sagemaker.engine import PipelineEngine
from local_aws.services.sagemaker.model import StepsMode, Store
from local_aws.services.sagemaker.project_stacks import ProjectStacks
from local_aws.services.sagemaker.projects_model import Projects
from local_aws.services.sagemaker.steps import StepRunner


@dataclass(frozen=True)
class BackendSettings:
    """The limits and modes at the start and after each reset."""

    max_executions: int
    steps: StepsMode
    engines: Engines
    repositories: Path
    """The directory of the Git repositories."""
    data_wrangler_reads: Reads = "mount"
    """What Data Wrangler steps read."""


class Backend:
    """Pipelines, executions, processing jobs and feature groups, and their background work."""

    def __init__(self, settings: BackendSettings, keys: DeliveryHost, endpoint: str) -> None:
        self.lock = threading.RLock()
        self.store = Store(settings.max_executions, settings.steps)
        self.jobs = ProcessingJobs()
        self.feature_groups = FeatureGroups()
        self.projects = Projects()
        self.domains = Domains()
        self._settings = settings
        self._background = background = Background()
        clients = Clients(endpoint)
        self.feature_store = FeatureStore(self.feature_groups, clients, keys, background, self.lock)
        self.runner = JobRunner(
            clients,
            keys,
            background,
            self.lock,
            settings.engines,
            settings.data_wrangler_reads,
            self.feature_store.flush,
        )
        steps = StepRunner(self.runner, self.jobs, clients, keys, background, self.lock)
        self.engine = PipelineEngine(self.runner, steps, self.jobs, background, self.lock)

        self.delivery = delivery = Delivery(
            settings.repositories, endpoint, keys, clients, background, self.lock
        )
        self.project_stacks = ProjectStacks(
            delivery.catalog, delivery.provisioning, delivery.stacks, keys, background, self.lock
        )

    def stop(self) -> None:
        """Stop all jobs and executions, and wait until they have ended. Writes all pending rows."""
        with self.lock:
            for pipeline in self.store.pipelines.values():
                for execution in pipeline.executions.values():
                    if execution.status == "Executing" and not execution.held:
                        execution.status = "Stopping"
            self.runner.stop_all()
            self.delivery.stop_all()
        self._background.end()
        self.feature_store.flush()

    def clear(self) -> None:
        """Forget everything."""
        self.runner.stop_all()
        self.store.clear()
        self.store.max_concurrent_executions = self._settings.max_executions
        self.store.steps = self._settings.steps
        self.jobs.by_arn.clear()
        self.feature_groups.by_arn.clear()
        self.projects.by_arn.clear()
        self.domains.by_arn.clear()
        self.delivery.clear()
