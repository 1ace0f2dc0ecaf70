"""What `make status` and `make why` print and the dashboard holds, against the published marts."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from rich.console import Console

from dagster_project.cli import main
from dagster_project.dashboard import figures
from dagster_project.dashboard.documentation import DOCS_ENVIRONMENT
from dagster_project.dashboard.metric_texts import read_metrics
from dagster_project.dashboard.page import render
from dagster_project.serving.status import print_status
from dagster_project.serving.why import print_why
from tests.pipeline.conftest import Warehouse, in_turn

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def shop(made_shop: Warehouse) -> Warehouse:
    return made_shop


def _said(console: Console) -> str:
    return re.sub(r"[\s│]+", " ", console.export_text())


def _console() -> Console:
    return Console(width=400, record=True, file=io.StringIO())


def test_status_names_every_mart_and_the_next_night(shop: Warehouse) -> None:
    console = _console()
    assert print_status(shop.settings, console, NOW)
    said = _said(console)
    for mart, rows in shop.rows("select mart, rows from mart_status"):
        assert f" {mart} {rows:,} " in said, mart
    assert f"as of {shop.value('select max(as_of_date) from mart_status')}, built" in said
    assert "next at 2030-01-02 02:00 Asia/Shanghai" in said
    assert "hold" in said


def test_checks_are_dated_in_utc(shop: Warehouse) -> None:
    checked = shop.value("select max(checked_at) from quality_results")
    now = datetime.now(UTC).replace(tzinfo=None)
    assert now - timedelta(hours=2) < checked <= now


def test_why_shows_labels_tags_changes_and_orders(shop: Warehouse) -> None:
    customer = shop.value(
        "select customer_id from customer_rfm order by frequency desc, customer_id limit 1"
    )
    console = _console()
    assert print_why(shop.settings, console, customer)
    said = _said(console)
    chinese, english = shop.rows(
        f"select profile_zh, profile_en from customer_profiles where customer_id = '{customer}'"
    )[0]
    assert re.sub(r"\s+", " ", chinese) in said and re.sub(r"\s+", " ", english) in said
    for table, column in [
        ("customer_rfm", "segment"),
        ("customer_rfm", "value_class"),
        ("customer_value_quadrant", "quadrant"),
        ("customer_lifecycle", "state"),
        ("customer_membership", "tier"),
    ]:
        value = shop.value(f"select {column} from {table} where customer_id = '{customer}'")
        assert f" {value} " in said, column
    tags = shop.rows(
        "select d.name_en, t.tag_value from customer_tags as t join tag_definitions as d "
        f"using (tag_code) where customer_id = '{customer}'"
    )
    assert f"{len(tags)} tags" in said
    for name, value in tags:
        assert f"{name} {value}" in said, name
    latest = shop.rows(
        f"select order_id from fct_orders where customer_id = '{customer}' "
        "order by ordered_at desc, order_id limit 20"
    )
    for (order,) in latest:
        assert order in said


def test_orders_say_which_labels_they_stand_behind(shop: Warehouse) -> None:
    # Somebody all of whose orders are shown and not all of whose purchases count for the tier.
    customer, first, last = shop.rows(
        """
        select l.customer_id, min_by(o.order_id, o.purchase_number),
            max_by(o.order_id, o.purchase_number)
        from customer_lifecycle as l
        join customer_membership as m using (customer_id)
        join fct_orders as o using (customer_id)
        group by l.customer_id
        having count(*) between 3 and 20 and any_value(l.purchases) = count(*)
            and any_value(m.qualifying_orders) between 1 and count(*) - 1
        order by l.customer_id limit 1
        """
    )[0]
    counted = shop.value(
        f"select qualifying_orders from customer_membership where customer_id = '{customer}'"
    )
    console = _console()
    print_why(shop.settings, console, customer)
    orders = console.export_text().partition(" orders")[2].splitlines()
    assert sum("tier" in line for line in orders) == counted
    assert sum("recency, lifecycle" in line for line in orders) == 1
    assert any(last in line and "recency, lifecycle" in line for line in orders)
    assert any(first in line and "first purchase" in line for line in orders)


def test_unknown_customer_gets_the_nearest_ids(shop: Warehouse) -> None:
    known = shop.value("select min(customer_id) from dim_customers")
    console = _console()
    assert not print_why(shop.settings, console, known + "x")
    assert known in _said(console)


def _figures(shop: Warehouse) -> dict[str, Any]:
    page = shop.settings.dashboard_path.read_text(encoding="utf-8")
    return _unpacked(page)


def _unpacked(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/gzip" id="figures">(.*?)</script>', page)
    assert found is not None
    held: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found[1])))
    return held


def test_the_night_writes_a_dashboard_that_asks_for_nothing(shop: Warehouse) -> None:
    page = shop.settings.dashboard_path.read_text(encoding="utf-8")
    assert len(page) < 5_000_000
    assert 'href="quality/index.html"' in page and 'href="docs/index.html"' not in page
    # Nothing but what stands in the file may be loaded; the browser holds the page to it.
    assert "default-src 'none'" in page
    assert re.findall(r"<(?:script|link|iframe)[^>]*(?:src|href)=", page) == []


# What the groups of a figure add up to, in the marts.
TOTALS = {
    "months": (
        ["orders", "net_revenue"],
        "select count(*), sum(net_amount) from fct_orders "
        "where is_purchase and customer_id is not null",
    ),
    "rfm": (["customers", "monetary"], "select count(*), sum(monetary) from customer_rfm"),
    "states": (["customers"], "select count(*) from customer_lifecycle"),
    "quadrants": (
        ["customers", "monetary"],
        "select count(*), sum(monetary) from customer_value_quadrant",
    ),
    "psychologies": (["customers"], "select count(*) from customer_psychology where is_dominant"),
    "churn_risks": (
        ["customers", "expected_value_365d"],
        "select count(*), sum(expected_value_365d) from customer_predictions "
        "where churn_risk is not null",
    ),
    "clusters": (["customers"], "select count(cluster_id) from customer_clusters"),
    "audience_groups": (["customers"], "select sum(customers) from audiences"),
    "cohort_groups": (
        ["active_customers"],
        "select sum(active_customers) from retention_cohorts where month_number <= 24 "
        "and cohort_month > (select max(cohort_month) - interval 24 month from retention_cohorts)",
    ),
    "funnel_groups": (["customers"], "select sum(customers) from loyalty_funnel"),
    "intervals": (
        ["customers"],
        "select count(median_interval_days) from customer_repurchase_intervals",
    ),
    "tag_groups": (
        ["customers"],
        "select sum(customers) from (select count(*) as customers from customer_tags "
        "group by tag_code, tag_value "
        "qualify row_number() over (partition by tag_code order by customers desc, tag_value) < 7)",
    ),
}


def test_what_is_filtered_adds_up_to_the_marts(shop: Warehouse) -> None:
    held = _figures(shop)
    filtered = {name for name, columns in held.items() if "customer_group" in columns}
    assert filtered - {"groups"} == TOTALS.keys()
    for figure, (measured, query) in TOTALS.items():
        shown = [sum(held[figure][name]) for name in measured]
        assert shown == pytest.approx([float(value) for value in shop.rows(query)[0]]), figure
    assert {"浙江", "广东", "上海"} <= {name.strip("省市") for name in held["groups"]["region"]}
    assert {"search", "live"} <= set(held["groups"]["channel"])


def test_every_word_of_the_page_is_there_in_both_languages() -> None:
    static = Path(figures.__file__).with_name("static")
    texts = json.loads((static / "texts.json").read_text(encoding="utf-8"))
    groups = [texts.pop(name) for name in ("values", "columns", "meanings")]
    for group in [texts, *groups]:
        for key, both in group.items():
            assert set(both) == {"zh", "en"} and all(both.values()), key
    script = (static / "dashboard.js").read_text(encoding="utf-8")
    keys = set(re.findall(r'(?:key: |text\(|tile\()"(\w+)"', script))
    assert len(keys) > 40
    assert keys <= texts.keys()
    cards = set(re.findall(r'(?:key: |tile\()"(\w+)"', script))
    assert cards - groups[2].keys() <= {"customers", "monetary"}, "a figure without its meaning"


def test_a_product_cannot_end_the_script_that_it_stands_in() -> None:
    title = '</script><script>alert("x")</script> & "quoted"'
    page = render({"associations": {"antecedent": [title]}})
    assert title not in page
    assert _unpacked(page)["associations"]["antecedent"] == [title]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium here; Debian's package `chromium` has it")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, shop: Warehouse) -> Iterator[Page]:
    """The dashboard in Chinese; fails when it asks for anything or an error is logged."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    opened.goto(shop.settings.dashboard_path.as_uri())
    yield opened
    context.close()
    assert errors == []
    assert {url.partition(":")[0] for url in asked} == {"file"}


