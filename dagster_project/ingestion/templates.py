"""CSV templates of the warehouse's own names: a shop fills one in and drops it, with no mapping.

What a column means stands in the format files; this module only writes it out and knows a filled
template when it sees one.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from dagster_project.ingestion.formats import (
    Binding,
    BoundColumn,
    Column,
    Format,
    load_formats,
    normalise_header,
)

# Source of a template whose `source` column is missing or empty.
OWN_SOURCE = "own"

README_NAME = "README.md"

_KIND_WORDS = {
    "id": "编号 / id",
    "text": "文字 / text",
    "order_state": "订单状态 / order state",
    "refund_state": "退款状态 / refund state",
    "amount": "金额 / amount",
    "quantity": "数字 / number",
    "time": "时间 / time",
    "future_time": "时间 / time",
    "date": "日期 / date",
    "future_date": "日期 / date",
    "region_name": "地区 / region",
    "boolean": "是/否 / yes or no",
}


class Outcome(Enum):
    """What became of one file of the templates' folder."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    KEPT = "kept"


@dataclass(frozen=True)
class NearTemplate:
    """The entity that an unknown header is nearly a template of.

    Attributes:
        format: of the entity.
        extra: columns of the file that the entity does not have.
        missing: required columns that the file does not have, groups of choices joined by `|`.
    """

    format: Format
    extra: tuple[str, ...]
    missing: tuple[str, ...]


def write_templates(folder: Path) -> list[tuple[Path, Outcome]]:
    """Write a CSV for each entity and a README; a file that says something else is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    entities = _entities(load_formats())
    contents = {f"{format_.entity}.csv": template_csv(format_) for format_ in entities}
    contents[README_NAME] = template_readme(entities).encode()
    return [(folder / name, _write(folder / name, text)) for name, text in contents.items()]


def template_csv(format_: Format) -> bytes:
    """The header and one example row; with a BOM, or Excel shows Chinese wrongly."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([column.name for column in format_.given_columns])
    writer.writerow([column.example for column in format_.given_columns])
    return buffer.getvalue().encode("utf-8-sig")


def template_readme(formats: tuple[Format, ...]) -> str:
    """Markdown: what each column of each entity means, in Chinese and English."""
    parts = [
        "# 模板 / Templates",
        "复制需要的 CSV，填好后放进 `landing/` 下任意文件夹即可，不需要 mapping.yml。"
        "示例行可以留着，编号以 `EXAMPLE` 开头的行不计入任何数字。不需要的列可以整列删掉；"
        "不要加别的列，否则要写 mapping.yml。",
        "Copy the CSV you need, fill it in and drop it anywhere below `landing/`; it needs no "
        "mapping.yml. The example row may stay: rows whose ids begin with `EXAMPLE` count nowhere. "
        "Columns you do not need can be deleted; other columns cannot be added without a "
        "mapping.yml.",
    ]
    for format_ in formats:
        lines = [
            "| 列 / column | 类型 / kind | 必填 / required | 含义 | meaning | 例 / example |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| `{column.name}` | {_KIND_WORDS[column.kind]} | {_need(column, format_)} "
            f"| {column.description['zh']} | {column.description['en']} | {column.example} |"
            for column in format_.given_columns
        ]
        parts.append(f"## {format_.entity}.csv")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def recognise_template(header: tuple[str, ...], formats: tuple[Format, ...]) -> Binding | None:
    """The entity all of whose required columns stand in `header` and no column of another kind.

    Several may fit few columns (`product_id, unit_cost`): the one with the fewest others wins.
    """
    fitting = []
    for format_ in _entities(formats):
        near = _compare(header, format_)
        if not near.extra and not near.missing and any(map(normalise_header, header)):
            fitting.append(format_)
    format_ = min(fitting, key=lambda found: len(found.given_columns), default=None)
    return None if format_ is None else _bind(format_, header)


def nearest_template(header: tuple[str, ...], formats: tuple[Format, ...]) -> NearTemplate | None:
    """The entity that at least half of an unknown header speaks of; None when none does."""
    width = sum(bool(normalise_header(name)) for name in header)
    compared = [_compare(header, format_) for format_ in _entities(formats)]
    near = min(compared, key=lambda found: (len(found.extra), len(found.missing)), default=None)
    return near if near is not None and 2 * len(near.extra) <= width and width > 0 else None


def _entities(formats: tuple[Format, ...]) -> tuple[Format, ...]:
    return tuple(format_ for format_ in formats if format_.mapped)


def _compare(header: tuple[str, ...], format_: Format) -> NearTemplate:
    known = {normalise_header(column.name) for column in format_.given_columns}
    present = {normalise_header(name) for name in header}
    extra = (name for name in header if normalise_header(name) not in {*known, ""})
    missing = [c.name for c in format_.columns if c.required and c.name not in present]
    groups = format_.require_any
    if groups and not any(present.issuperset(group) for group in groups):
        missing.append(" | ".join(" + ".join(group) for group in groups))
    return NearTemplate(format_, tuple(dict.fromkeys(extra)), tuple(missing))


def _bind(format_: Format, header: tuple[str, ...]) -> Binding:
    positions: dict[str, int] = {}
    for index, name in enumerate(header):
        positions.setdefault(normalise_header(name), index)
    bound = []
    for column in format_.columns:
        names = column.of or (column.name,)
        found = tuple(positions[name] for name in names if name in positions)
        if len(found) < len(names):
            found = ()
        default = OWN_SOURCE if column.name == "source" else None
        bound.append(BoundColumn(column, found, default=default))
    definition = f"{format_.definition_hash}\x1ftemplate {OWN_SOURCE}"
    digest = hashlib.sha256(definition.encode()).hexdigest()[:16]
    return Binding(format_, tuple(bound), definition_hash=digest)


def _need(column: Column, format_: Format) -> str:
    if column.required:
        return "是 / yes"
    if any(column.name in group for group in format_.require_any):
        choice = " | ".join(" + ".join(group) for group in format_.require_any)
        return "其一 / one of: " + choice.replace("|", "或 / or")
    return ""


def _write(path: Path, content: bytes) -> Outcome:
    if path.exists():
        return Outcome.UNCHANGED if path.read_bytes() == content else Outcome.KEPT
    path.write_bytes(content)
    return Outcome.WRITTEN
