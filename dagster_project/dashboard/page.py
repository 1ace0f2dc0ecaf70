"""One HTML file with style, scripts, texts and figures in it: it opens from a folder, offline."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import os
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

import duckdb

from dagster_project.dashboard.figures import collect
from dagster_project.dashboard.metric_texts import read_metrics
from dagster_project.settings import DBT_PROJECT_DIR, Settings

STATIC = Path(__file__).with_name("static")

# Pages that the dashboard leads to where they have been written: path beside it, key of its name.
_LINKS = {"docs/index.html": "docs", "quality/index.html": "page_quality"}

# Seeds that name values in Chinese, with the columns of value and name.
_NAMED = {
    "rfm_segments": ("segment", "segment_zh"),
    "psychologies": ("psychology", "name_zh"),
    "tag_value_names": ("tag_value", "name_zh"),
}


def build_page(settings: Settings) -> Path:
    """Write the dashboard of what is published and return its path.

    The file appears whole or not at all; one that somebody has open stays as it is.

    Raises:
        duckdb.Error: nothing is published, or not the tables that the page shows.
    """
    with duckdb.connect(
        str(settings.serving_db), read_only=True, config=settings.duckdb_config
    ) as connection:
        connection.execute(f"use {settings.serving_db.stem}.marts")
        figures = collect(connection)
    target = settings.dashboard_path
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    links = [link for link in _LINKS if (target.parent / link).is_file()]
    scratch.write_text(render(figures, links), encoding="utf-8")
    scratch.replace(target)
    return target


def render(figures: dict[str, Any], links: Sequence[str] = ()) -> str:
    """The page with these figures in it, and these of `_LINKS`."""
    return Template(static_text("page.html")).substitute(
        title="店铺客户看板 · Shop customers",
        style=static_text("style.css"),
        links="".join(
            f'<a class="button" href="{link}" data-text="{_LINKS[link]}"></a>' for link in links
        ),
        texts=json_for_html(json.dumps(read_texts(), ensure_ascii=False, separators=(",", ":"))),
        figures=_compressed(json.dumps(figures, ensure_ascii=False, separators=(",", ":"))),
        echarts=echarts_script(),
        script=static_text("dashboard.js"),
    )


def read_texts() -> dict[str, Any]:
    """Every word of the page; the values of labels and tags are named where they are defined."""
    texts: dict[str, Any] = json.loads(static_text("texts.json"))
    for seed, (value, name) in _NAMED.items():
        with (DBT_PROJECT_DIR / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                texts["values"].setdefault(row[value], {"zh": row[name], "en": row[value]})
    # A figure that is a metric means what the metric means.
    for metric in read_metrics():
        if metric.name in texts:
            texts["meanings"][metric.name] = {"zh": metric.zh, "en": metric.en}
    return texts


def fill(name: str, **parts: str) -> str:
    """A page of the documentation: `name` of the static files with style and `parts` in it."""
    return Template(static_text(name)).substitute(style=static_text("style.css"), **parts)


def echarts_script() -> str:
    """Apache ECharts, to stand inside a script element."""
    return static_text("echarts.min.js").replace("</script", "<\\/script")


def static_text(name: str) -> str:
    """One of the static files as text."""
    return (STATIC / name).read_text(encoding="utf-8")


def json_for_html(data: str) -> str:
    """JSON that cannot end the script element it stands in: a product may be called `</script>`."""
    return data.replace("<", "\\u003c")


def _compressed(data: str) -> str:
    """What the page's script unpacks: a large shop's groups are mostly the same few numbers."""
    # Without a time the same figures give the same file.
    return base64.b64encode(gzip.compress(data.encode(), mtime=0)).decode()
