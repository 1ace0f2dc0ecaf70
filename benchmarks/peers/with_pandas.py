"""The night as a pandas notebook does it: one file into memory, data frame after data frame."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.peers.command import SEEDS, Task, read_task

USED = {
    "子订单编号": "line_id",
    "主订单编号": "order_id",
    "买家会员名": "customer_id",
    "店铺名称": "shop",
    "标题": "title",
    "外部系统编号": "product_id",
    "商品类目": "category",
    "价格": "unit_price",
    "购买数量": "quantity",
    "应付邮费": "freight_amount",
    "优惠": "discount_amount",
    "买家应付货款": "gross_amount",
    "退款金额": "refunded_amount",
    "订单状态": "status",
    "订单创建时间": "ordered_at",
}
STATUS = {
    "交易成功": "completed",
    "卖家已发货": "shipped",
    "买家已付款": "paid",
    "等待买家付款": "unpaid",
    "交易关闭": "cancelled",
}
NOT_PAID = ["unpaid", "cancelled"]
AMOUNTS = ["gross_amount", "discount_amount", "freight_amount", "paid_amount", "refunded_amount"]


def main(task: Task) -> None:
    """Read, clean, judge, publish."""
    lines = read(task)
    kept, dispositions = dispose(lines)
    items = settle(kept)
    orders = sum_orders(items)
    items["is_outlier"] = is_outlier(items["gross_amount"]) | (items["quantity"] > 10_000)
    orders["is_outlier"] = is_outlier(orders["gross_amount"])
    as_of = orders["order_date"].max()
    purchases = number_purchases(orders)
    customers = known_customers(orders)
    bounds = boundaries(purchases)
    bought = per_customer(purchases, as_of, bounds)
    rfm = score(bought, as_of)
    quadrants = quadrant(bought, as_of)
    states = lifecycle(customers, bought, as_of, bounds)
    products = kept.groupby("product_id", as_index=False).agg(
        title=("title", "max"), category=("category", "max"), list_price=("unit_price", "max")
    )
    items["order_item_id"] = items["order_id"] + "-" + items["line_number"].astype(str)
    items["net_amount"] = (items["paid_amount"] - items["refunded_amount"]).round(2)
    tables = {
        "row_dispositions": dispositions,
        "fct_orders": orders,
        "fct_order_items": items[
            [
                *("order_item_id", "order_id", "line_number", "product_id", "quantity"),
                *("unit_price", "gross_amount", "discount_amount", "net_amount", "is_outlier"),
            ]
        ],
        "dim_products": products,
        "dim_customers": customers,
        "customer_rfm": rfm,
        "customer_lifecycle": states,
        "customer_value_quadrant": quadrants,
        "customer_tags": tags(rfm, quadrants, states),
    }
    for name, table in tables.items():
        table.to_parquet(task.output / f"{name}.parquet", compression="zstd", index=False)


def read(task: Task) -> pd.DataFrame:
    """The used columns of the file, cleaned and typed."""
    frames = [
        pd.read_parquet(path, columns=list(USED))
        if path.suffix == ".parquet"
        else pd.read_csv(path, dtype=str, usecols=list(USED))
        for path in task.inputs
    ]
    lines = pd.concat(frames, ignore_index=True).rename(columns=USED)
    order_id = lines["order_id"].str.replace(r'^="|"$', "", regex=True)
    lines["is_unreadable"] = order_id.str.contains("E+", regex=False, na=False)
    lines["order_id"] = order_id.where(~lines["is_unreadable"])
    lines["gross_amount"] = lines["gross_amount"].str.replace("元", "")
    for column in ("gross_amount", "discount_amount", "freight_amount", "refunded_amount"):
        lines[column] = pd.to_numeric(lines[column], errors="coerce").fillna(0)
    for column in ("quantity", "unit_price"):
        lines[column] = pd.to_numeric(lines[column], errors="coerce")
    lines["status"] = lines["status"].map(STATUS).fillna("completed")
    lines["ordered_at"] = pd.to_datetime(lines["ordered_at"], format="%Y-%m-%d %H:%M:%S")
    return lines


def dispose(lines: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The lines that stay, and those that do not with the reason."""
    unusable = lines["order_id"].isna() | lines["product_id"].isna()
    broken = lines[unusable]
    broken = broken.assign(
        disposition=np.where(broken["is_unreadable"], "unreadable", "missing_key")
    )
    usable = lines[~unusable]
    repeated = usable.duplicated(["order_id", "line_id"], keep="last")
    kept = usable[~repeated].reset_index(drop=True)
    removed = usable[repeated]
    compared = removed.merge(kept, on=["order_id", "line_id"], suffixes=("", "_newest"))
    columns = [c for c in lines if c not in ("order_id", "line_id")]
    same = np.logical_and.reduce(
        [
            (compared[c] == compared[f"{c}_newest"])
            | (compared[c].isna() & compared[f"{c}_newest"].isna())
            for c in columns
        ]
    )
    compared["disposition"] = np.where(same, "exact_duplicate", "superseded")
    dispositions = pd.concat([broken, compared], ignore_index=True)
    dispositions = dispositions.rename(columns={"gross_amount": "amount"})
    return kept, dispositions[["order_id", "line_id", "disposition", "amount"]]


