"""The page of a benchmark: tables and bars in plain HTML and SVG, in Chinese and English."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

_BARS = (
    (
        "without_fixed",
        "cpu_seconds",
        "CPU 秒（不含固定开销）",
        "CPU seconds without the fixed cost",
    ),
    ("without_fixed", "wall_seconds", "秒（不含固定开销）", "seconds without the fixed cost"),
    ("total", "cpu_seconds", "CPU 秒（全部）", "CPU seconds, all"),
    ("fixed", "cpu_seconds", "固定开销：CPU 秒", "fixed cost: CPU seconds"),
    ("total", "peak_megabytes", "内存峰值 MB", "peak memory, MB"),
    ("total", "disk_megabytes", "磁盘峰值 MB", "peak disk, MB"),
)
_STYLE = """
body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;color:#222;max-width:960px}
body{margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;margin:1rem 0}
td,th{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:right}
td:first-child,th:first-child{text-align:left}.note{color:#666}
"""
_STEPS = 20  # of a profile
_WIDTH, _ROW, _LABEL, _VALUE = 900, 24, 260, 170


def write_page(report: dict[str, Any], path: Path) -> None:
    """Write one self-contained page for a report of `benchmarks.nightly`."""
    machine = report["machine"]
    about = (
        f"{machine['cores']} cores, {machine['memory_gigabytes']} GiB, DuckDB {machine['duckdb']}, "
        f"Python {machine['python']}, {machine['measured_at']}"
    )
    if report["memory_limit"]:
        about += f", memory_limit {report['memory_limit']}"
    parts = [
        "<h1>每夜任务的开销 · What a night costs</h1>",
        f'<p class="note">{escape(about)}</p>',
        "<p>同一份订单明细、同样的结果表；条形是中位数，细线是最小到最大。"
        "<br>The same order lines, the same tables; bars are medians, thin lines the range.</p>",
    ]
    for size in report["sizes"]:
        parts += _size(size)
    for increment in report.get("increments", []):
        parts += _increment(increment)
    path.write_text(
        '<!doctype html><html lang="zh"><meta charset="utf-8"><title>每夜任务的开销</title>'
        f"<style>{_STYLE}</style><body>{''.join(parts)}</body></html>\n",
        encoding="utf-8",
    )


def _size(size: dict[str, Any]) -> list[str]:
    ran = {name: result for name, result in size["results"].items() if "total" in result}
    others = {name: result for name, result in size["results"].items() if name not in ran}
    title = f"{size['lines']:,} 行 · lines ({size['megabytes']:,} MB {size['format']}), "
    parts = [f"<h2>{title}{size['rounds']} 轮 · rounds</h2>", _ratios(ran)]
    for part, measure, chinese, english in _BARS:
        parts.append(f"<h3>{chinese} · {english}</h3>")
        parts.append(_bars({name: result[part][measure] for name, result in ran.items()}))
    for name, result in ran.items():
        if steps := list(result.get("profile", {}).items())[:_STEPS]:
            parts.append(f"<h3>{escape(name)}: 时间去向 · where the time goes</h3>")
            parts.append(_bars({step: [seconds] * 3 for step, seconds in steps}))
    for name, result in others.items():
        parts.append(f'<p class="note">{escape(name)}: {escape(result["state"])}</p>')
    return parts


def _ratios(ran: dict[str, dict[str, Any]]) -> str:
    rows = [
        "<tr><th></th><th>CPU ×</th><th>CPU × 净 net</th><th>时间 wall × 净 net</th>"
        "<th>内存 memory ×</th><th>对照 against</th><th>结果相同 same figures</th></tr>"
    ]
    for name, result in ran.items():
        ratios = result.get("ratios", {"total": {}, "without_fixed": {}})
        cells = [
            ratios["total"].get("cpu_seconds"),
            ratios["without_fixed"].get("cpu_seconds"),
            ratios["without_fixed"].get("wall_seconds"),
            ratios["total"].get("peak_megabytes"),
        ]
        texts = "".join(f"<td>{'–' if c is None else f'{c:.2f}'}</td>" for c in cells)
        same = "✗" if result.get("differences") else "✓"
        against = escape(result.get("limit", ""))
        rows.append(f"<tr><td>{escape(name)}</td>{texts}<td>{against}</td><td>{same}</td></tr>")
    return f"<table>{''.join(rows)}</table>"


def _bars(values: dict[str, list[float]]) -> str:
    most = max((figures[2] for figures in values.values()), default=0) or 1
    scale = (_WIDTH - _LABEL - _VALUE) / most
    shapes = []
    for row, (name, (median, least, largest)) in enumerate(
        sorted(values.items(), key=lambda item: item[1][0])
    ):
        y = row * _ROW
        colour = "#c0392b" if name.startswith("warehouse") else "#4a7fb5"
        width = max(median, 0) * scale
        left, right = _LABEL + max(least, 0) * scale, _LABEL + max(largest, 0) * scale
        middle = y + _ROW // 2
        shapes.append(
            f'<text x="{_LABEL - 8}" y="{y + 16}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{_LABEL}" y="{y + 4}" width="{width:.1f}" height="{_ROW - 8}" '
            f'fill="{colour}"/>'
            f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{middle}" y2="{middle}" stroke="#222"/>'
            f'<text x="{right + 6:.1f}" y="{y + 16}">{median:,.1f} '
            f'<tspan fill="#666">({least:,.1f}–{largest:,.1f})</tspan></text>'
        )
    height = len(values) * _ROW
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="100%" font-size="13">{"".join(shapes)}</svg>'
    )


def _increment(increment: dict[str, Any]) -> list[str]:
    share = increment["day_share_without_fixed"]
    values = {
        "三年 · three years": increment["full"]["cpu_seconds"],
        "一天 · a day": increment["day"]["cpu_seconds"],
        "没有新文件 · nothing new": increment["nothing_new"]["cpu_seconds"],
    }
    return [
        f"<h2>{increment['lines']:,} 行之后的一天 · a day after {increment['lines']:,} lines</h2>",
        f"<p>{increment['day_lines']:,} 行 · lines: CPU {share['cpu_seconds']:.1%}, "
        f"时间 · wall {share['wall_seconds']:.1%}</p>",
        _bars(values),
    ]
