"""What a night costs: the warehouse, the hand-written script that is the limit, and the peers.

`python -m benchmarks.nightly --help`. A shop of so many order lines is made, and each way builds
the same tables from its file, in turns, each time in a process and a folder of its own. All results
must have the same fingerprints. A shop of a thousand lines gives the fixed cost of each. Median and
range of seconds, CPU seconds, memory and disk, and the ratios to the script, go to a JSON file and
to a page.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks.contract import (
    TABLES,
    TAGS_TABLE,
    Fingerprint,
    differences,
    fingerprints,
)
from benchmarks.measure import Cost, RunFailedError, measure
from benchmarks.page import write_page
from benchmarks.peers.command import Profile
from benchmarks.shop import DAY_NAME, FULL_NAME, SMALL_LINES, Shop
from dagster_project.settings import PROJECT_DIR

DEFAULT_LINES, DEFAULT_ROUNDS = 1_000_000, 5
SCALE_LINES, SCALE_MEMORY = (1_000_000, 10_000_000, 50_000_000), "4GB"
FIXED_LINES = 1_000  # so small that only the fixed cost is left
FIXED_ROUNDS = 3  # it varies less than the rest, and takes as long for a slow one
REPORTS = PROJECT_DIR / "reports" / "bench"
PEERS_PYTHON = PROJECT_DIR / "build" / "peers-venv" / "bin" / "python"
LIMIT = "script"

# Of a handful of lines nothing is left without the fixed cost but its noise: no ratio then.
_LEAST_NET_SHARE = 0.05
_MEASURES = ("wall_seconds", "cpu_seconds", "peak_megabytes", "disk_megabytes")
_ALL = frozenset(TABLES)
_CORE = _ALL - {TAGS_TABLE}


@dataclass(frozen=True)
class Implementation:
    """One way to do the night.

    Attributes:
        module: below `benchmarks.peers`.
        options: its own switches.
        needs: a package that the project's lock does not have.
        is_extra: that package is an extra of the project, installed in its own environment.
        prepares: has something to do once, before any night, that is not measured.
        tables: which of the contract it makes.
        limit: what its cost is compared with.
    """

    module: str
    options: tuple[str, ...] = ()
    needs: str | None = None
    is_extra: bool = False
    prepares: bool = False
    tables: frozenset[str] = _ALL
    limit: str = LIMIT


_ON_SPARK = Implementation(
    "warehouse_on_spark", needs="pyspark", is_extra=True, prepares=True, tables=_CORE,
    limit="script-without-tags",
)  # fmt: skip

IMPLEMENTATIONS: dict[str, Implementation] = {
    LIMIT: Implementation("script"),
    "script-without-tags": Implementation("script", ("--without-tags",), tables=_CORE),
    "warehouse": Implementation(
        "warehouse", prepares=True, tables=_CORE, limit="script-without-tags"
    ),
    "warehouse-everything": Implementation("warehouse", ("--everything",), prepares=True),
    "warehouse-spark": _ON_SPARK,
    "warehouse-cluster": replace(_ON_SPARK, options=("--cluster",)),
    "dbt": Implementation("with_dbt", prepares=True),
    "dagster-dbt": Implementation("with_dagster", prepares=True),
    "dbt-warehouse": Implementation(
        "with_dbt", ("--warehouse",), prepares=True, tables=_CORE, limit="script-without-tags"
    ),
    "dagster-dbt-warehouse": Implementation(
        "with_dagster", ("--warehouse",), prepares=True, tables=_CORE, limit="script-without-tags"
    ),
    "pandas": Implementation("with_pandas"),
    "polars": Implementation("with_polars", needs="polars"),
    "sqlmesh": Implementation("with_sqlmesh", needs="sqlmesh", prepares=True),
    "pyspark": Implementation("with_pyspark", needs="pyspark"),
}


@dataclass(frozen=True)
class Bench:
    """Where and how everything is run.

    Attributes:
        folder: for runs.
        shops: for the shops' files.
        peers_python: interpreter of the peers' environment.
        memory: DuckDB's memory limit, or None.
        timeout: seconds a run may take, or None.
    """

    folder: Path
    shops: Path
    peers_python: Path
    memory: str | None
    timeout: float | None

    def shop(self, lines: int, file_format: str = "csv") -> Path:
        """The file of a shop, made when it is not there yet."""
        path = self.shops / f"shop-{lines}" / f"{FULL_NAME}.{file_format}"
        return path if path.is_file() else Shop(lines).make(path)

    def day(self, lines: int) -> Path:
        """The file of the day after a shop's three years."""
        path = self.shops / f"shop-{lines}-day" / f"{DAY_NAME}.csv"
        return path if path.is_file() else Shop(lines).make_day(path)

    def missing(self, implementation: Implementation) -> str | None:
        """Why it cannot run here; None when it can."""
        if implementation.needs is None:
            return None
        python = self._python(implementation)
        if python.is_file():
            probe = [str(python), "-c", f"import {implementation.needs}"]
            if subprocess.run(probe, capture_output=True).returncode == 0:
                return None
        target = "spark-setup" if implementation.is_extra else "bench-peers-setup"
        return f"not installed: {implementation.needs} (make {target})"

    @contextmanager
    def run(self, name: str, inputs: Sequence[Path]) -> Iterator[tuple[Cost, Path]]:
        """Cost and results of one run in a folder that is removed afterwards."""
        folder = self._new_folder(name)
        try:
            if IMPLEMENTATIONS[name].prepares:
                self._measured(name, folder, [*inputs], "--prepare")
            yield self._measured(name, folder, [*inputs]), folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def nights(
        self, name: str, inputs: Sequence[Path]
    ) -> tuple[list[Cost], dict[str, Fingerprint]]:
        """Costs of nights that follow each other, each after one more file, and the last result."""
        folder = self._new_folder(name)
        try:
            self._measured(name, folder, [inputs[0]], "--prepare")
            return [self._measured(name, folder, [file]) for file in inputs], fingerprints(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _python(self, implementation: Implementation) -> Path:
        is_foreign = implementation.needs and not implementation.is_extra
        return self.peers_python if is_foreign else Path(sys.executable)

    def _new_folder(self, name: str) -> Path:
        folder = self.folder / f"run-{name}"
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def _measured(self, name: str, folder: Path, inputs: list[Path], *more: str) -> Cost:
        implementation = IMPLEMENTATIONS[name]
        python = self._python(implementation)
        command = [str(python), "-m", f"benchmarks.peers.{implementation.module}"]
        command += [*implementation.options, *more, "--output", str(folder)]
        command += ["--memory", self.memory] if self.memory else []
        command += ["--input", *map(str, inputs)]
        environment = {
            **os.environ,
            "PYTHONPATH": str(PROJECT_DIR),
            "DO_NOT_TRACK": "1",
            "TMPDIR": str(self.folder),
        }
        return measure(
            command, folder, cwd=PROJECT_DIR, environment=environment, timeout=self.timeout
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; 0 when every implementation that ran gave the same figures."""
    options = _parser().parse_args(arguments)
    if options.small:
        options.lines, options.rounds = [SMALL_LINES], 1
    if options.scale:
        options.lines, options.memory = list(SCALE_LINES), options.memory or SCALE_MEMORY
    console = Console(stderr=True)
    report: dict[str, Any] = {"machine": _machine(), "memory_limit": options.memory, "sizes": []}
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as folder:
        shops = options.shops or Path(folder) / "shops"
        bench = Bench(Path(folder), shops, options.peers_python, options.memory, options.timeout)
        names = options.only or list(IMPLEMENTATIONS)
        fixed: dict[str, list[Cost]] = {name: [] for name in names}
        for lines in options.lines:
            report["sizes"].append({})
            for size in _rounds(bench, fixed, lines, options, console):
                report["sizes"][-1] = size
                _write(report, options.output)
        if options.increment:
            report["increments"] = [
                _increment(bench, lines, options.rounds, console) for lines in options.lines
            ]
    _write(report, options.output)
    _print(report, options.output)
    wrong = [
        f"{size['lines']:,} lines, {name}: {problem}"
        for size in report["sizes"]
        for name, result in size["results"].items()
        for problem in [*result.get("differences", []), *result.get("errors", [])]
    ]
    wrong += [
        f"{increment['lines']:,} lines and a day: {problem}"
        for increment in report.get("increments", [])
        for problem in increment["differences"]
    ]
    for line in wrong:
        console.print(f"[red]{line}")
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nightly", description=__doc__)
    parser.add_argument(
        "--lines", type=int, nargs="+", default=[DEFAULT_LINES], help="order lines of the shop"
    )
    parser.add_argument("--rounds", type=int, default=DEFAULT_ROUNDS, help="runs of each")
    parser.add_argument("--only", nargs="+", choices=tuple(IMPLEMENTATIONS), help="which ones")
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv")
    parser.add_argument("--small", action="store_true", help="a tiny shop, once")
    parser.add_argument(
        "--increment", action="store_true", help="the warehouse's night after one more day, too"
    )
    parser.add_argument(
        "--scale", action="store_true", help="1, 10 and 50 million lines, within 4 GB of DuckDB"
    )
    parser.add_argument("--memory", help="DuckDB's memory limit, such as 4GB")
    parser.add_argument("--timeout", type=float, help="seconds a run may take")
    parser.add_argument("--peers-python", type=Path, default=PEERS_PYTHON)
    parser.add_argument("--output", type=Path, default=REPORTS, help="folder of JSON and page")
    parser.add_argument("--folder", type=Path, help="where runs live; default: temporary")
    parser.add_argument("--shops", type=Path, help="where made shops are kept; default: nowhere")
    return parser


def _write(report: dict[str, Any], output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (output / "nightly.json").write_text(text, encoding="utf-8")
    write_page(report, output / "nightly.html")


def _rounds(
    bench: Bench,
    fixed: dict[str, list[Cost]],
    lines: int,
    options: argparse.Namespace,
    console: Console,
) -> Iterator[dict[str, Any]]:
    """The figures of one size after each run; adds to the `fixed` costs what is wanting there."""
    console.print(f"making {lines:,} order lines …")
    file, tiny = bench.shop(lines, options.format), bench.shop(FIXED_LINES, options.format)
    costs: dict[str, list[Cost]] = {name: [] for name in fixed}
    results: dict[str, dict[str, Any]] = {
        name: {"state": bench.missing(IMPLEMENTATIONS[name]) or "ran"} for name in fixed
    }
    size = {
        "lines": lines,
        "rounds": 0,
        "format": options.format,
        "megabytes": round(file.stat().st_size / 1e6, 1),
        "results": results,
    }
    yield size  # also where nothing is installed
    expected: dict[str, Fingerprint] = {}
    for turn in range(1, options.rounds + 1):
        for name, result in results.items():
            if result["state"] != "ran":
                continue
            try:
                if len(fixed[name]) < min(turn, FIXED_ROUNDS):
                    with bench.run(name, [tiny]) as (cost, _):
                        fixed[name].append(cost)
                with bench.run(name, [file]) as (cost, folder):
                    costs[name].append(cost)
                    console.print(
                        f"round {turn} of {options.rounds}: {name} {cost.wall_seconds:.1f} s, "
                        f"CPU {cost.cpu_seconds:.1f} s, {cost.peak_megabytes:,.0f} MB"
                    )
                    if turn == 1:
                        found = fingerprints(folder)
                        expected.update({k: v for k, v in found.items() if k not in expected})
                        wrong = differences(expected, found, IMPLEMENTATIONS[name].tables)
                        result["differences"] = wrong
                        result["profile"] = _profile(folder)
                        result["tables"] = {t: [f.rows, f.content] for t, f in found.items()}
            except RunFailedError as error:
                result["state"] = "failed"
                result["errors"] = [str(error)]
            if costs[name]:
                result.update(_figures(costs[name], fixed[name]))
            _add_ratios(results)
            size["rounds"] = turn
            yield size


def _profile(folder: Path) -> dict[str, float]:
    """Seconds of the steps an implementation names, the longest first."""
    file = folder / Profile.FILE
    steps: dict[str, float] = json.loads(file.read_text()) if file.is_file() else {}
    return dict(sorted(steps.items(), key=lambda item: -item[1]))


def _figures(costs: Sequence[Cost], fixed: Sequence[Cost]) -> dict[str, Any]:
    """Median, least and most of each measure: whole, fixed cost, difference."""
    wall = statistics.median(cost.wall_seconds for cost in fixed)
    cpu = statistics.median(cost.cpu_seconds for cost in fixed)
    net = [
        replace(cost, wall_seconds=cost.wall_seconds - wall, cpu_seconds=cost.cpu_seconds - cpu)
        for cost in costs
    ]
    return {
        "runs": [cost.as_dict() for cost in costs],
        "total": _summary(costs),
        "fixed": _summary(fixed),
        "without_fixed": _summary(net),
    }


def _summary(costs: Sequence[Cost]) -> dict[str, list[float]]:
    return {
        name: [
            round(pick([getattr(cost, name) for cost in costs]), 3)
            for pick in (statistics.median, min, max)
        ]
        for name in _MEASURES
    }


def _add_ratios(results: dict[str, dict[str, Any]]) -> None:
    """Each one's median to that of its limit, with all and without the fixed cost.

    The range is of the rounds' own ratios, as the two ran one after the other.
    """
    for name, result in results.items():
        limit = results.get(IMPLEMENTATIONS[name].limit, {})
        if "total" not in limit or "total" not in result:
            continue
        result["limit"] = IMPLEMENTATIONS[name].limit
        result["ratios"] = {
            part: {
                measure_: round(result[part][measure_][0] / limit[part][measure_][0], 3)
                for measure_ in _MEASURES
                if result[part][measure_][0] > 0
                and limit[part][measure_][0] > _LEAST_NET_SHARE * limit["total"][measure_][0]
            }
            for part in ("total", "without_fixed")
        }
        result["cpu_ratio_range"] = [
            round(pick(ratios), 3)
            for ratios in [
                [
                    mine["cpu_seconds"] / theirs["cpu_seconds"]
                    for mine, theirs in zip(result["runs"], limit["runs"], strict=False)
                ]
            ]
            for pick in (min, max)
        ]


def _increment(bench: Bench, lines: int, rounds: int, console: Console) -> dict[str, Any]:
    """The warehouse's night on three years and on the day after, as shares of the first."""
    nights: list[list[Cost]] = []
    wrong: list[str] = []
    # A night over nothing new still writes whole what describes the present: that is no fixed cost.
    tiny, _ = bench.nights("warehouse", [bench.shop(FIXED_LINES), bench.day(FIXED_LINES)])
    for turn in range(1, rounds + 1):
        console.print(f"round {turn} of {rounds}: three years of {lines:,} lines, then a day …")
        three_years, one_day = bench.shop(lines), bench.day(lines)
        costs, found = bench.nights("warehouse", [three_years, one_day, one_day])
        nights.append(costs)
        if turn == 1:
            # From both files at once the script must come to the same.
            with bench.run("script-without-tags", [three_years, one_day]) as (_, folder):
                wrong = differences(fingerprints(folder), found, _CORE)
    full, day, nothing = ([night[k] for night in nights] for k in range(3))
    share = {
        measure_: round(
            statistics.median(
                (getattr(d, measure_) - getattr(tiny[1], measure_))
                / (getattr(f, measure_) - getattr(tiny[0], measure_))
                for f, d in zip(full, day, strict=True)
            ),
            4,
        )
        for measure_ in ("wall_seconds", "cpu_seconds")
    }
    return {
        "lines": lines,
        "day_lines": Shop(lines).day_lines,
        "full": _summary(full),
        "day": _summary(day),
        "nothing_new": _summary(nothing),
        "day_share_without_fixed": share,
        "differences": wrong,
    }


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_gigabytes": round(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1
        ),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "load_before": round(os.getloadavg()[0], 2),
        "clock": time.get_clock_info("perf_counter").implementation,
    }


