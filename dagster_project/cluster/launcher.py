"""Dagster's own way to start runs, that also sees when a run is gone.

Dagster's asks a code server to start a run and then takes its word that it is at work: when the
code server dies with its runs, they would stand as running for hours, and the queue would wait.
"""

from __future__ import annotations

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

_PATIENCE_SECONDS = 30


class WatchedRuns(DefaultRunLauncher):
    """Named in `dagster.yaml`; Dagster's daemon asks it for each run (`run_monitoring`)."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """It can be asked."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the code server that started a run still has it.

        One that does not answer may be busy or about to be started again; the new one knows.
        """
        client = self._get_grpc_client_for_termination(run.run_id)
        if client is None:  # not started by a code server but in a shell
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        request = CanCancelExecutionRequest(run_id=run.run_id)
        try:
            answer = client.can_cancel_execution(request, timeout=_PATIENCE_SECONDS)
        except DagsterUserCodeUnreachableError as error:
            return CheckRunHealthResult(WorkerStatus.RUNNING, str(error))
        if deserialize_value(answer, CanCancelExecutionResult).can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "its code server has died with it")
