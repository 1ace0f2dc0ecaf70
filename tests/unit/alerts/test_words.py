"""From what was seen of a night to one message in two languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dagster_project.alerts.memory import Occasion
from dagster_project.alerts.message import SHOWN, Places, write_message
from dagster_project.alerts.observed import (
    BrokenRule,
    FailedStep,
    Night,
    Observed,
    Outcome,
    Published,
    Refused,
)
from dagster_project.alerts.troubles import Kind, find_troubles

NOW = datetime(2026, 11, 29, 18, 5, tzinfo=UTC)  # 02:05 of the next day in Shanghai
BUILT = NOW - timedelta(hours=24)
PUBLISHED = Published("2026-11-27", BUILT, "fresh")
WELL = Observed(
    now=NOW,
    night=Night(NOW - timedelta(minutes=5), Outcome.SUCCEEDED, "2026-11-28", "run-1"),
    published=PUBLISHED,
    confirmed_at=BUILT,
)
BLOCKED = replace(
    WELL,
    night=Night(
        NOW - timedelta(minutes=5),
        Outcome.FAILED,
        "2026-11-28",
        "run-1",
        (FailedStep("gate_facts", "DagsterAssetCheckFailedError"),),
    ),
    rules=(
        BrokenRule(
            "critical",
            "marts.gmv_bridge",
            "raw_and_removed_rows_give_kept",
            2,
            ("file_id=3, unexplained_rows=1", "file_id=4, unexplained_rows=2"),
            "Rows of a file disappeared.",
        ),
        BrokenRule("warning", "marts.fct_orders", "dates_are_plausible", 7, (), "Odd dates."),
        BrokenRule("info", "raw.taobao_orders", "order_stands_once_a_file", 1),
    ),
)
PLACES = Places(
    "shop-1", Path("/srv/shop"), Path("/srv/shop/reports/quality/index.html"), Path("/srv/refused")
)


def kinds(observed: Observed) -> list[Kind]:
    return [trouble.kind for trouble in find_troubles(observed, fresh_hours=30)]


def test_a_night_that_went_well_is_no_trouble() -> None:
    assert find_troubles(WELL, fresh_hours=30) == ()
    assert find_troubles(Observed(now=NOW), fresh_hours=30) == ()


def test_each_thing_that_can_be_wrong_is_one() -> None:
    assert kinds(BLOCKED) == [Kind.FAILED, Kind.RULE, Kind.WARNING]
    assert kinds(replace(WELL, night=Night(NOW, Outcome.BROKE_OFF))) == [Kind.FAILED]
    assert kinds(replace(WELL, night=Night(NOW, Outcome.FAILED))) == [Kind.FAILED]
    late = replace(PUBLISHED, late_sources=("jd", "taobao"))
    assert kinds(replace(WELL, published=late)) == [Kind.SOURCE_LATE, Kind.SOURCE_LATE]
    # When no source at all brought anything that is one trouble, not one for each.
    assert kinds(replace(WELL, published=replace(late, freshness="late"))) == [Kind.LATE]
    assert kinds(replace(WELL, refused=(Refused("a.csv", "1"), Refused("b.csv", "2")))) == [
        Kind.REFUSED,
        Kind.REFUSED,
    ]


@pytest.mark.parametrize(("hours", "late"), [(29.9, False), (30.1, True)])
def test_no_night_at_all_is_noticed_by_the_clock(hours: float, late: bool) -> None:
    last = NOW - timedelta(hours=hours)
    built_long_ago = replace(PUBLISHED, built_at=NOW - timedelta(days=9))
    # A night that found nothing new counts, though the tables are older.
    observed = replace(WELL, night=None, published=built_long_ago, confirmed_at=last)
    assert kinds(observed) == ([Kind.LATE] if late else [])
    # Without Dagster's history the tables' own time counts.
    tables = replace(PUBLISHED, built_at=last)
    assert kinds(replace(observed, published=tables, confirmed_at=None)) == (
        [Kind.LATE] if late else []
    )


def test_a_key_stays_as_long_as_the_trouble_does() -> None:
    def keys(observed: Observed) -> set[str]:
        return {trouble.key for trouble in find_troubles(observed, fresh_hours=30)}

    worse = replace(BLOCKED.rules[0], rows=9, keys=("file_id=9",))
    assert keys(BLOCKED) == keys(replace(BLOCKED, rules=(worse, *BLOCKED.rules[1:])))
    long_ago = replace(WELL, confirmed_at=NOW - timedelta(hours=40), published=None)
    assert keys(long_ago) == keys(replace(long_ago, now=NOW + timedelta(hours=5)))
    # Another version of a file that is no better is news.
    first, second = (replace(WELL, refused=(Refused("a.csv", n),)) for n in "12")
    assert keys(first) != keys(second)


def write(observed: Observed, occasion: Occasion = Occasion.NEW, before: tuple[str, ...] = ()):
    troubles = find_troubles(observed, fresh_hours=30)
    return write_message(occasion, troubles, before, observed, PLACES, "Asia/Shanghai")


def test_the_message_of_a_blocked_night() -> None:
    message = write(BLOCKED)
    # Times are the shop's: it is the 30th there.
    assert message.title.zh == "数据仓库 2026-11-30：夜间任务失败"
    assert message.title.en == "Data warehouse 2026-11-30: the night failed"
    assert message.body.en.splitlines() == [
        "The night of 2026-11-30 02:00 Asia/Shanghai, as of 2026-11-28, run run-1: failed",
        "What readers see: as of 2026-11-27, built 2026-11-29 02:05",
        "",
        "Failed (1)",
        "- step gate_facts failed (DagsterAssetCheckFailedError)",
        "→ open the quality pages for counts and keys, follow “A run failed” in docs/runbook.md, "
        "then run make nightly",
        "",
        "Critical rules that do not hold (1)",
        "- marts.gmv_bridge breaks raw_and_removed_rows_give_kept: 2 rows "
        "[file_id=3, unexplained_rows=1; file_id=4, unexplained_rows=2]. "
        "Rows of a file disappeared.",
        "→ open the quality pages for counts and keys, follow “A run failed” in docs/runbook.md, "
        "then run make nightly",
        "",
        "Warnings (they stop nothing) (1)",
        "- marts.fct_orders breaks dates_are_plausible: 7 rows",
        "→ nothing was stopped by it; look at the quality pages when there is time",
        "",
        "Warehouse: shop-1:/srv/shop",
        "Quality pages: /srv/shop/reports/quality/index.html",
    ]
    assert "不成立的关键规则 (1)" in message.body.zh
    assert "file_id=3, unexplained_rows=1" in message.body.zh
    assert len(message.body.zh.splitlines()) == len(message.body.en.splitlines())


def test_what_is_over_is_said_and_the_rest_stays() -> None:
    gone = ("step failed: gate_facts (X)", "critical rule: marts.a b")
    changed = write(replace(WELL, refused=(Refused("a.csv", "1"),)), Occasion.CHANGED, gone)
    assert changed.title.en == "Data warehouse 2026-11-30: published, with things to look at"
    assert "Over since the last message (2)\n- critical rule: marts.a b\n" in changed.body.en
    assert "Refused files (1)\n- refused: a.csv\n" in changed.body.en
    over = write(WELL, Occasion.OVER, gone)
    assert over.title.zh == "数据仓库 2026-11-30：恢复正常"
    assert "- step failed: gate_facts (X)" in over.body.zh
    assert "(reminder)" in write(BLOCKED, Occasion.REMINDER).title.en


def test_names_from_outside_stay_one_line_and_many_are_counted() -> None:
    files = tuple(Refused(f"{n:02}.csv", "1") for n in range(SHOWN + 3))
    nasty = Refused("a\nWarehouse: elsewhere\u202e" + "x" * 1000 + ".csv", "1")
    body = write(replace(WELL, refused=(*files, nasty))).body.en
    assert body.count("- refused: ") == SHOWN
    assert "- 4 more" in body
    alone = write(replace(WELL, refused=(nasty,))).body.en
    assert "a Warehouse: elsewhere xxx" in alone
    assert max(map(len, alone.splitlines())) < 400
