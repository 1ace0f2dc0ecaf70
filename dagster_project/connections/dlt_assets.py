"""A usable connection as dagster-dlt assets. Needs the extra `sources`."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dlt import DagsterDltResource, DagsterDltTranslator, build_dlt_asset_specs
from dagster_dlt.translator import DltResourceTranslatorData

from dagster_project.connections.assets import (
    GROUP,
    OWNERS,
    check_result,
    check_specs,
    not_reached,
)
from dagster_project.connections.extract import (
    FILE_FORMAT,
    build_pipeline,
    build_source,
    describe_failure,
    discard_work,
)
from dagster_project.connections.files import Connection
from dagster_project.connections.landing import land_extracts, prepare_extract
from dagster_project.settings import Settings
from dagster_project.work_lock import WORK_POOL, hold_work_database


class ConnectionTranslator(DagsterDltTranslator):
    """Key, group, owner and description of each resource."""

    def __init__(self, connection: Connection) -> None:
        """Describe the resources of one connection."""
        super().__init__()
        self._connection = connection

    def get_asset_spec(self, data: DltResourceTranslatorData) -> dg.AssetSpec:
        """`connections/<connection>/<resource>`, with nothing upstream."""
        name = str(data.resource.name)
        entity = {r.name: r.mapping.format.entity for r in self._connection.resources}[name]
        return dg.AssetSpec(
            dg.AssetKey([GROUP, self._connection.name, name]),
            group_name=GROUP,
            owners=OWNERS,
            kinds={"dlt", self._connection.kind},
            description=(
                f"What is new in {name} of connections/{self._connection.name}.yml ({entity}), "
                "as files in the landing folder."
            ),
        )


def build_dlt_assets(settings: Settings, connection: Connection) -> dg.AssetsDefinition:
    """One asset for each resource; asks the source only when it is run."""
    source = build_source(connection)
    pipeline = build_pipeline(settings, connection)
    specs = build_dlt_asset_specs(source, pipeline, ConnectionTranslator(connection))

    @dg.multi_asset(
        name=f"extract_{connection.name}",
        pool=WORK_POOL,
        specs=specs,
        check_specs=check_specs(spec.key for spec in specs),
    )
    def extract_connection(context: dg.AssetExecutionContext) -> Iterator[Any]:
        hold_work_database(settings)
        prepare_extract(settings, connection)
        keys = sorted(context.selected_asset_keys)
        try:
            # It begins from the cursors in the destination, as `extract` does.
            results = list(
                DagsterDltResource().run(context=context, loader_file_format=FILE_FORMAT)
            )
            failure = None
        except Exception as error:
            failure = describe_failure(error, connection)
        landed = land_extracts(settings, connection.name)
        discard_work(settings, connection.name)
        context.log.info(f"{connection.name}: {len(landed)} files into the landing folder")
        if failure is not None:
            context.log.warning(failure)
            yield from not_reached(keys, failure)
            return
        for result in results:
            yield result
            yield check_result(result.asset_key, None)

    return extract_connection