def settle(kept: pd.DataFrame) -> pd.DataFrame:
    """What each line brought."""
    items = kept.drop(columns=["title", "category", "is_unreadable", "line_id"])
    items["line_number"] = items.groupby("order_id").cumcount() + 1
    not_paid = items["status"].isin(NOT_PAID)
    items["paid_amount"] = (items["gross_amount"] - items["discount_amount"]).mask(not_paid, 0)
    items["refunded_amount"] = items["refunded_amount"].mask(not_paid, 0)
    items["pieces"] = items["quantity"].where(items["quantity"].between(1, 10_000), 1)
    return items


def sum_orders(items: pd.DataFrame) -> pd.DataFrame:
    """One row per order."""
    items = items.assign(
        is_without_payment=items["status"].isin(NOT_PAID),
        first_status=items["status"].where(items["line_number"] == 1),
    )
    orders = items.groupby("order_id", as_index=False, sort=False).agg(
        shop=("shop", "max"),
        customer_id=("customer_id", "first"),
        ordered_at=("ordered_at", "min"),
        first_status=("first_status", "first"),
        is_without_payment=("is_without_payment", "all"),
        item_count=("pieces", "sum"),
        **{column: (column, "sum") for column in AMOUNTS},
    )
    orders[AMOUNTS] = orders[AMOUNTS].round(2)
    orders["net_amount"] = (orders["paid_amount"] - orders["refunded_amount"]).round(2)
    orders["order_date"] = orders["ordered_at"].dt.normalize()
    refunded = orders["refunded_amount"]
    orders["status"] = np.select(
        [
            orders["is_without_payment"],
            (refunded > 0) & (refunded >= orders["paid_amount"]),
            refunded > 0,
            orders["first_status"].isin(NOT_PAID),
        ],
        [orders["first_status"], "refunded", "partially_refunded", "completed"],
        orders["first_status"],
    )
    orders["is_purchase"] = ~orders["status"].isin([*NOT_PAID, "refunded"]) & (
        orders["paid_amount"] > 0
    )
    return orders


def is_outlier(amounts: pd.Series) -> pd.Series:
    """Modified z-score of the logarithm above 3.5, or more than a million."""
    logs = np.log(amounts[amounts > 0])
    median = logs.median()
    spread = (logs - median).abs().median()
    low, high = np.exp(median - 3.5 * spread / 0.6745), np.exp(median + 3.5 * spread / 0.6745)
    return (amounts > 1_000_000) | ((amounts > 0) & ((amounts < low) | (amounts > high)))


def number_purchases(orders: pd.DataFrame) -> pd.DataFrame:
    """The purchases in order, with the days since the one before; numbers them in `orders`, too."""
    purchases = orders[orders["is_purchase"] & orders["customer_id"].notna()]
    purchases = purchases.sort_values(["customer_id", "ordered_at", "order_id"])
    by_customer = purchases.groupby("customer_id")
    purchases["purchase_number"] = by_customer.cumcount() + 1
    purchases["interval_days"] = by_customer["order_date"].diff().dt.days
    purchases["previous_interval_days"] = purchases.groupby("customer_id")["interval_days"].shift()
    orders["purchase_number"] = purchases["purchase_number"]
    return purchases


