"""What `make status` and `make why` print and the dashboard holds, against the published marts."""

from __future__ import annotations

import base64
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
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from benchmarks.shop import FULL_NAME, MAPPING, MAPPING_NAME, SOURCE, Shop
from dagster_project.cli import main
from dagster_project.dashboard import figures
from dagster_project.dashboard.documentation import COLIBRI
from dagster_project.dashboard.figures import FIGURES
from dagster_project.dashboard.page import render
from dagster_project.serving.status import print_status
from dagster_project.serving.why import print_why
from tests.pipeline.conftest import Warehouse

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
CHROMIUM = shutil.which("chromium")


# A customer file: each buyer of the made shop in one of three provinces, from one of two channels.
CUSTOMERS = """
copy (
    select distinct
        买家会员名 as id,
        ['浙江省', '广东省', '上海市'][1 + cast(hash(买家会员名) % 3 as int)] as province,
        ['search', 'live'][1 + cast(hash(买家会员名 || 'x') % 2 as int)] as channel
    from read_csv('{orders}', all_varchar = true)
    where 买家会员名 is not null
    order by id
) to '{customers}' (header)
"""
CUSTOMERS_MAPPING = f"""
entity: customers
source: {SOURCE}
columns:
  customer_id: id
  province: province
  acquisition_channel: channel
"""


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    orders, customers = warehouse.landing / "orders", warehouse.landing / "customers"
    orders.mkdir()
    customers.mkdir()
    file = Shop(2_000).make(orders / f"{FULL_NAME}.csv")
    (orders / MAPPING_NAME).write_text(MAPPING, encoding="utf-8")
    duckdb.execute(CUSTOMERS.format(orders=file, customers=customers / "customers.csv"))
    (customers / MAPPING_NAME).write_text(CUSTOMERS_MAPPING, encoding="utf-8")
    assert warehouse.nightly().success
    return warehouse


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
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page)
    assert found is not None
    held: dict[str, Any] = json.loads(found[1])
    return held


def test_the_night_writes_a_dashboard_that_asks_for_nothing(shop: Warehouse) -> None:
    page = shop.settings.dashboard_path.read_text(encoding="utf-8")
    assert len(page) < 5_000_000
    assert 'href="quality/index.html"' in page and 'href="docs/index.html"' not in page
    # Nothing but what stands in the file may be loaded; the browser holds the page to it.
    assert "default-src 'none'" in page
    assert re.findall(r"<(?:script|link|iframe)[^>]*(?:src|href)=", page) == []


@pytest.mark.parametrize("figure", [figure.name for figure in FIGURES if figure.filtered])
def test_what_is_filtered_adds_up_to_the_marts(shop: Warehouse, figure: str) -> None:
    totals = {
        "months": "select count(*), sum(net_amount) from fct_orders "
        "where is_purchase and customer_id is not null",
        "rfm": "select count(*), sum(monetary) from customer_rfm",
        "states": "select count(*) from customer_lifecycle",
        "quadrants": "select count(*), sum(monetary) from customer_value_quadrant",
        "psychologies": "select count(*) from customer_psychology where is_dominant",
    }
    columns = _figures(shop)[figure]
    measured = ["orders", "net_revenue"] if figure == "months" else ["customers", "monetary"]
    shown = [sum(columns[name]) for name in measured if name in columns]
    assert shown == pytest.approx([float(value) for value in shop.rows(totals[figure])[0]])
    assert {"浙江", "广东", "上海"} <= {name.strip("省市") for name in columns["region"]}
    assert {"search", "live"} <= set(columns["channel"])


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
    found = re.search(r'id="figures">(.*?)</script>', page)
    assert found is not None
    assert json.loads(found[1])["associations"]["antecedent"] == [title]


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

    page.locator("#reset").click()
    whole = shop.value("select count(*) from customer_lifecycle")
    assert sum(_number(count) for _, count in _cells(page, "states")) == whole


def test_language_theme_and_meanings(page: Page) -> None:
    assert page.locator("h1").inner_text() == "店铺客户看板"
    page.locator("#language").click()
    assert page.locator("h1").inner_text() == "Shop customers"
    assert page.locator("html").get_attribute("lang") == "en"
    page.locator('[data-figure="orders"] button').click()
    assert "purchases" in page.locator("#meaning p").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#meaning").is_visible()
    before = page.locator("html").get_attribute("data-theme")
    page.locator("#theme").click()
    assert page.locator("html").get_attribute("data-theme") != before


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_has_its_figures_at_any_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    names = page.locator("[data-page]").evaluate_all("tabs => tabs.map(t => t.dataset.page)")
    assert len(names) == 5
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


def test_documentation_opens_from_its_folder_and_asks_for_nothing(
    browser: Browser, shop: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not COLIBRI.is_file():
        pytest.skip("no dbt-colibri here; make docs-setup installs it")
    monkeypatch.setenv("WAREHOUSE_DIR", str(shop.settings.warehouse_dir))
    assert main(["docs"]) == 0
    folder = shop.settings.reports_dir / "docs"
    assert 'href="docs/index.html"' in shop.settings.dashboard_path.read_text(encoding="utf-8")
    expected = {
        "index.html": "Documentation",
        "definitions.html": "What was paid for purchases",
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
    page = (folder / "columns.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'atob\("([A-Za-z0-9+/=]+)"\)', page)
    lineage = json.loads(base64.b64decode(data))["lineage"]["edges"]
    # A column of a union, through which the money of every format comes.
    known = {(edge["target"].rpartition(".")[2], edge["targetColumn"]) for edge in lineage}
    assert ("int_order_lines", "amount") in known


def test_status_shows_a_check_that_does_not_hold(shop: Warehouse) -> None:
    with duckdb.connect(str(shop.settings.work_db)) as connection:
        connection.execute(
            "insert into audit.quality_log by name (select * replace "
            "('too_few' as rule, false as passed, 'critical' as severity, "
            "1234 as unexpected_count, 'nobody can believe it' as reason) "
            "from audit.quality_log order by checked_at desc "
            "limit 1)"
        )
        console = _console()
    assert not print_status(shop.settings, console, NOW)
    row = next(line for line in console.export_text().splitlines() if "too_few" in line)
    assert "critical" in row and "1,234" in row and "nobody can believe it" in row


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
