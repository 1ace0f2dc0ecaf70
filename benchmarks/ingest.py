"""How fast files become raw tables, against DuckDB's bare reading of the same files.

`python -m benchmarks.ingest --help`. Bare is `create table … as select * from read_csv(…,
all_varchar = true)` into a new database on the same disk. The loader does all that a night does:
it recognises, hashes, keeps the raw copy, recodes, cleans, types and writes the ledger. Both run
in processes of their own, in turns, each time into a new database.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks.exports import EXPORTS, Made, make_export
from dagster_project.ingestion.loader import load_files
from dagster_project.settings import PROJECT_DIR, Settings

DEFAULT_MEGABYTES = 200
SMALL_MEGABYTES = 2
DEFAULT_ROUNDS = 3
OUTPUT = PROJECT_DIR / "build" / "benchmarks" / "ingest.json"


@dataclass(frozen=True)
class Measurement:
    """One run in a process of its own.

    Attributes:
        seconds: of the reading alone, without starting Python.
        cpu_seconds: of all cores in that time; a busy machine disturbs them less.
        peak_megabytes: most memory the process held (10⁶ bytes).
        rows: rows that came in.
        content: hash of the rows, whatever their order; only of the loader.
    """

    seconds: float
    cpu_seconds: float
    peak_megabytes: float
    rows: int
    content: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the files, measure both ways in turns, print a table and write JSON."""
    options = _parser().parse_args(arguments)
    if options.measure:
        kind, path = options.measure
        print(json.dumps(vars(_measure_here(kind, Path(path)))))
        return 0
    megabytes = SMALL_MEGABYTES if options.small else options.megabytes
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as folder:
        results = {
            name: _compare(name, megabytes, options.rounds, Path(folder))
            for name in options.only or EXPORTS
        }
    report = {"machine": _machine(), "megabytes": megabytes, "files": results}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    _print(report, options.output)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--megabytes", type=float, default=DEFAULT_MEGABYTES, help="size of a file")
    parser.add_argument("--small", action="store_true", help="tiny files, to see that it runs")
    parser.add_argument("--rounds", type=int, default=DEFAULT_ROUNDS, help="runs of each way")
    parser.add_argument("--only", nargs="+", choices=tuple(EXPORTS), help="which files")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the JSON file")
    parser.add_argument("--folder", type=Path, help="where files are made; default: temporary")
    parser.add_argument("--measure", nargs=2, metavar=("KIND", "FILE"), help=argparse.SUPPRESS)
    return parser


def _compare(name: str, megabytes: float, rounds: int, folder: Path) -> dict[str, Any]:
    made = make_export(EXPORTS[name], name, megabytes, folder)
    bare, loader = [], []
    for _ in range(rounds):
        bare.append(_measure("bare", made.utf8))
        loader.append(_measure("loader", made.path))
    for measurement in (*bare, *loader):
        if measurement.rows != made.rows:
            raise RuntimeError(f"{name}: {measurement.rows} rows came in, {made.rows} were made")
    if len({measurement.content for measurement in loader}) != 1:
        raise RuntimeError(f"{name}: the loader gave different rows for the same file")
    figures = _figures(made, bare, loader)
    for path in {made.path, made.utf8}:
        path.unlink()
    return figures


def _figures(
    made: Made, bare: Sequence[Measurement], loader: Sequence[Measurement]
) -> dict[str, Any]:
    size = made.utf8_bytes / 1e6
    bare_seconds = statistics.median(m.seconds for m in bare)
    loader_seconds = statistics.median(m.seconds for m in loader)
    return {
        "megabytes": round(made.bytes / 1e6, 1),
        "megabytes_utf8": round(size, 1),
        "rows": made.rows,
        "bare_seconds": [round(m.seconds, 3) for m in bare],
        "loader_seconds": [round(m.seconds, 3) for m in loader],
        "bare_cpu_seconds": [round(m.cpu_seconds, 3) for m in bare],
        "loader_cpu_seconds": [round(m.cpu_seconds, 3) for m in loader],
        "bare_mb_per_second": round(size / bare_seconds, 1),
        "loader_mb_per_second": round(size / loader_seconds, 1),
        "ratio": round(bare_seconds / loader_seconds, 3),
        "cpu_ratio": round(
            statistics.median(m.cpu_seconds for m in bare)
            / statistics.median(m.cpu_seconds for m in loader),
            3,
        ),
        "bare_peak_megabytes": round(max(m.peak_megabytes for m in bare)),
        "loader_peak_megabytes": round(max(m.peak_megabytes for m in loader)),
        "content": loader[0].content,
    }


def _measure(kind: str, path: Path) -> Measurement:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.ingest", "--measure", kind, str(path)],
        cwd=PROJECT_DIR,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Measurement(**json.loads(run.stdout.splitlines()[-1]))


def _measure_here(kind: str, path: Path) -> Measurement:
    home = path.with_suffix(f".{kind}")
    try:
        return _bare(path, home) if kind == "bare" else _loader(path, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _bare(path: Path, home: Path) -> Measurement:
    home.mkdir()
    with duckdb.connect(str(home / "bare.duckdb")) as connection:
        started, cpu_started = time.perf_counter(), time.process_time()
        connection.execute(
            "create table bare as select * from read_csv(?, all_varchar = true)", [str(path)]
        )
        connection.execute("checkpoint")
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
        peak = _peak_megabytes()
        return Measurement(seconds, cpu_seconds, peak, _count(connection, "bare"))


def _loader(path: Path, home: Path) -> Measurement:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(home), "PSEUDONYM_KEY": "b" * 32})
    settings.create_folders()
    os.link(path, settings.landing_dir / path.name)
    started, cpu_started = time.perf_counter(), time.process_time()
    report = load_files(settings)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    peak = _peak_megabytes()
    (file,) = report.loaded
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        content = [_content(connection, table) for table in _filled(connection)]
    return Measurement(seconds, cpu_seconds, peak, file.rows, " ".join(content))


def _filled(connection: duckdb.DuckDBPyConnection) -> list[str]:
    names = connection.execute(
        "select table_name from duckdb_tables() "
        "where schema_name = 'raw' and table_name <> 'ingested_files' order by 1"
    ).fetchall()
    return [name for (name,) in names if _count(connection, f"raw.{name}")]


def _content(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    row = connection.execute(
        f"select count(*), bit_xor(md5_number_lower(r::varchar)) from raw.{table} as r"
    ).fetchone()
    return f"{table}:{row[0]}:{row[1]:016x}" if row else table


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0


def _peak_megabytes() -> float:
    # Linux counts in kilobytes, macOS in bytes.
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "system": f"{platform.system()} {platform.machine()}",
    }


def _print(report: dict[str, Any], output: Path) -> None:
    table = Table(
        "file", "MB", "rows", "bare MB/s", "loader MB/s", "ratio", "CPU ratio", "peak MB (bare)"
    )
    for name, figures in report["files"].items():
        table.add_row(
            name,
            f"{figures['megabytes']:,.0f}",
            f"{figures['rows']:,}",
            f"{figures['bare_mb_per_second']:,.0f}",
            f"{figures['loader_mb_per_second']:,.0f}",
            f"{figures['ratio']:.2f}",
            f"{figures['cpu_ratio']:.2f}",
            f"{figures['loader_peak_megabytes']:,} ({figures['bare_peak_megabytes']:,})",
        )
    console = Console() if sys.stdout.isatty() else Console(width=120)
    console.print(table)
    console.print(f"written to {output}")


if __name__ == "__main__":
    sys.exit(main())