def known_customers(orders: pd.DataFrame) -> pd.DataFrame:
    """One row per customer."""
    named = orders[orders["customer_id"].notna()]
    named = named.assign(bought_at=named["ordered_at"].where(named["is_purchase"]))
    return named.groupby("customer_id", as_index=False).agg(
        first_order_at=("ordered_at", "min"),
        first_purchase_at=("bought_at", "min"),
        last_purchase_at=("bought_at", "max"),
    )


def boundaries(purchases: pd.DataFrame) -> tuple[float, float, float]:
    """Days after which a customer is silent, asleep, lost."""
    days = purchases["interval_days"][purchases["interval_days"] > 0]
    if len(days) < 30:
        return 30, 90, 180
    silent, sleeping, churned = days.quantile([0.5, 0.8, 0.95], interpolation="inverted_cdf")
    return silent, sleeping, churned


def decayed(days: pd.Series, bounds: tuple[float, float, float]) -> np.ndarray:
    """The state after so many days; None while nothing changes."""
    silent, sleeping, churned = bounds
    return np.select(
        [days > churned, days > sleeping, days > silent], ["churned", "sleeping", "silent"], None
    )


def per_customer(
    purchases: pd.DataFrame, as_of: pd.Timestamp, bounds: tuple[float, float, float]
) -> pd.DataFrame:
    """One row per customer who bought."""
    silent, sleeping, _ = bounds
    purchases = purchases.assign(
        rhythm=purchases["interval_days"].where(purchases["interval_days"] > 0)
    )
    bought = purchases.groupby("customer_id", as_index=False).agg(
        frequency=("order_id", "size"),
        monetary=("net_amount", "sum"),
        first_purchase_date=("order_date", "min"),
        last_purchase_date=("order_date", "max"),
        purchase_days=("rhythm", "count"),
        median_interval_days=("rhythm", "median"),
    )
    bought["purchase_days"] += 1
    bought["monetary"] = bought["monetary"].round(2)
    bought["recency_days"] = (as_of - bought["last_purchase_date"]).dt.days
    last = purchases.drop_duplicates("customer_id", keep="last")
    bought["last_interval_days"] = last["interval_days"].to_numpy()
    number = purchases["purchase_number"]
    begins = purchases[
        (number <= 2)
        | (purchases["interval_days"] > silent)
        | (purchases["previous_interval_days"] > sleeping)
    ].drop_duplicates("customer_id", keep="last")
    earlier = np.select(
        [
            begins["purchase_number"] == 1,
            begins["purchase_number"] == 2,
            begins["previous_interval_days"] > sleeping,
        ],
        [None, "new", "reactivated"],
        "active",
    )
    from_silence = decayed(begins["interval_days"], bounds)
    bought["begins_on"] = begins["order_date"].to_numpy()
    bought["state_before"] = np.where(pd.isna(from_silence), earlier, from_silence)
    return bought


def fifth(values: pd.Series, lowest: int = 1) -> pd.Series:
    """Score by the share of lower values; equal values get equal scores."""
    lower = values.rank(method="min") - 1
    steps = np.floor((6 - lowest) * lower / max(len(values) - 1, 1))
    return (lowest + steps).clip(upper=5).astype(int)