def _cells(page: Page, figure: str) -> list[list[str]]:
    """The rows of a figure's table, which is opened first where a chart is shown."""
    card = page.locator(f'[data-figure="{figure}"]')
    if not card.locator("table").count():
        card.locator("[data-table]").click()
    rows = card.locator("tbody tr").all()
    return [row.locator("td").all_inner_texts() for row in rows]


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def test_today_shows_the_last_day_and_what_moved(page: Page, shop: Warehouse) -> None:
    days = shop.rows(
        "select net_revenue, orders, new_customers from growth_daily order by date desc limit 2"
    )
    (revenue, orders, new), (before, *_) = days
    shown = {
        key: _number(page.locator(f'[data-figure="{key}"] .number').inner_text())
        for key in ("net_revenue", "orders", "new_customers")
    }
    assert shown == {"net_revenue": float(revenue), "orders": orders, "new_customers": new}
    parts = page.locator('[data-figure="why"] li').all_inner_texts()[:2]
    effects = [_number(part.rpartition("：")[2].replace("+", "")) for part in parts]
    assert sum(effects) == pytest.approx(float(revenue - before), abs=0.011)


def test_filters_and_a_click_in_a_chart_select_the_customers(page: Page, shop: Warehouse) -> None:
    page.locator('[data-page="customers"]').click()
    province = shop.value("select province from dim_customers where province like '浙江%' limit 1")
    page.locator('[data-filter="region"]').select_option(province)
    page.locator('[data-filter="channel"]').select_option("live")
    expected = shop.rows(
        "select count(*) from customer_lifecycle join dim_customers using (customer_id) "
        f"where province = '{province}' and acquisition_channel = 'live' "
        "group by state order by 1 desc"
    )
    assert [_number(count) for _, count in _cells(page, "states")] == [n for (n,) in expected]

    segment = page.evaluate(
        """() => {
            const box = document.querySelector('[data-figure="segments"] .chart');
            const chart = echarts.getInstanceByDom(box), row = chart.getOption().series[0].data[0];
            const [x, y] = chart.convertToPixel({ seriesIndex: 0 }, [row.value / 2, 0]);
            const place = box.getBoundingClientRect();
            window.scrollBy(0, place.top - 200);
            const now = box.getBoundingClientRect();
            return { key: row.key, x: now.left + x, y: now.top + y };
        }"""
    )
    page.mouse.click(segment["x"], segment["y"])
    assert page.locator('[data-filter="segment"]').input_value() == segment["key"]
    both = shop.rows(
        "select sum(quadrant = 'premium'), count(*) from customer_value_quadrant "
        "join dim_customers using (customer_id) join customer_rfm using (customer_id) "
        f"where province = '{province}' and acquisition_channel = 'live' "
        f"and segment = '{segment['key']}'"
    )[0]
    shown = {name: _number(count) for name, count, _ in _cells(page, "quadrants")}
    assert (shown.get("优质", 0), sum(shown.values())) == both

    tagged = shop.rows(
        "select d.name_zh, t.tag_value, count(*) from customer_tags as t "
        "join tag_definitions as d using (tag_code) "
        "join dim_customers using (customer_id) join customer_rfm using (customer_id) "
        f"where province = '{province}' and acquisition_channel = 'live' "
        f"and segment = '{segment['key']}' and t.tag_code = 'frequency_class' group by all"
    )
    assert tagged
    listed = {(name, value): _number(count) for _, name, value, count in _cells(page, "tags")}
    shown_counts = sorted(n for (name, _), n in listed.items() if name == tagged[0][0])
    assert shown_counts == sorted(n for _, _, n in tagged)

    page.locator('[data-page="retention"]').click()
    bought, lately = shop.rows(
        "select count(*), count(*) filter (date_trunc('month', first_purchase_date) > "
        "(select max(cohort_month) - interval 24 month from retention_cohorts)) "
        "from customer_lifecycle join dim_customers using (customer_id) "
        "join customer_rfm using (customer_id) "
        f"where province = '{province}' and acquisition_channel = 'live' "
        f"and segment = '{segment['key']}' and purchases >= 1"
    )[0]
    assert bought > lately > 0
    assert _number(_cells(page, "funnel")[0][1]) == bought
    # The rows of a cohort's own month hold its size; the page shows those of two years.
    sizes = [row[2] for row in _cells(page, "cohorts") if row[1] == "0"]
    assert sum(map(_number, sizes)) == lately

    page.locator('[data-page="customers"]').click()
    page.locator("#reset").click()
    whole = shop.value("select count(*) from customer_lifecycle")
    assert sum(_number(count) for _, count in _cells(page, "states")) == whole


