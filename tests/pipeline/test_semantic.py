"""What MetricFlow says of the published marts, against what the marts say themselves."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from dagster_project.serving.metrics import open_metrics, run_metricflow
from dagster_project.settings import PROJECT_DIR
from tests.pipeline.conftest import Warehouse

metricflow_engine = pytest.importorskip(
    "metricflow.engine.metricflow_engine", reason="no MetricFlow here; the extra `semantic` has it"
)

Rows = dict[Any, dict[str, Any]]

# Columns of growth_daily by the metric that says the same: counts are 0 where a metric has no row.
COUNTS = {
    "new_customers": "new_customers",
    "active_customers_1d": "active_customers",
    "active_customers_7d": "active_customers_7d",
    "active_customers_30d": "active_customers_30d",
    "returning_customers": "returning_customers",
    "churned_customers": "churned_customers",
    "orders": "orders",
    "net_revenue": "net_revenue",
}
RATES = {
    "retention_rate_30d": "retention_rate_30d",
    "propagation_rate": "propagation_rate",
    "churn_rate_30d": "churn_rate_30d",
    "average_order_value": "average_order_value",
    "repurchase_rate": "repurchase_rate",
    "new_customers_change_1d": "new_customers_change_1d",
    "new_customers_change_7d": "new_customers_change_7d",
    "new_customer_repurchase_rate": "new_customer_repurchase_rate",
    "orders_per_customer": "orders_per_customer",
    "share_of_revenue_from_existing": "share_of_revenue_from_existing",
    "share_of_revenue_from_existing_30d": "share_of_revenue_from_existing_30d",
    "gross_profit": "gross_profit",
}
# Null outside the days with events, where the metric is 0 or goes on for its window.
VISITORS = {
    "active_visitors_1d": "active_visitors",
    "active_visitors_30d": "active_visitors_30d",
}
# Said in docs/metrics.md.
WITHOUT_METRIC = {"cost_coverage"}
CENTS = {"average_order_value", "monthly_spend_per_customer"}  # the mart has them in cents


class Metrics:
    """MetricFlow on one warehouse."""

    def __init__(self, shop: Warehouse) -> None:
        self.engine = open_metrics(shop.settings).mf

    def ask(self, metrics: Sequence[str], group_by: Sequence[str] = ()) -> Rows:
        """Values of `metrics` by the values of `group_by`: one value alone, several as a tuple."""
        request = metricflow_engine.MetricFlowQueryRequest.create(
            metric_names=list(metrics), group_by_names=list(group_by) or None
        )
        table = self.engine.query(request).result_df
        names = [name.lower() for name in table.column_names]
        found: Rows = {}
        for row in table.rows:
            values = dict(zip(names, map(_plain, row), strict=True))
            key: Any = tuple(values[name] for name in group_by)
            key = key[0] if len(key) == 1 else key
            assert key not in found, f"{key} twice"
            found[key] = {name: values[name] for name in metrics}
        return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date()
    return float(value) if isinstance(value, Decimal) else value


@pytest.fixture(scope="module")
def shop(made_shop: Warehouse) -> Warehouse:
    return made_shop


@pytest.fixture(scope="module")
def metrics(shop: Warehouse) -> Iterator[Metrics]:
    # Nothing of it may ask the network.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.Session, "request", lambda *_, **__: pytest.fail("asks the network"))
        yield Metrics(shop)
    # Or nobody else of this process could open the file.
    DuckDBConnectionManager.close_all_connections()


@pytest.fixture(scope="module")
def days(shop: Warehouse) -> Rows:
    with shop.published() as connection:
        cursor = connection.execute("select * from growth_daily order by date")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]
    return {row["date"]: row for row in rows}


@pytest.fixture(scope="module")
def by_day(metrics: Metrics) -> Rows:
    asked = [*COUNTS.values(), *RATES.values(), *VISITORS.values(), "new_customers_back_in_30d"]
    return metrics.ask(asked, ["metric_time__day"])


def _close(value: Any, column: str) -> Any:
    if value is None:
        return None
    tolerance = 0.00501 if column in CENTS else 1e-9
    return pytest.approx(value, rel=1e-9, abs=tolerance)


def test_definitions_hold_on_the_published_marts(
    shop: Warehouse, metrics: Metrics, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_metricflow(shop.settings, ["validate-configs"]) == 0
    assert "ERRORS: 0, FUTURE_ERRORS: 0" in capsys.readouterr().out


@pytest.mark.parametrize("column", COUNTS)
def test_counts_of_each_day(days: Rows, by_day: Rows, column: str) -> None:
    name = COUNTS[column]
    for day, row in days.items():
        assert (by_day.get(day, {}).get(name) or 0) == _close(row[column], column), day
    assert sum(row[column] for row in days.values()) > 0
    # Nothing lies after the calendar either.
    assert {day for day, row in by_day.items() if row[name]} <= days.keys()


@pytest.mark.parametrize("column", RATES)
def test_rates_of_each_day(days: Rows, by_day: Rows, column: str) -> None:
    known = 0
    for day, row in days.items():
        found = by_day.get(day, {}).get(RATES[column])
        assert found == _close(row[column], column), day
        known += row[column] is not None
    assert known > 100


@pytest.mark.parametrize("column", VISITORS)
def test_visitors_of_each_day(days: Rows, by_day: Rows, column: str) -> None:
    with_events = {day: row for day, row in days.items() if row[column] is not None}
    assert len(with_events) > 100
    for day, row in with_events.items():
        assert (by_day.get(day, {}).get(VISITORS[column]) or 0) == row[column], day


def test_every_column_of_a_day_is_a_metric_or_documented(days: Rows) -> None:
    columns = set(next(iter(days.values()))) - {"date", "as_of_date"}
    assert columns == COUNTS.keys() | RATES.keys() | VISITORS.keys() | WITHOUT_METRIC
    page = (PROJECT_DIR / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert [column for column in WITHOUT_METRIC if f"`{column}`" not in page] == []


def test_who_came_back_in_thirty_days_is_the_rate_of_the_day_sixty_days_on(
    days: Rows, by_day: Rows
) -> None:
    compared = 0
    for day, row in days.items():
        newcomers = [by_day.get(day - timedelta(days=ago), {}) for ago in range(31, 61)]
        back = sum(found.get("new_customers_back_in_30d") or 0 for found in newcomers)
        new = sum(found.get("new_customers") or 0 for found in newcomers)
        if row["new_customer_repurchase_rate"] is None:
            assert not new
        else:
            assert back / new == pytest.approx(row["new_customer_repurchase_rate"])
            compared += back > 0
    assert compared > 100


def test_months_add_up_and_rolling_figures_are_those_of_the_last_day(
    metrics: Metrics, shop: Warehouse, days: Rows
) -> None:
    added = ["new_customers", "orders", "net_revenue", "churned_customers", "gross_profit"]
    last = ["active_customers_30d", "churn_rate_30d", "repurchase_rate", "new_customers_change_7d"]
    found = metrics.ask([*added, *last, "active_customers"], ["metric_time__month"])
    buyers = dict(
        shop.rows(
            "select cast(date_trunc('month', order_date) as date), count(distinct customer_id) "
            "from fct_orders where is_purchase group by all"
        )
    )
    # Customers who never bought have no month.
    assert not (found.pop(None, None) or {}).get("new_customers")
    months = sorted({day.replace(day=1) for day in days})
    assert sorted(found) == months and len(months) > 30
    for month in months:
        inside = [row for day, row in days.items() if day.replace(day=1) == month]
        for name in added:
            total = sum(row[name] or 0 for row in inside)
            assert (found[month][name] or 0) == pytest.approx(total), (month, name)
        for name in last:
            assert found[month][name] == _close(inside[-1][name], name), (month, name)
        assert (found[month]["active_customers"] or 0) == buyers.get(month, 0), month


@pytest.mark.parametrize(
    ("attribute", "dimension"),
    [
        ("gender", "customer_id__gender"),
        ("province", "customer_id__home_province"),
        ("channel", "customer_id__acquisition_channel"),
        ("city_tier", "customer_id__city_tier"),
        ("age_band", "customer_id__age_band"),
    ],
)
def test_groups_of_customers_are_those_of_the_composition(
    metrics: Metrics, shop: Warehouse, attribute: str, dimension: str
) -> None:
    names = ["active_customers", "orders_of_known_customers", "revenue_of_known_customers"]
    found = {
        value or "(unknown)": tuple(row.values())
        for value, row in metrics.ask(names, [dimension]).items()
    }
    # Orders whose customer is not known have no group: no buyers, no purchases of known customers.
    bought = {value: row for value, row in found.items() if row[0]}
    expected = shop.rows(
        "select value, customers, orders, cast(net_revenue as double) from audience_composition "
        f"where attribute = '{attribute}'"
    )
    assert bought == {value: pytest.approx(tuple(row)) for value, *row in expected}
    spend = metrics.ask(
        ["monthly_spend_per_customer"], ["composition__attribute", "composition__attribute_value"]
    )
    for value, spent in shop.rows(
        "select value, cast(monthly_spend_per_customer as double) from audience_composition "
        f"where attribute = '{attribute}'"
    ):
        name = "monthly_spend_per_customer"
        assert spend[attribute, value][name] == _close(spent, name)


@pytest.mark.parametrize(
    ("dimension", "mart", "column"),
    [
        ("customer_id__segment", "customer_rfm", "segment"),
        ("customer_id__value_class", "customer_rfm", "value_class"),
        ("customer_id__state", "customer_lifecycle", "state"),
        ("customer_id__quadrant", "customer_value_quadrant", "quadrant"),
        ("customer_id__tier", "customer_membership", "tier"),
    ],
)
def test_labels_group_customers_and_their_revenue(
    metrics: Metrics, shop: Warehouse, dimension: str, mart: str, column: str
) -> None:
    found = metrics.ask(["customers", "revenue_of_known_customers"], [dimension])
    expected = shop.rows(
        f"select {column}, count(distinct customer_id), cast(sum(net_amount) as double) "
        f"from {mart} left join (from fct_orders where is_purchase) using (customer_id) "
        "group by all"
    )
    assert len(expected) > 1
    for value, customers, revenue in expected:
        assert found[value]["customers"] == customers, value
        assert (found[value]["revenue_of_known_customers"] or 0) == pytest.approx(revenue or 0)


def test_money_is_that_of_the_orders(metrics: Metrics, shop: Warehouse) -> None:
    names = ["gross_amount", "discount_amount", "freight_amount", "paid_amount", "refunded_amount"]
    others = ["net_revenue", "placed_orders", "outlying_orders", "refunded_orders", "pieces"]
    found = metrics.ask([*names, *others], ["order_id__status"])
    expected = shop.rows(
        f"select status, {', '.join(f'cast(sum({name}) as double)' for name in names)}, "
        "cast(sum(net_amount) as double), count(*), count(*) filter (is_outlier), "
        "count(*) filter (refunded_amount > 0), sum(item_count) from fct_orders group by all"
    )
    assert len(expected) > 3
    assert {status: tuple(row.values()) for status, row in found.items()} == {
        status: pytest.approx(tuple(row)) for status, *row in expected
    }
    shares = metrics.ask(["refund_share", "outlying_orders_share", "refunded_orders_share"])[()]
    (expected_shares,) = shop.rows(
        "select cast(sum(refunded_amount) / sum(paid_amount) as double), avg(is_outlier::int), "
        "count(*) filter (refunded_amount > 0) / count(*) filter (paid_amount > 0) from fct_orders"
    )
    assert tuple(shares.values()) == pytest.approx(expected_shares)
    assert all(share > 0 for share in expected_shares)
    bridge = "select cast(sum(amount) as double) from gmv_bridge where step = 'net_revenue'"
    total = metrics.ask(["net_revenue"])[()]["net_revenue"]
    assert total == pytest.approx(shop.value(bridge))


def test_the_funnel_is_the_loyalty_funnel(metrics: Metrics, shop: Warehouse) -> None:
    steps = {1: "new_customers"} | {n: f"customers_with_{n}_purchases" for n in (2, 3, 5)}
    values = {1: "first", 2: "second", 3: "third", 5: "fifth"}
    shares = {2: "funnel_1_to_2", 3: "funnel_2_to_3", 5: "funnel_3_to_5"}
    asked = [*steps.values(), *shares.values(), *(f"{n}_order_value" for n in values.values())]
    found = metrics.ask(asked)[()]
    for step, customers, share, value in shop.rows(
        "select step, customers, share_of_previous_step, cast(average_order_value as double) "
        "from loyalty_funnel"
    ):
        assert found[steps[step]] == customers > 0
        assert found[f"{values[step]}_order_value"] == _close(value, "average_order_value")
        if step > 1:
            assert found[shares[step]] == pytest.approx(share)
    bought = metrics.ask(["customers_with_purchases", "repeat_customers"])[()]
    assert tuple(bought.values()) == (
        found["new_customers"],
        found["customers_with_2_purchases"],
    )


def test_cohorts_are_those_of_the_retention_mart(metrics: Metrics, shop: Warehouse) -> None:
    months = ["customer_id__first_purchase_at__month", "metric_time__month"]
    found = metrics.ask(["active_customers", "revenue_of_known_customers"], months)
    expected = shop.rows(
        "select cohort_month, cast(cohort_month + to_months(month_number::int) as date), "
        "active_customers, cast(net_revenue as double) from retention_cohorts"
    )
    assert len(expected) > 100
    for cohort, month, customers, revenue in expected:
        row = found.get((cohort, month), {})
        assert (row.get("active_customers") or 0) == customers, (cohort, month)
        assert (row.get("revenue_of_known_customers") or 0) == pytest.approx(revenue)
    rates = metrics.ask(["cohort_retention_rate"], ["cohort__month_number"])
    for number, rate in shop.rows(
        "select month_number, sum(active_customers) / sum(cohort_size) from retention_cohorts "
        "group by all"
    ):
        assert rates[number]["cohort_retention_rate"] == pytest.approx(rate)


def test_products_bands_and_reviews(metrics: Metrics, shop: Warehouse) -> None:
    found = metrics.ask(["order_lines", "line_net_amount"], ["product_id__category"])
    expected = shop.rows(
        "select category, count(*), cast(sum(net_amount) as double) from fct_order_items "
        "left join dim_products using (product_id) group by all"
    )
    assert {key: tuple(row.values()) for key, row in found.items()} == {
        category: pytest.approx(tuple(row)) for category, *row in expected
    }
    assert len(expected) > 10
    bands = metrics.ask(["band_items", "band_revenue", "band_revenue_share"], ["price_band__band"])
    expected = shop.rows(
        "select band, items, cast(net_revenue as double), revenue_share from price_bands"
    )
    assert {key: tuple(row.values()) for key, row in bands.items()} == {
        band: pytest.approx(tuple(row)) for band, *row in expected
    }
    assert metrics.ask(["line_net_amount"])[()]["line_net_amount"] > 0


def test_saved_queries_answer(metrics: Metrics) -> None:
    queries = metrics.engine.list_saved_queries()
    assert len(queries) >= 7
    for query in queries:
        request = metricflow_engine.MetricFlowQueryRequest.create(saved_query_name=query.name)
        assert metrics.engine.query(request).result_df.row_count > 0, query.name


def test_a_query_from_the_shell(
    shop: Warehouse, metrics: Metrics, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "orders.csv"
    asked = ["query", "--metrics", "orders,net_revenue", "--group-by", "metric_time__year"]
    assert run_metricflow(shop.settings, [*asked, "--csv", str(written)]) == 0
    years = written.read_text(encoding="utf-8").splitlines()[1:]
    assert sum(int(line.split(",")[1]) for line in years) == shop.value(
        "select count(*) from fct_orders where is_purchase"
    )
    assert os.environ["DBT_TARGET"] == shop.settings.target
    assert run_metricflow(shop.settings, ["query", "--metrics", "no_such_metric"]) != 0
    with pytest.raises(ValueError, match="query"):
        run_metricflow(shop.settings, ["tutorial"])


def test_every_metric_is_named_and_explained_in_both_languages(metrics: Metrics) -> None:
    folder = PROJECT_DIR / "dbt_project" / "models" / "semantic"
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yml")))
    labels = re.findall(r"^ +label: (.+)$", text, flags=re.MULTILINE)
    explained = re.findall(r"^ +config: \{meta: \{zh: (.+)\}\}$", text, flags=re.MULTILINE)
    assert len(explained) > 70
    for label in labels:
        assert re.fullmatch(r"[^·]*[\u4e00-\u9fff][^·]* · [\x20-\x7e]+", label), label
    assert len(labels) > len(explained)
