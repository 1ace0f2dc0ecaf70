"""The page of definitions: every word that users of the marts meet, Chinese beside English."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from dagster_project.dashboard.metric_texts import read_metrics
from dagster_project.dashboard.page import fill, read_texts
from dagster_project.settings import DBT_PROJECT_DIR
from dagster_project.transformation.project import MARTS_SCHEMA

Manifest = Mapping[str, Any]
Node = Mapping[str, Any]
# Header and rows.
Tags = tuple[Sequence[str], Sequence[Sequence[Any]]]
# Anchor, title and content; the latter two are HTML. A table's anchor is its name.
Chapter = tuple[str, str, str]


def definitions_page(manifest: Manifest, tags: Tags) -> str:
    """Figures, metrics, labels, tables and columns, each from the one place that defines it.

    Args:
        manifest: dbt's, for tables, columns and seeds; figures come from `texts.json`, metrics from
            the semantic layer.
        tags: header and rows of the published `tag_definitions`, which has those that are SQL, too.
    """
    texts = read_texts()
    names, values = _chinese_names(texts), _accepted_values(manifest)
    chapters: list[Chapter] = [
        ("figures", "看板数字 · Figures of the dashboard", _figures(texts)),
        ("metrics", "指标 · Metrics", _metrics()),
        ("tags", "标签 · Tags", _plain_table(*tags)),
        *((f"seed-{seed['name']}", _label(seed), _rows_of(seed)) for seed in _seeds(manifest)),
        *(
            (mart["name"], _code(mart["name"]), _columns(mart, names, values, texts))
            for mart in _marts(manifest)
        ),
    ]
    return fill(
        "definitions.html",
        contents=" ".join(f'<a href="#{key}">{title}</a>' for key, title, _ in chapters),
        chapters="".join(
            f'<section class="card wide" id="{key}"><h2>{title}</h2>{content}</section>'
            for key, title, content in chapters
        ),
    )


def _figures(texts: Mapping[str, Any]) -> str:
    metrics = {metric.name for metric in read_metrics()}
    return _table(
        ("数字 · Figure", "中文", "English"),
        (
            (f"figure-{key}", (_both(**texts[key]), escape(both["zh"]), escape(both["en"])))
            for key, both in texts["meanings"].items()
            if key not in metrics
        ),
    )


def _metrics() -> str:
    return _table(
        ("指标 · Metric", "中文", "English"),
        (
            (
                f"metric-{metric.name}",
                (
                    f"{_both(metric.name_zh, metric.name_en)}<br>{_code(metric.name)}",
                    escape(metric.zh),
                    escape(metric.en),
                ),
            )
            for metric in read_metrics()
        ),
    )


def _seeds(manifest: Manifest) -> list[Node]:
    """Seeds that name something in both languages, with the rules of what they name."""
    return [
        node
        for node in sorted(manifest["nodes"].values(), key=lambda node: str(node["name"]))
        if node["resource_type"] == "seed"
        and node["name"] != "tags"  # they have a chapter
        and any(column.endswith(("_zh", "_en")) for column in node["columns"])
    ]


def _label(seed: Node) -> str:
    return escape(seed["config"]["meta"].get("label", seed["name"]))


def _rows_of(seed: Node) -> str:
    path = DBT_PROJECT_DIR / seed["original_file_path"]
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    described = "".join(
        f"<li>{_code(column)} {escape(seed['columns'][column]['description'])}</li>"
        for column in header
    )
    return (
        f"{_note(seed)}<details><summary>字段 · Columns</summary><ul>{described}</ul></details>"
        + _plain_table(header, rows)
    )


def _plain_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    return _table(
        map(escape, header),
        ((None, tuple(escape(str(cell or "")) for cell in row)) for row in rows),
    )


def _marts(manifest: Manifest) -> list[Node]:
    found = (
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == MARTS_SCHEMA
    )
    return sorted(found, key=lambda node: (node["fqn"][2], node["name"]))


def _columns(
    mart: Node,
    names: Mapping[str, str],
    values: Mapping[tuple[str, str], Sequence[Any]],
    texts: Mapping[str, Any],
) -> str:
    def cells(column: Mapping[str, Any]) -> tuple[str, ...]:
        name = column["name"]
        listed = values.get((mart["unique_id"], name), ())
        return (
            _code(name),
            escape(names.get(name, "")),
            escape(column["data_type"]),
            escape(column["description"])
            + ("<br>" if listed else "")
            + ", ".join(_value(str(value), texts["values"]) for value in listed),
        )

    return _note(mart) + _table(
        ("字段 · Column", "中文", "类型 · Type", "说明 · Description"),
        ((None, cells(column)) for column in mart["columns"].values()),
    )


def _value(value: str, texts: Mapping[str, Any]) -> str:
    return _code(value) + (f" {escape(texts[value]['zh'])}" if value in texts else "")


def _accepted_values(manifest: Manifest) -> dict[tuple[str, str], Sequence[Any]]:
    """Values that a column may have, by table and column, where a test says so."""
    found: dict[tuple[str, str], Sequence[Any]] = {}
    for node in manifest["nodes"].values():
        if (node.get("test_metadata") or {}).get("name") == "accepted_values":
            kwargs = node["test_metadata"]["kwargs"]
            found[node["attached_node"], kwargs["column_name"]] = kwargs["values"]
    return found


def _chinese_names(texts: Mapping[str, Any]) -> dict[str, str]:
    """Names of columns that are called like a figure, a heading of the dashboard or a metric."""
    # What holds a place to fill in is a sentence of the page, not a name.
    words = {k: text for k, text in texts.items() if "zh" in text and "{" not in text["zh"]}
    both = {**words, **texts["columns"]}
    return {
        **{key: text["zh"] for key, text in both.items()},
        **{metric.name: metric.name_zh for metric in read_metrics()},
    }


def _table(header: Iterable[str], rows: Iterable[tuple[str | None, tuple[str, ...]]]) -> str:
    """Each row with its anchor, if any; its first cell is its heading. Cells are HTML."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in header)
    body = "".join(
        f'<tr{_anchor(key)}><th scope="row">{cells[0]}</th>'
        f"{''.join(f'<td>{cell}</td>' for cell in cells[1:])}</tr>"
        for key, cells in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _anchor(key: str | None) -> str:
    return f' id="{escape(key)}"' if key else ""


def _note(node: Node) -> str:
    return f'<p class="note">{escape(node["description"])}</p>'


def _code(name: str) -> str:
    return f"<code>{escape(name)}</code>"


def _both(zh: str, en: str) -> str:
    return f"{escape(zh)}<br>{escape(en)}"