def test_language_theme_and_meanings(page: Page) -> None:
    assert page.locator("h1").inner_text() == "店铺客户看板"
    page.locator("#language").click()
    assert page.locator("h1").inner_text() == "Shop customers"
    assert page.locator("html").get_attribute("lang") == "en"
    page.locator('[data-figure="orders"] button').click()
    assert "Purchases" in page.locator("#meaning p").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#meaning").is_visible()
    before = page.locator("html").get_attribute("data-theme")
    page.locator("#theme").click()
    assert page.locator("html").get_attribute("data-theme") != before


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_has_its_figures_at_any_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    names = page.locator("[data-page]").evaluate_all("tabs => tabs.map(t => t.dataset.page)")
    assert len(names) == 7
    for name in names:
        page.locator(f'[data-page="{name}"]').focus()
        page.keyboard.press("Enter")
        page.locator(f'[data-page="{name}"][aria-selected="true"]').wait_for()
        cards = page.locator("main .card").all()
        assert len(cards) >= 3
        for card in cards:
            figure = card.get_attribute("data-figure")
            drawn = card.locator("canvas, table, .number, li").count()
            assert drawn or "没有数据" in card.inner_text(), figure
        # Nothing sticks out to the side of the page.
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name


def test_print_holds_every_page(page: Page) -> None:
    names = page.locator("[data-page]").evaluate_all("tabs => tabs.map(t => t.dataset.page)")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("main .chapter").count() == len(names)
    assert page.locator('[data-figure="bridge"]').count() == 1
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("main .chapter").count() == 0


