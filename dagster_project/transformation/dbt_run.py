"""dbt in Dagster's own process: imported once, its project read once, for all sets of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster_dbt import DbtProject
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from dagster_project.transformation.project import read_manifest

if TYPE_CHECKING:
    from dagster_dbt import DagsterDbtTranslator
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

# dbt's words for "this node has ended". The thousands of others are for dbt's own log.
_RESULTS = {"LogSeedResult", "LogModelResult", "LogTestResult"}


class DbtFailedError(RuntimeError):
    """A model or test failed, or dbt did not get that far; the message is what dbt said."""


class WarehouseDbt:
    """Runs sets of models of one project and tells Dagster of each while it runs.

    Dagster's own resource starts a process for each set, which imports dbt and reads the project
    again, all of it when the as-of date is given.
    """

    def __init__(self, project: DbtProject, translator: DagsterDbtTranslator) -> None:
        """Remember the project; dbt is imported and the project read when a set is run."""
        self._project = project
        self._translator = translator
        self._manifest: Manifest | None = None

    @property
    def manifest(self) -> Mapping[str, Any]:
        """dbt's manifest as it stands on disk."""
        return read_manifest(self._project)

    def stream(
        self, context: dg.AssetExecutionContext, arguments: Sequence[str], target_path: Path
    ) -> Iterator[Any]:
        """Run a command of dbt on what the context selects; yield outputs and check results.

        Args:
            context: of the asset function.
            arguments: the command with its options, without a selection.
            target_path: where compiled SQL, results and dbt's log go.

        Raises:
            DbtFailedError: at the end, when a node failed.
        """
        chosen = get_updated_cli_invocation_params_for_context(
            context, self.manifest, self._translator
        )
        project = chosen.dbt_project or self._project
        options = [
            *chosen.selection_args,
            *_project_dir(project),
            *("--target-path", str(target_path), "--log-path", str(target_path)),
            # dbt's debug log holds each statement, which the target folder has too: 4 % of a
            # small shop's night.
            *("--log-level-file", "info"),
            # The project as JSON stands there since it was loaded; each run would write it anew.
            "--no-write-json",
        ]
        if chosen.indirect_selection:
            options += ["--indirect-selection", chosen.indirect_selection]
        for message in self._messages([*arguments, *options]):
            yield from message.to_default_asset_events(
                manifest=chosen.manifest,
                dagster_dbt_translator=chosen.dagster_dbt_translator,
                context=context,
                target_path=target_path,
                project=chosen.dbt_project,
            )

    def _messages(self, arguments: Sequence[str]) -> Iterator[DbtCoreCliEventMessage]:
        """A message for each node that has ended, while the others still run."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt_common.events.functions import msg_to_dict

        # None once dbt has ended.
        messages: SimpleQueue[EventMsg | None] = SimpleQueue()
        ended: Future[dbtRunnerResult] = Future()

        def tell(message: EventMsg) -> None:
            if message.info.name in _RESULTS:
                messages.put(message)

        def run() -> None:
            try:
                ended.set_result(self._invoke(arguments, manifest, tell))
            except BaseException as error:
                # Raised again where the messages are read, which would wait for ever otherwise.
                ended.set_exception(error)
            finally:
                messages.put(None)

        manifest = self._read_project()
        Thread(target=run, name="dbt", daemon=True).start()
        try:
            while (message := messages.get()) is not None:
                yield DbtCoreCliEventMessage(
                    raw_event=msg_to_dict(message), event_history_metadata={}
                )
        finally:
            # dbt holds the database until its process ends, and others need it now.
            DuckDBConnectionManager.close_all_connections()
        result = ended.result()
        if not result.success:
            raise DbtFailedError(_what_failed(result))

    def _read_project(self) -> Manifest:
        if self._manifest is None:
            read = self._invoke(
                ["parse", "--quiet", "--no-write-json", *_project_dir(self._project)]
            )
            if not read.success:
                raise DbtFailedError(_what_failed(read))
            self._manifest = read.result
        return self._manifest

    def _invoke(
        self, arguments: Sequence[str], manifest: Manifest | None = None, *callbacks: Any
    ) -> dbtRunnerResult:
        from dbt.cli.main import dbtRunner

        profile = ["--profiles-dir", str(self._project.profiles_dir)]
        profile += ["--target", str(self._project.target)]
        return dbtRunner(manifest, list(callbacks)).invoke([*arguments, *profile])


def _project_dir(project: DbtProject) -> list[str]:
    return ["--project-dir", str(project.project_dir)]


def _what_failed(ended: dbtRunnerResult) -> str:
    if ended.exception is not None:
        return f"dbt stopped: {ended.exception}"
    failed = [
        f"{result.node.name}: {result.message}"
        for result in getattr(ended.result, "results", [])
        if result.status in ("error", "fail")
    ]
    return "\n".join([f"{len(failed)} of dbt's models and tests failed:", *failed])