def _print(report: dict[str, Any], output: Path) -> None:
    console = Console() if sys.stdout.isatty() else Console(width=140)
    for size in report["sizes"]:
        table = Table(
            *("", "wall s", "CPU s", "peak MB", "disk MB", "fixed CPU s", "CPU ×", "CPU × net"),
            *("wall × net", "against"),
            title=f"{size['lines']:,} lines, {size['rounds']} rounds: median (least–most)",
        )
        for name, result in size["results"].items():
            if "total" not in result:
                table.add_row(name, result["state"].split("\n")[0])
                continue
            total, ratios = result["total"], result.get("ratios", {})
            table.add_row(
                name,
                *(_spread(total[measure_]) for measure_ in _MEASURES),
                f"{result['fixed']['cpu_seconds'][0]:.1f}",
                *(
                    f"{ratios[part][measure_]:.2f}" if measure_ in ratios.get(part, {}) else "–"
                    for part, measure_ in (
                        ("total", "cpu_seconds"),
                        ("without_fixed", "cpu_seconds"),
                        ("without_fixed", "wall_seconds"),
                    )
                ),
                result.get("limit", ""),
            )
        console.print(table)
    for increment in report.get("increments", []):
        share = increment["day_share_without_fixed"]
        console.print(
            f"{increment['lines']:,} lines and a day of {increment['day_lines']:,}: the day takes "
            f"{share['cpu_seconds']:.1%} of the CPU and {share['wall_seconds']:.1%} of the time of "
            "the full build, the same nights of a tiny shop taken off both"
        )
    console.print(f"written to {output / 'nightly.json'} and {output / 'nightly.html'}")


def _spread(figures: Sequence[float]) -> str:
    median, least, most = figures
    form = ",.1f" if median < 100 else ",.0f"
    return f"{median:{form}} ({least:{form}}–{most:{form}})"


if __name__ == "__main__":
    sys.exit(main())
