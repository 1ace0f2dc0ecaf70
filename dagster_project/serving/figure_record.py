"""The figures that are watched from night to night, as they were published:
`audit.published_figures`.

dbt compares tonight's with those of earlier nights (`watched_figures`). They are written down here
because later exports correct what a past night showed: computed again, a day that came in halved
would look as if it had been whole all along.
"""

from __future__ import annotations

from datetime import date

import duckdb

from dagster_project.settings import Settings


def ensure_figures(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table empty where it is missing, so that dbt can read it."""
    connection.execute(
        """
        create schema if not exists audit;
        create table if not exists audit.published_figures (
            as_of_date date not null, measure varchar not null, subject varchar not null,
            part varchar not null, value double not null, base bigint not null
        );
        """
    )


def record_figures(settings: Settings, as_of: date) -> int:
    """Write down the figures of what has just been published; returns how many.

    Recording one date again replaces what was recorded of it. A date before the last recorded one
    is left alone: it is a backfill, and no night that another is compared with.

    Args:
        settings: where the work database is.
        as_of: date of the published marts.
    """
    with duckdb.connect(str(settings.work_db), config=settings.duckdb_config) as connection:
        ensure_figures(connection)
        later = connection.execute(
            "select count(*) from audit.published_figures where as_of_date > ?", [as_of]
        ).fetchone()
        if later and later[0]:
            return 0
        connection.begin()
        try:
            connection.execute("delete from audit.published_figures where as_of_date = ?", [as_of])
            counted = connection.execute(
                "insert into audit.published_figures by name "
                "select as_of_date, measure, subject, part, value, base "
                "from intermediate.int_figures_tonight where as_of_date = ? and value is not null",
                [as_of],
            ).fetchone()
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
    return int(counted[0]) if counted else 0
