"""A proposal as the text of a `mapping.yml`, and where it is put."""

from __future__ import annotations

import textwrap
from pathlib import Path

import yaml

from dagster_project.ingestion.assistant.propose import Guess, Proposal
from dagster_project.ingestion.mapping import MAPPING_FILE_NAME, parse_mapping
from dagster_project.ingestion.refusal import RefusedFile
from dagster_project.owner_yaml import read_plain


class NotWritten(Exception):
    """The mapping cannot be put beside the file; says why, in Chinese and English."""


def mapping_text(proposal: Proposal) -> str:
    """The `mapping.yml` of one proposal, what is missing and asked as comments."""
    lines = [f"entity: {proposal.format.entity}"]
    if not proposal.dialect.has_header:
        lines.append("header: false")
    if proposal.dialect.spaces:
        lines.append("delimiter: whitespace")
    if proposal.date_format is not None:
        lines.append(f"date_format: {_scalar(proposal.date_format)}")
    if proposal.decimal_comma:
        lines.append('decimal: ","')
    lines += [f"# 请确认 / please check: {question}" for question in proposal.questions]
    lines += [f"# 缺少 / missing: {name}" for name in proposal.missing]
    lines.append("columns:")
    for guess in proposal.guesses:
        lines += _column(guess)
    if proposal.unused:
        lines.append(f"# 没有用到 / not used: {', '.join(proposal.unused)}")
    return "\n".join(lines) + "\n"


def write_mapping(text: str, path: Path) -> Path:
    """Put a mapping beside the file `path`, or add it to the one that is there.

    Raises:
        NotWritten: what is there cannot take another table; nothing was changed.
    """
    target = path.with_name(MAPPING_FILE_NAME)
    if not target.exists():
        _replace(target, text, expected=1)
        return target
    old = target.read_text(encoding="utf-8-sig")
    try:
        document = read_plain(old, yaml.BaseLoader)
    except yaml.YAMLError:
        document = None
    if not isinstance(document, dict):
        raise NotWritten(f"{target} 有误，先改好它 / is wrong; mend it first")
    if "tables" in document:
        whole = old.rstrip("\n") + "\n" + _entry(text)
        before = len(document["tables"])
    else:
        whole = "tables:\n" + _entry(old) + _entry(text)
        before = 1
    _replace(target, whole, expected=before + 1)
    return target


def _replace(target: Path, text: str, expected: int) -> None:
    """Write only what reads back as a mapping of that many tables."""
    try:
        found = len(parse_mapping(text, target.parent.name).tables)
    except RefusedFile as refused:
        raise NotWritten(
            f"写入后 {target} 会读不了，请手工补充 / {target} would not be readable; complete it "
            f"by hand: {refused.refusal.message}"
        ) from refused
    if found != expected:
        raise NotWritten(
            f"{target} 的 tables 不在文件末尾，请手工加入 / `tables` is not the last key of "
            f"{target}; add the table by hand"
        )
    scratch = target.with_name(f".{target.name}.tmp")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(target)


def _entry(text: str) -> str:
    return "  -\n" + textwrap.indent(text.rstrip("\n") + "\n", "    ")


def _column(guess: Guess) -> list[str]:
    name = guess.column.name
    if guess.row_number:
        return [f"  {name}: {{row_number: true}}"]
    if guess.constant is not None:
        return [f"  {name}: {{constant: {_scalar(guess.constant)}}}"]
    header = _scalar(guess.header or "")
    if guess.hashed:
        return [f"  {name}: {{column: {header}, hash: true}}"]
    if not guess.values:
        return [f"  {name}: {header}"]
    pairs = [f"      {_scalar(old)}: {_scalar(new)}" for old, new in guess.values]
    return [f"  {name}:", f"    column: {header}", "    values:", *pairs]


def _scalar(text: str) -> str:
    """One text as YAML, quoted where it must be."""
    return yaml.safe_dump(text, allow_unicode=True, width=10_000).removesuffix("...\n").strip()