def score(bought: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """RFM scores, segment and value class."""
    rfm = bought[["customer_id", "recency_days", "frequency", "monetary"]].copy()
    rfm["as_of_date"] = as_of
    rfm["r_score"] = fifth(-rfm["recency_days"])
    rfm["f_score"] = fifth(rfm["frequency"][rfm["frequency"] > 1], lowest=2)
    rfm["f_score"] = rfm["f_score"].fillna(1).astype(int)
    rfm["m_score"] = fifth(rfm["monetary"])
    rfm["rfm_score"] = (rfm["r_score"] * 100 + rfm["f_score"] * 10 + rfm["m_score"]).astype(str)
    segments = {
        (r, f, m): rule.segment
        for rule in pd.read_csv(SEEDS / "rfm_segments.csv").itertuples()
        for r in range(rule.r_min, rule.r_max + 1)
        for f in range(rule.f_min, rule.f_max + 1)
        for m in range(rule.m_min, rule.m_max + 1)
    }
    combinations = pd.MultiIndex.from_frame(rfm[["r_score", "f_score", "m_score"]])
    rfm["segment"] = pd.Series(segments).reindex(combinations).to_numpy()
    classes = pd.read_csv(SEEDS / "value_classes.csv")
    for measure in "rfm":
        rfm[f"{measure}_high"] = rfm[f"{measure}_score"] >= rfm[f"{measure}_score"].mean()
    rfm = rfm.merge(classes, on=["r_high", "f_high", "m_high"], how="left")
    rfm["frequency_class"] = rfm["frequency"].astype(str).where(rfm["frequency"] < 4, "4+")
    rfm["average_order_value"] = rfm["monetary"] / rfm["frequency"]
    return rfm


def quadrant(bought: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Amount and frequency against the mean."""
    quadrants = bought[["customer_id", "monetary", "frequency"]].copy()
    quadrants["as_of_date"] = as_of
    quadrants["amount_threshold"] = quadrants["monetary"].mean()
    quadrants["frequency_threshold"] = quadrants["frequency"].mean()
    rich = quadrants["monetary"] >= quadrants["amount_threshold"]
    often = quadrants["frequency"] >= quadrants["frequency_threshold"]
    quadrants["amount_level"] = np.where(rich, "high", "low")
    quadrants["frequency_level"] = np.where(often, "high", "low")
    quadrants["quadrant"] = np.select(
        [rich & often, rich, often], ["premium", "potential", "problem"], "pending"
    )
    return quadrants


def lifecycle(
    customers: pd.DataFrame,
    bought: pd.DataFrame,
    as_of: pd.Timestamp,
    bounds: tuple[float, float, float],
) -> pd.DataFrame:
    """The state of every customer, since when, and the one before."""
    _, sleeping, _ = bounds
    states = customers.merge(bought, on="customer_id", how="left")
    states["as_of_date"] = as_of
    states["days_since_last_purchase"] = states["recency_days"]
    event = np.select(
        [states["frequency"] == 1, states["last_interval_days"] > sleeping],
        ["new", "reactivated"],
        "active",
    )
    silence = decayed(states["recency_days"], bounds)
    states["state"] = np.where(pd.isna(silence), event, silence)
    states["state"] = states["state"].mask(states["frequency"].isna(), "prospect")
    state = states["state"]
    states["state_since"] = states["begins_on"]
    for name, days in zip(("silent", "sleeping", "churned"), bounds, strict=True):
        begun = states["last_purchase_date"] + pd.Timedelta(days=int(days) + 1)
        states["state_since"] = states["state_since"].mask(state == name, begun)
    states["state_since"] = states["state_since"].mask(
        state == "prospect", states["first_order_at"].dt.normalize()
    )
    states["previous_state"] = np.select(
        [state == "churned", state == "sleeping", state == "silent"],
        ["sleeping", "silent", event],
        states["state_before"],
    )
    states["purchases"] = states["frequency"].fillna(0).astype(int)
    ratio = (states["recency_days"] / states["median_interval_days"]).where(
        states["purchase_days"] >= 3
    )
    states["cycle_state"] = np.select(
        [ratio > 3, ratio > 2, ratio > 1, ratio.notna()],
        ["churned", "sleeping", "silent", "active"],
        None,
    )
    return states[
        [
            *("as_of_date", "customer_id", "state", "state_since", "previous_state", "purchases"),
            *("first_purchase_date", "last_purchase_date", "days_since_last_purchase"),
            *("median_interval_days", "cycle_state"),
        ]
    ]


def tags(rfm: pd.DataFrame, quadrants: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    """One row per customer and tag."""
    wide = states[["customer_id", "state"]].rename(columns={"state": "lifecycle_state"})
    wide = wide.merge(
        rfm[["customer_id", "segment", "value_class", "frequency_class"]],
        on="customer_id",
        how="left",
    ).merge(quadrants[["customer_id", "quadrant"]], on="customer_id", how="left")
    wide = wide.rename(columns={"segment": "rfm_segment", "quadrant": "value_quadrant"})
    long = wide.melt("customer_id", var_name="tag_code", value_name="tag_value")
    return long.dropna(subset="tag_value")


if __name__ == "__main__":
    main(read_task("with_pandas"))