def test_documentation_opens_from_its_folder_and_asks_for_nothing(
    browser: Browser,
    shop: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if not (DOCS_ENVIRONMENT / "bin" / "dbterd").is_file():
        pytest.skip("no dbt-colibri and dbterd here; make docs-setup installs them")
    monkeypatch.setenv("WAREHOUSE_DIR", str(shop.settings.warehouse_dir))
    with in_turn(shop):
        assert main(["docs"]) == 0, capsys.readouterr().err
    folder = shop.settings.reports_dir / "docs"
    assert 'href="docs/index.html"' in shop.settings.dashboard_path.read_text(encoding="utf-8")
    expected = {
        "index.html": "Documentation",
        "definitions.html": "Customers whose first purchase lies in the period.",
        "entities.html": "Each line is a reference",
        "dbt.html": "Customer-analytics warehouse",
        "columns.html": "customer_analytics",
    }
    assert {path.name for path in folder.iterdir()} == set(expected)
    for name, words in expected.items():
        opened = browser.new_page()
        asked: list[str] = []
        opened.on("request", lambda request, asked=asked: asked.append(request.url))
        opened.goto((folder / name).as_uri())
        opened.get_by_text(words).first.wait_for()
        assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}, name
        for link in opened.locator("a[href]").evaluate_all("all => all.map(a => a.href)"):
            if name == "index.html":
                assert Path(urlsplit(link).path).is_file(), link
        opened.close()
    _check_entities(browser, folder, shop)
    _check_definitions(browser, folder, shop)
    page = (folder / "columns.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'atob\("([A-Za-z0-9+/=]+)"\)', page)
    lineage = json.loads(base64.b64decode(data))["lineage"]["edges"]
    # A column of a union, through which the money of every format comes.
    known = {(edge["target"].rpartition(".")[2], edge["targetColumn"]) for edge in lineage}
    assert ("int_order_lines", "amount") in known


def _check_entities(browser: Browser, folder: Path, shop: Warehouse) -> None:
    """Every reference that dbt tests between published tables is drawn, and leads to its table."""
    manifest = json.loads((shop.settings.dbt_target_dir / "manifest.json").read_text())
    marts = {name for name, node in manifest["nodes"].items() if node.get("schema") == "marts"}
    tested = set()
    for node in manifest["nodes"].values():
        if (node.get("test_metadata") or {}).get("name") == "relationships":
            kwargs = node["test_metadata"]["kwargs"]
            (target,) = re.findall(r"ref\('(\w+)'\)", kwargs["to"])
            source = node["attached_node"]
            if {source, f"model.customer_analytics.{target}"} <= marts:
                tested.add(
                    (
                        f"{source.rpartition('.')[2]}.{node['column_name']}",
                        f"{target}.{kwargs['field']}",
                    )
                )
    assert len(tested) > 15
    opened = browser.new_page()
    opened.goto((folder / "entities.html").as_uri())
    drawn = opened.locator("svg g title").evaluate_all("all => all.map(t => t.textContent)")
    assert {tuple(line.split(" → ")) for line in drawn} == tested
    listed = opened.locator("tbody tr").all()
    assert {tuple(row.locator("td").all_inner_texts()) for row in listed} == tested
    boxes = opened.locator("svg a.table .name").all_text_contents()
    assert set(boxes) == {end.partition(".")[0] for pair in tested for end in pair}
    alone = opened.locator("#alone a").all_inner_texts()
    assert len({*boxes, *alone}) == len(marts) == len(boxes) + len(alone)
    assert all(box["width"] > 100 for box in map(_box_of, opened.locator("svg rect").all()))
    opened.locator("svg a.table", has_text="fct_orders").locator("rect").click()
    opened.locator("#fct_orders h2").wait_for()
    assert opened.url.endswith("definitions.html#fct_orders")
    opened.close()


def _box_of(found: Locator) -> Any:
    return found.bounding_box()


def _check_definitions(browser: Browser, folder: Path, shop: Warehouse) -> None:
    opened = browser.new_page(viewport={"width": 390, "height": 844})
    opened.goto((folder / "definitions.html").as_uri())
    ids = opened.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids)) > 150
    for (table,) in shop.rows("select mart from mart_status"):
        columns = [name for name, *_ in shop.rows(f"describe {table}")]
        shown = opened.locator(f"#{table} tbody th").all_text_contents()
        assert shown == columns, table
        described = opened.locator(f"#{table} tbody td:last-child").all_text_contents()
        assert all(described), table
    names = {
        "tags": "select name_zh from tag_definitions",
        "seed-psychologies": "select distinct psychology from customer_psychology",
        "seed-membership_tiers": "select tier_zh from customer_membership where tier_zh != ''",
        "seed-rfm_segments": "select distinct segment from customer_rfm",
        "seed-value_classes": "select distinct value_class from customer_rfm",
        "customer_lifecycle": "select distinct state from customer_lifecycle",
    }
    for chapter, query in names.items():
        text = opened.locator(f"#{chapter}").inner_text()
        assert [name for (name,) in shop.rows(query) if name not in text] == [], chapter
    assert "流失" in opened.locator("#customer_lifecycle").inner_text()
    for metric in read_metrics():
        row = opened.locator(f"#metric-{metric.name}")
        assert metric.zh in row.inner_text() and metric.en in row.inner_text(), metric.name
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    opened.locator("#find").fill("客单价")
    assert opened.locator("#metric-average_order_value").is_visible()
    assert not opened.locator("#metric-churned_customers").is_visible()
    assert not opened.locator("#seed-city_tiers").is_visible()
    opened.close()


def test_status_shows_a_check_that_does_not_hold(shop: Warehouse) -> None:
    with duckdb.connect(str(shop.settings.work_db)) as connection:
        connection.execute(
            "insert into audit.quality_log by name (select * replace "
            "('too_few' as rule, false as passed, 'critical' as severity, "
            """1234 as unexpected_count, '[{"order_id": "J1"}]' as sample, """
            "'nobody can believe it' as reason) "
            "from audit.quality_log order by checked_at desc "
            "limit 1)"
        )
        console = _console()
    assert not print_status(shop.settings, console, NOW)
    row = next(line for line in console.export_text().splitlines() if "too_few" in line)
    assert "critical" in row and "1,234" in row and "nobody can believe it" in row
    assert "order_id=J1" in row


def test_nothing_published_yet(
    new_warehouse: Callable[..., Warehouse],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = new_warehouse().settings
    monkeypatch.setenv("WAREHOUSE_DIR", str(settings.warehouse_dir))
    assert main(["status"]) == 1
    assert main(["why", "nobody"]) == 1
    said = capsys.readouterr().out
    assert said.count("make run") == 2
    assert "runs next at" in said
