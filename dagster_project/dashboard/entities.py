"""The entity diagram: how published tables refer to each other, as tests of dbt prove it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from dagster_project.dashboard.page import fill

# Sizes of the drawing, in its own units: a line of text is a row.
_WIDTH, _HEADING, _ROW, _GAP, _LEVEL, _MARGIN = 250, 30, 18, 16, 380, 46


@dataclass(frozen=True)
class Reference:
    """Many rows of one table name one row of another by a column."""

    table: str
    column: str
    target: str
    target_column: str


@dataclass(frozen=True)
class Box:
    """A table in the drawing: its left upper corner, and the columns that it is joined by."""

    name: str
    columns: Sequence[str]
    x: float
    y: float

    @property
    def height(self) -> float:
        """Of the heading and a row for each column."""
        return _HEADING + _ROW * len(self.columns) + 4

    def row(self, column: str) -> float:
        """The middle of a column's row."""
        return self.y + _HEADING + _ROW * (self.columns.index(column) + 0.5)


def entities_page(erd: Mapping[str, Any]) -> str:
    """The diagram, its references as a table, and the tables that refer to no other.

    Args:
        erd: dbterd's JSON: nodes with columns, edges with the columns on both sides.
    """
    references = read_references(erd)
    boxes = arrange(references)
    alone = sorted({node["name"] for node in erd["nodes"]} - boxes.keys())
    rows = (
        f"<tr><td>{_link(one.table)}.{escape(one.column)}</td>"
        f"<td>{_link(one.target)}.{escape(one.target_column)}</td></tr>"
        for one in references
    )
    about = {node["name"]: node["description"] for node in erd["nodes"]}
    return fill(
        "entities.html",
        diagram=_draw(boxes, references, about),
        relations="".join(rows),
        alone=" ".join(map(_link, alone)),
    )


def read_references(erd: Mapping[str, Any]) -> list[Reference]:
    """The edges of dbterd's JSON, a column each, in the order of their names."""
    tables = {node["id"]: node["name"] for node in erd["nodes"]}
    return sorted(
        (
            Reference(tables[edge["from_id"]], column, tables[edge["to_id"]], target)
            for edge in erd["edges"]
            for column, target in zip(edge["from_columns"], edge["to_columns"], strict=True)
        ),
        key=lambda one: (one.table, one.column, one.target),
    )


def arrange(references: Sequence[Reference]) -> dict[str, Box]:
    """A box for each table, left of all that it refers to and in the order of those."""
    joined: dict[str, set[str]] = defaultdict(set)
    targets: dict[str, set[str]] = defaultdict(set)
    for one in references:
        joined[one.table].add(one.column)
        joined[one.target].add(one.target_column)
        targets[one.table] |= {one.target} - {one.table}
    levels = _levels(sorted(joined), targets)
    meant = set().union(*targets.values())
    leftmost = max(levels.values(), default=0)
    boxes: dict[str, Box] = {}
    for level in range(leftmost + 1):
        names = [name for name in levels if levels[name] == level]
        # First those that others refer to, which shortens the lines that meet there.
        names.sort(key=lambda name: (name not in meant, _middle(targets[name], boxes), name))
        y = float(_GAP)
        for name in names:
            x = _MARGIN + (leftmost - level) * _LEVEL
            boxes[name] = Box(name, sorted(joined[name]), x, y)
            y += boxes[name].height + _GAP
    return boxes


def _levels(names: Sequence[str], targets: Mapping[str, set[str]]) -> dict[str, int]:
    """How many steps each table is from one that refers to none but itself."""
    levels: dict[str, int] = {}
    waiting = list(names)
    while waiting:
        settled = [name for name in waiting if targets.get(name, set()) <= levels.keys()]
        # Tables that refer to each other in a circle have no order: they stand together.
        circle = [
            name for name in waiting if any(name in targets.get(other, ()) for other in waiting)
        ]
        found = {
            name: 1 + max((levels.get(to, -1) for to in targets.get(name, ())), default=-1)
            for name in settled or circle
        }
        levels |= found
        waiting = [name for name in waiting if name not in levels]
    return levels


def _middle(names: set[str], boxes: Mapping[str, Box]) -> float:
    heights = [boxes[name].y for name in names if name in boxes]
    return sum(heights) / len(heights) if heights else 0.0


def _draw(
    boxes: Mapping[str, Box], references: Sequence[Reference], about: Mapping[str, str]
) -> str:
    width = max((box.x for box in boxes.values()), default=0) + _WIDTH + _MARGIN
    height = max((box.y + box.height for box in boxes.values()), default=0) + _GAP
    lines = "".join(_line(boxes, one) for one in references)
    tables = "".join(_table(box, about[box.name]) for box in boxes.values())
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" '
        f'aria-labelledby="diagram-title"><title id="diagram-title">实体关系图 · Entities</title>'
        f"{lines}{tables}</svg>"
    )


def _table(box: Box, description: str) -> str:
    rows = "".join(
        f'<text x="{box.x + 12:.0f}" y="{box.row(column) + 4:.0f}">{escape(column)}</text>'
        for column in box.columns
    )
    return (
        f'<a href="definitions.html#{escape(box.name)}" class="table">'
        f"<title>{escape(description)}</title>"
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{_WIDTH}" height="{box.height:.0f}" rx="6"/>'
        f'<text class="name" x="{box.x + 12:.0f}" y="{box.y + 20:.0f}">{escape(box.name)}</text>'
        f"{rows}</a>"
    )


def _line(boxes: Mapping[str, Box], one: Reference) -> str:
    """From many rows (a crow's foot) to one (a bar)."""
    source, target = boxes[one.table], boxes[one.target]
    y1, y2 = source.row(one.column), target.row(one.target_column)
    x1 = source.x + _WIDTH
    to_itself = one.table == one.target
    x2, turn, bar = (x1, x1 + 40, x1 + 8) if to_itself else (target.x, target.x - 70, target.x - 8)
    foot = f"M{x1:.0f} {y1 - 6:.0f}L{x1 + 10:.0f} {y1:.0f}L{x1:.0f} {y1 + 6:.0f}"
    return (
        f"<g><title>{escape(one.table)}.{escape(one.column)} → "
        f"{escape(one.target)}.{escape(one.target_column)}</title>"
        f'<path d="M{x1:.0f} {y1:.0f}C{x1 + (40 if to_itself else 70):.0f} {y1:.0f} '
        f"{turn:.0f} {y2:.0f} {x2:.0f} {y2:.0f}{foot}"
        f'M{bar:.0f} {y2 - 6:.0f}L{bar:.0f} {y2 + 6:.0f}"/></g>'
    )


def _link(table: str) -> str:
    return f'<a href="definitions.html#{escape(table)}">{escape(table)}</a>'
