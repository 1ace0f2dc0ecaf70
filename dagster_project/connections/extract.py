"""One extract of one connection: dlt's pipeline, the move to the landing folder, a failure."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dlt
import requests
import sqlalchemy as sa
from dlt.extract.exceptions import ResourceExtractionError

from dagster_project.connections.files import Connection
from dagster_project.connections.landing import (
    DATASET,
    ConnectionState,
    land_extracts,
    prepare_extract,
)
from dagster_project.connections.postgres import WrongTableError, postgres_source
from dagster_project.connections.rest import WrongRecordError, rest_source
from dagster_project.settings import Settings

# Parquet, because a row keeps its columns whatever stands in a text.
FILE_FORMAT = "parquet"
_SHOWN_CHARACTERS = 500


@dataclass(frozen=True)
class Extracted:
    """What one extract came to.

    Attributes:
        files: how many files landed, leftovers of an earlier extract included.
        failure: what stopped it; None when everything was read.
    """

    files: int
    failure: str | None = None


def build_source(connection: Connection) -> Any:
    """The dlt source of a connection; nothing is asked until it is read."""
    return {"postgres": postgres_source, "rest": rest_source}[connection.kind](connection)


def build_pipeline(settings: Settings, connection: Connection) -> dlt.Pipeline:
    """The dlt pipeline of a connection; its destination holds the cursors."""
    state = ConnectionState.of(settings, connection.name)
    return dlt.pipeline(
        pipeline_name=connection.name,
        pipelines_dir=str(state.work_dir),
        destination=dlt.destinations.filesystem(
            bucket_url=str(state.extracts_dir),
            # Names of resources hold no character that separates parts of a path.
            warn_unsafe_layout_separators=False,
        ),
        dataset_name=DATASET,
    )


def extract(settings: Settings, connection: Connection) -> Extracted:
    """Take what is new from every resource of a connection and land it; all of it or nothing."""
    failure = None
    prepare_extract(settings, connection)
    pipeline = build_pipeline(settings, connection)
    try:
        # What is left of a killed extract is taken again: the cursor is the destination's.
        pipeline.drop()
        info = pipeline.run(build_source(connection), loader_file_format=FILE_FORMAT)
        info.raise_on_failed_jobs()
    except Exception as error:
        failure = describe_failure(error, connection)
    landed = land_extracts(settings, connection.name)
    discard_work(settings, connection.name)
    return Extracted(len(landed), failure)


def discard_work(settings: Settings, name: str) -> None:
    """Remove dlt's working copies: rows of customers lie in as few places as can be."""
    shutil.rmtree(ConnectionState.of(settings, name).work_dir, ignore_errors=True)


def start_over(settings: Settings, connection: Connection) -> None:
    """Forget how far a connection was read, so that the next extract takes everything again."""
    land_extracts(settings, connection.name)
    discard_work(settings, connection.name)
    state = ConnectionState.of(settings, connection.name)
    if state.extracts_dir.exists():
        # A rename first: half a folder of cursors would be worse than none.
        gone = state.extracts_dir.with_name("forgotten")
        shutil.rmtree(gone, ignore_errors=True)
        state.extracts_dir.replace(gone)
        shutil.rmtree(gone)


def describe_failure(error: BaseException, connection: Connection) -> str:
    """One line for the owner: connection, resource, address and reason, without any secret."""
    chain = list(_causes(error))
    resource = next(
        (cause.pipe_name for cause in chain if isinstance(cause, ResourceExtractionError)), None
    )
    origin = next((text for cause in chain if (text := _reason(cause))), str(chain[-1]))
    where = f"connections/{connection.name}.yml"
    if resource is not None:
        where += f", {resource}"
    line = " ".join(f"{where}: {origin}".split())
    for secret in connection.secrets:
        for shown in {secret, requests.utils.quote(secret, safe=""), requests.utils.quote(secret)}:
            line = line.replace(shown, "***")
    return line[:_SHOWN_CHARACTERS]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(cause: BaseException) -> str | None:
    if isinstance(cause, requests.HTTPError) and cause.response is not None:
        response = cause.response
        return f"{response.url} answered {response.status_code} {response.reason}"
    if isinstance(cause, requests.RequestException) and cause.request is not None:
        return f"{cause.request.url} does not answer: {cause}"
    if isinstance(cause, sa.exc.DBAPIError):
        return f"the database says: {cause.orig}"
    if isinstance(cause, sa.exc.NoSuchTableError):
        return f"there is no table {cause}"
    if isinstance(cause, WrongTableError | WrongRecordError):
        return str(cause)
    return None
