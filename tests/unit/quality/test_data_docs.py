"""The pages: one run, readable offline, and what the data says stays text."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.quality.data_docs import build, make_local
from dagster_project.quality.runner import run_gate
from dagster_project.quality.suites import load_suite

from .conftest import CHECKED_AT, a_rule

IN_SET = a_rule(
    "expect_column_values_to_be_in_set", "status_is_known", column="status", value_set=["paid"]
) | {"severity": "warning", "reason": "Costs $5 & more <when> it fails."}

# What a browser fetches by itself: links in the text may lead anywhere.
LOADED = re.compile(r"<(?:link|script|img|iframe)\b[^>]*?(?:href|src)=[\"']?([^\"'\s>]+)")
STYLE_URL = re.compile(r"url\(\s*['\"]?([^)'\"]+)")


@pytest.fixture
def kept(database: Path, tmp_path: Path, write_suite: Callable[..., Path]) -> Path:
    """The kept results of run-1: a damaged facts suite and a marts suite with an error."""
    folder = tmp_path / "quality"
    facts = write_suite(
        IN_SET,
        a_rule("unexpected_rows", "q", unexpected_rows_query="select order_id from {batch}"),
    )
    marts = write_suite(
        a_rule("expect_column_max_to_be_between", column="nowhere", max_value=1),
        name="totals",
        gate="marts",
        table="marts.order_totals",
    )
    suites = [load_suite(facts), load_suite(marts)]
    for gate in ("facts", "marts"):
        run_gate(database, suites, gate, "run-1", CHECKED_AT, keep_in=folder)
    return folder


def pages_of(site: Path) -> dict[Path, str]:
    """Every page of a site with its text."""
    return {path: path.read_text("utf-8") for path in site.rglob("*.html")}


def test_every_gate_of_the_run_has_its_pages(kept: Path, tmp_path: Path) -> None:
    index = build(kept, tmp_path / "reports" / "quality", "run-1")
    assert index == tmp_path / "reports" / "quality" / "index.html"
    text = index.read_text("utf-8")
    assert "facts.marts.fct_orders" in text
    assert "marts.marts.order_totals" in text
    assert "2024-06-01 03:00:00" in text
    assert "UTC" not in re.sub(r"<script.*?</script>", "", text, flags=re.S)


def test_pages_load_nothing_from_elsewhere_and_nothing_missing(kept: Path, tmp_path: Path) -> None:
    site = build(kept, tmp_path / "reports" / "quality", "run-1").parent
    pages = pages_of(site)
    assert len(pages) == 5
    for path, text in pages.items():
        loaded = LOADED.findall(text) + STYLE_URL.findall(text)
        loaded += re.findall(r'<a\b[^>]*?href="((?!http)[^"#]+)"', text)
        assert any(address.endswith("bootstrap.min.css") for address in loaded)
        for address in loaded:
            if not address.startswith(("data:", "#")):
                assert not re.match(r"(?:https?:)?//", address), f"{path.name} loads {address}"
                assert (path.parent / address).is_file(), f"{path.name} lacks {address}"
    for style in site.rglob("*.css"):
        for address in STYLE_URL.findall(style.read_text("utf-8")):
            assert not re.match(r"(?:https?:)?//", address), f"{style.name} loads {address}"


def test_severity_reason_and_failing_keys_are_shown(kept: Path, tmp_path: Path) -> None:
    site = build(kept, tmp_path / "reports" / "quality", "run-1").parent
    (page,) = (site / "validations" / "facts").rglob("*.html")
    text = page.read_text("utf-8")
    assert "warning: status_is_known. Costs $5 &amp; more &lt;when&gt; it fails." in text
    assert "{&quot;order_id&quot;: &quot;o1&quot;}" in text
    assert "100" in text
    (suite_page,) = (site / "expectations" / "facts").rglob("*.html")
    assert "belong to this set" in suite_page.read_text("utf-8")
    (broken,) = (site / "validations" / "marts").rglob("*.html")
    assert "nowhere" in broken.read_text("utf-8")


def test_markup_in_the_data_stays_text(
    database: Path, damage: Callable[[str], None], tmp_path: Path, write_suite: Callable[..., Path]
) -> None:
    damage(
        "update marts.fct_orders set order_id = '<script>alert(1)</script>',"
        " status = '<img src=x onerror=alert(1)>' where order_id = 'o7'"
    )
    suite = load_suite(
        write_suite(
            IN_SET,
            a_rule("unexpected_rows", "q", unexpected_rows_query="select order_id from {batch}"),
            a_rule(
                "expect_column_distinct_values_to_be_in_set",
                "set",
                column="status",
                value_set=["paid"],
            ),
            a_rule(
                "unexpected_rows", "e", unexpected_rows_query="select '<img src=x' from {batch}"
            ),
        )
    )
    run_gate(database, [suite], "facts", "run-1", CHECKED_AT, keep_in=tmp_path / "kept")
    site = build(tmp_path / "kept", tmp_path / "quality", "run-1").parent
    for text in pages_of(site).values():
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_an_earlier_run_is_not_shown(kept: Path, database: Path, tmp_path: Path) -> None:
    output = tmp_path / "reports" / "quality"
    build(kept, output, "run-1")
    suite = load_suite(tmp_path / "expectations" / "fct_orders.yml")
    run_gate(database, [suite], "facts", "run-2", CHECKED_AT, keep_in=kept)
    build(kept, output, "run-2")
    names = {path.name for path in pages_of(output)}
    assert names == {"index.html", "fct_orders.html", "marts.fct_orders.html"}
    assert not (tmp_path / "reports" / "quality.new").exists()
    with pytest.raises(FileNotFoundError, match="run-3"):
        build(kept, output, "run-3")
    assert (output / "index.html").is_file()


def test_an_address_without_a_copy_is_removed() -> None:
    html = (
        '<script src="https://somewhere.net/npm/vega@5"></script>'
        '<link rel="stylesheet" href="https://somewhere.net/bootstrap.min.css">'
    )
    assert make_local(html, "../") == (
        '<link rel="stylesheet" href="../static/vendor/bootstrap.min.css">'
    )
