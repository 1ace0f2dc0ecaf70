"""Each connection's resources as assets upstream of the landing folder.

A source that is away must not stop the shop's morning: its check `connection_reached` fails as a
warning and the night goes on with what was extracted before.
"""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec

import dagster as dg

from dagster_project.connections.files import (
    ConnectionFileError,
    connection_files,
    read_connection,
)
from dagster_project.settings import Settings

GROUP = "connections"
CHECK = "connection_reached"
OWNERS = ["team:data"]

NO_DLT = (
    "没有安装 dlt：pip install 'customer-analytics-warehouse[sources]' / "
    "dlt is not installed: pip install 'customer-analytics-warehouse[sources]'"
)


def build_connection_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """One set of assets for each file below `connections/`; none without such files.

    A file that cannot be used becomes an asset whose check says why.
    """
    assets = []
    for path in connection_files(settings):
        try:
            connection = read_connection(path)
        except ConnectionFileError as error:
            assets.append(_unusable(path.stem, str(error)))
            continue
        if find_spec("dlt") is None or find_spec("dagster_dlt") is None:
            assets.append(_unusable(path.stem, NO_DLT))
            continue
        from dagster_project.connections.dlt_assets import build_dlt_assets

        assets.append(build_dlt_assets(settings, connection))
    return assets


def not_reached(
    keys: Iterable[dg.AssetKey], failure: str
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Results that let the steps below run on what was extracted before."""
    for key in keys:
        yield dg.MaterializeResult(asset_key=key, metadata={"reached": False, "reason": failure})
        yield check_result(key, failure)


def check_result(key: dg.AssetKey, failure: str | None) -> dg.AssetCheckResult:
    """The check of one resource; a warning when the connection failed."""
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=CHECK,
        passed=failure is None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={} if failure is None else {"reason": failure},
    )


def check_specs(keys: Iterable[dg.AssetKey]) -> list[dg.AssetCheckSpec]:
    """One check for each resource."""
    description = "The database or API answered, and everything new was taken."
    return [dg.AssetCheckSpec(CHECK, asset=key, description=description) for key in keys]


def _unusable(name: str, reason: str) -> dg.AssetsDefinition:
    # A file name with other characters is one of the reasons.
    safe = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in name)
    key = dg.AssetKey([GROUP, safe])

    @dg.multi_asset(
        name=f"extract_{safe}",
        specs=[
            dg.AssetSpec(
                key,
                group_name=GROUP,
                owners=OWNERS,
                kinds={"dlt"},
                description=f"Cannot be extracted: {reason}",
            )
        ],
        check_specs=check_specs([key]),
    )
    def unusable(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        context.log.warning(reason)
        yield from not_reached([key], reason)

    return unusable
