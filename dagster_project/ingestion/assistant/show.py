"""A proposal and its preview for people, in Chinese and English."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from dagster_project.ingestion.assistant.preview import Preview
from dagster_project.ingestion.assistant.propose import Guess, Proposal


def show_proposal(console: Console, proposal: Proposal) -> None:
    """Which warehouse column comes from where and why, what is missing, what is asked."""
    entity = proposal.format.entity
    console.print(
        f"每行是一个 / one row is one of: [bold]{entity}[/bold] (--entity 可改 / to change)"
    )
    grid = Grid(box=None, pad_edge=False)
    grid.add_column("文件的列 / file")
    grid.add_column("仓库列 / warehouse")
    grid.add_column("依据 / evidence", overflow="fold")
    for guess in proposal.guesses:
        grid.add_row(
            escape(_origin(guess)),
            guess.column.name,
            escape(f"{guess.evidence.zh}\n{guess.evidence.en}"),
        )
    console.print(grid)
    for name in proposal.missing:
        console.print(f"[red]缺少必需的列 / required and not found:[/red] {escape(name)}")
    for question in proposal.questions:
        console.print(f"[yellow]请确认 / please check:[/yellow] {escape(str(question))}")
    if proposal.unused:
        console.print(f"没有用到的列 / not used: {escape(', '.join(proposal.unused))}")


def show_preview(console: Console, found: Preview) -> None:
    """The first rows as they would arrive, and what did not parse."""
    if found.refusal is not None:
        console.print(f"[red]这样会被拒收 / would be refused:[/red] {escape(found.refusal)}")
        return
    part = "" if found.is_whole else " (文件开头 / of its start)"
    console.print(
        f"{found.rows:,} 行 / rows{part}, {found.unreadable:,} 行读不了 / unreadable. "
        "前几行 / first rows:"
    )
    grid = Grid(box=None, pad_edge=False)
    for name in found.columns:
        grid.add_column(name, overflow="fold")
    for row in found.first:
        grid.add_row(*(escape("" if value is None else str(value)) for value in row))
    console.print(grid)
    for issue, rows in found.issues:
        console.print(f"[yellow]{rows:,} 行 / rows:[/yellow] {escape(issue)}")


def _origin(guess: Guess) -> str:
    if guess.row_number:
        return "(行号 / row number)"
    if guess.constant is not None:
        return f"(固定 / constant) {guess.constant}"
    return (guess.header or "").strip()
