"""The night as a Polars notebook does it: a lazy scan, then frame after frame."""

from __future__ import annotations

import polars as pl

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
    del lines
    write(task, "row_dispositions", dispositions)
    write(
        task,
        "dim_products",
        kept.group_by("product_id").agg(
            pl.max("title"), pl.max("category"), pl.max("unit_price").alias("list_price")
        ),
    )
    items = settle(kept)
    del kept
    orders = sum_orders(items)
    write(
        task,
        "fct_order_items",
        items.select(
            pl.format("{}-{}", "order_id", "line_number").alias("order_item_id"),
            *("order_id", "line_number", "product_id", "quantity", "unit_price"),
            *("gross_amount", "discount_amount"),
            (pl.col("paid_amount") - pl.col("refunded_amount")).alias("net_amount"),
            (is_outlier(items) | (pl.col("quantity") > 10_000)).alias("is_outlier"),
        ),
    )
    orders = orders.with_columns(is_outlier=is_outlier(orders))
    del items
    purchases = number_purchases(orders)
    write(
        task,
        "fct_orders",
        orders.join(purchases.select("order_id", "purchase_number"), on="order_id", how="left"),
    )
    customers = (
        orders.filter(pl.col("customer_id").is_not_null())
        .group_by("customer_id")
        .agg(
            pl.min("ordered_at").alias("first_order_at"),
            pl.col("ordered_at").filter("is_purchase").min().alias("first_purchase_at"),
            pl.col("ordered_at").filter("is_purchase").max().alias("last_purchase_at"),
        )
    )
    write(task, "dim_customers", customers)
    as_of = orders.select(pl.max("order_date")).item()
    bounds = boundaries(purchases)
    bought = per_customer(purchases, bounds).with_columns(
        as_of_date=pl.lit(as_of),
        recency_days=(pl.lit(as_of) - pl.col("last_purchase_date")).dt.total_days(),
    )
    rfm = score(bought)
    quadrants = quadrant(bought)
    states = lifecycle(customers, bought, bounds, as_of)
    write(task, "customer_rfm", rfm)
    write(task, "customer_value_quadrant", quadrants)
    write(task, "customer_lifecycle", states)
    wide = (
        states.select("customer_id", lifecycle_state="state")
        .join(
            rfm.select(
                "customer_id", "value_class", "frequency_class", rfm_segment=pl.col("segment")
            ),
            on="customer_id",
            how="left",
        )
        .join(
            quadrants.select("customer_id", value_quadrant="quadrant"), on="customer_id", how="left"
        )
    )
    long = wide.unpivot(index="customer_id", variable_name="tag_code", value_name="tag_value")
    write(task, "customer_tags", long.drop_nulls())


def write(task: Task, name: str, table: pl.DataFrame) -> None:
    """Publish a table."""
    table.write_parquet(task.output / f"{name}.parquet", compression="zstd")


def read(task: Task) -> pl.DataFrame:
    """The used columns of the file, cleaned and typed."""
    scans = [
        pl.scan_parquet(path)
        if path.suffix == ".parquet"
        else pl.scan_csv(path, infer_schema=False)
        for path in task.inputs
    ]
    order_id = pl.col("order_id").str.replace_all(r'^="|"$', "")
    money = ["discount_amount", "freight_amount", "refunded_amount"]
    return (
        pl.concat(scans)
        .select(pl.col(theirs).alias(ours) for theirs, ours in USED.items())
        .with_columns(pl.all().replace("", None))
        .with_columns(
            order_id=order_id,
            is_unreadable=order_id.str.contains("E+", literal=True).fill_null(False),
        )
        .with_columns(
            pl.when(pl.col("is_unreadable").not_()).then("order_id").alias("order_id"),
            pl.col("gross_amount").str.replace("元", "").cast(pl.Float64, strict=False),
            pl.col(money).cast(pl.Float64, strict=False).fill_null(0),
            pl.col("quantity", "unit_price").cast(pl.Float64, strict=False),
            pl.col("status").replace_strict(STATUS, default="completed"),
            pl.col("ordered_at").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False),
        )
        .with_row_index("row")
        .collect()
    )


def dispose(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lines that stay, and those that do not with the reason."""
    keys = ["order_id", "line_id"]
    unusable = pl.col("order_id").is_null() | pl.col("product_id").is_null()
    broken = lines.filter(unusable).with_columns(
        disposition=pl.when("is_unreadable")
        .then(pl.lit("unreadable"))
        .otherwise(pl.lit("missing_key"))
    )
    usable = lines.filter(unusable.not_())
    kept = usable.unique(keys, keep="last", maintain_order=True)
    removed = usable.join(kept.select("row"), on="row", how="anti")
    compared = removed.join(kept, on=keys, how="left", suffix="_newest")
    same = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(f"{name}_newest"))
        for name in lines.columns
        if name not in (*keys, "row")
    )
    compared = compared.with_columns(
        disposition=pl.when(same).then(pl.lit("exact_duplicate")).otherwise(pl.lit("superseded"))
    )
    columns = [*keys, "disposition", pl.col("gross_amount").alias("amount")]
    return kept, pl.concat([broken.select(columns), compared.select(columns)])


def settle(kept: pl.DataFrame) -> pl.DataFrame:
    """What each line brought."""
    not_paid = pl.col("status").is_in(NOT_PAID)
    return kept.drop("title", "category", "is_unreadable", "line_id").with_columns(
        line_number=pl.int_range(pl.len()).over("order_id") + 1,
        paid_amount=pl.when(not_paid)
        .then(0.0)
        .otherwise(pl.col("gross_amount") - pl.col("discount_amount")),
        refunded_amount=pl.when(not_paid).then(0.0).otherwise("refunded_amount"),
    )


def sum_orders(items: pl.DataFrame) -> pl.DataFrame:
    """One row per order."""
    pieces = pl.when(pl.col("quantity").is_between(1, 10_000)).then("quantity").otherwise(1)
    orders = items.group_by("order_id").agg(
        pl.max("shop"),
        pl.max("customer_id"),
        pl.min("ordered_at"),
        pl.col("status").sort_by("line_number").first().alias("first_status"),
        pl.col("status").is_in(NOT_PAID).all().alias("is_without_payment"),
        pieces.sum().alias("item_count"),
        pl.sum(*AMOUNTS).round(2),
    )
    refunded, first = pl.col("refunded_amount"), pl.col("first_status")
    return orders.with_columns(
        net_amount=(pl.col("paid_amount") - refunded).round(2),
        order_date=pl.col("ordered_at").dt.date(),
        status=pl.when("is_without_payment")
        .then(first)
        .when((refunded > 0) & (refunded >= pl.col("paid_amount")))
        .then(pl.lit("refunded"))
        .when(refunded > 0)
        .then(pl.lit("partially_refunded"))
        .when(first.is_in(NOT_PAID))
        .then(pl.lit("completed"))
        .otherwise(first),
    ).with_columns(
        is_purchase=pl.col("status").is_in([*NOT_PAID, "refunded"]).not_()
        & (pl.col("paid_amount") > 0)
    )


def is_outlier(table: pl.DataFrame) -> pl.Expr:
    """Modified z-score of the logarithm above 3.5, or more than a million."""
    logs = table["gross_amount"].filter(table["gross_amount"] > 0).log()
    median = logs.median()
    reach = 3.5 * (logs - median).abs().median() / 0.6745
    amount = pl.col("gross_amount")
    low, high = pl.lit(median - reach).exp(), pl.lit(median + reach).exp()
    return (amount > 1_000_000) | ((amount > 0) & ((amount < low) | (amount > high)))


def number_purchases(orders: pl.DataFrame) -> pl.DataFrame:
    """The purchases in order, with the days since the one before."""
    return (
        orders.filter(pl.col("is_purchase") & pl.col("customer_id").is_not_null())
        .sort("customer_id", "ordered_at", "order_id")
        .with_columns(
            purchase_number=pl.int_range(pl.len()).over("customer_id") + 1,
            interval_days=pl.col("order_date").diff().over("customer_id").dt.total_days(),
        )
        .with_columns(previous_interval_days=pl.col("interval_days").shift().over("customer_id"))
    )


def boundaries(purchases: pl.DataFrame) -> tuple[int, int, int]:
    """Days after which a customer is silent, asleep, lost: the smallest that cover the share."""
    counts = (
        purchases.filter(pl.col("interval_days") > 0)["interval_days"]
        .value_counts()
        .sort("interval_days")
    )
    total = counts["count"].sum()
    if total < 30:
        return 30, 90, 180
    so_far = counts["count"].cum_sum()
    silent, sleeping, churned = (
        int(counts["interval_days"].filter(so_far >= share * total).first())
        for share in (0.5, 0.8, 0.95)
    )
    return silent, sleeping, churned


def decayed(days: pl.Expr, bounds: tuple[int, int, int]) -> pl.Expr:
    """The state after so many days; null while nothing changes."""
    silent, sleeping, churned = bounds
    return (
        pl.when(days > churned)
        .then(pl.lit("churned"))
        .when(days > sleeping)
        .then(pl.lit("sleeping"))
        .when(days > silent)
        .then(pl.lit("silent"))
    )


def per_customer(purchases: pl.DataFrame, bounds: tuple[int, int, int]) -> pl.DataFrame:
    """One row per customer who bought."""
    silent, sleeping, _ = bounds
    number, days = pl.col("purchase_number"), pl.col("interval_days")
    rhythm = days.filter(days > 0)
    bought = purchases.group_by("customer_id").agg(
        pl.len().alias("frequency"),
        pl.sum("net_amount").round(2).alias("monetary"),
        pl.min("order_date").alias("first_purchase_date"),
        pl.max("order_date").alias("last_purchase_date"),
        (1 + rhythm.count()).alias("purchase_days"),
        rhythm.median().alias("median_interval_days"),
        days.last().alias("last_interval_days"),
    )
    begins = (
        purchases.filter(
            (number <= 2) | (days > silent) | (pl.col("previous_interval_days") > sleeping)
        )
        .unique("customer_id", keep="last", maintain_order=True)
        .select(
            "customer_id",
            begins_on="order_date",
            state_before=pl.coalesce(
                decayed(days, bounds),
                pl.when(number == 2)
                .then(pl.lit("new"))
                .when((number > 2) & (pl.col("previous_interval_days") > sleeping))
                .then(pl.lit("reactivated"))
                .when(number > 2)
                .then(pl.lit("active")),
            ),
        )
    )
    return bought.join(begins, on="customer_id")


def fifth(values: pl.Expr, lowest: int = 1) -> pl.Expr:
    """Score by the share of lower values; equal values get equal scores."""
    lower = values.rank("min").cast(pl.Int64) - 1
    ranked = pl.max_horizontal(values.count().cast(pl.Int64) - 1, pl.lit(1))
    return (lowest + ((6 - lowest) * lower / ranked).floor()).clip(upper_bound=5).cast(pl.Int64)


def score(bought: pl.DataFrame) -> pl.DataFrame:
    """RFM scores, segment and value class."""
    repeat = pl.when(pl.col("frequency") > 1).then("frequency")
    segments = pl.read_csv(SEEDS / "rfm_segments.csv").select(
        "segment",
        *(pl.int_ranges(f"{m}_min", pl.col(f"{m}_max") + 1).alias(f"{m}_score") for m in "rfm"),
    )
    for measure in "rfm":
        segments = segments.explode(f"{measure}_score")
    classes = pl.read_csv(SEEDS / "value_classes.csv")
    scores = [f"{m}_score" for m in "rfm"]
    return (
        bought.select("as_of_date", "customer_id", "recency_days", "frequency", "monetary")
        .with_columns(
            r_score=fifth(-pl.col("recency_days")),
            f_score=fifth(repeat, lowest=2).fill_null(1),
            m_score=fifth(pl.col("monetary")),
        )
        .with_columns(
            *(
                (pl.col(f"{m}_score") >= pl.col(f"{m}_score").mean()).alias(f"{m}_high")
                for m in "rfm"
            ),
            rfm_score=pl.concat_str(scores),
            frequency_class=pl.when(pl.col("frequency") >= 4)
            .then(pl.lit("4+"))
            .otherwise(pl.col("frequency").cast(pl.String)),
            average_order_value=pl.col("monetary") / pl.col("frequency"),
        )
        .join(segments, on=scores, how="left")
        .join(classes, on=["r_high", "f_high", "m_high"], how="left")
    )


def quadrant(bought: pl.DataFrame) -> pl.DataFrame:
    """Amount and frequency against the mean."""
    rich = pl.col("monetary") >= pl.col("amount_threshold")
    often = pl.col("frequency") >= pl.col("frequency_threshold")
    return (
        bought.select("as_of_date", "customer_id", "monetary", "frequency")
        .with_columns(
            amount_threshold=pl.mean("monetary"), frequency_threshold=pl.mean("frequency")
        )
        .with_columns(
            amount_level=pl.when(rich).then(pl.lit("high")).otherwise(pl.lit("low")),
            frequency_level=pl.when(often).then(pl.lit("high")).otherwise(pl.lit("low")),
            quadrant=pl.when(rich & often)
            .then(pl.lit("premium"))
            .when(rich)
            .then(pl.lit("potential"))
            .when(often)
            .then(pl.lit("problem"))
            .otherwise(pl.lit("pending")),
        )
    )


def lifecycle(
    customers: pl.DataFrame, bought: pl.DataFrame, bounds: tuple[int, int, int], as_of: object
) -> pl.DataFrame:
    """The state of every customer, since when, and the one before."""
    silent, sleeping, churned = bounds
    state, recency = pl.col("state"), pl.col("recency_days")
    event = (
        pl.when(pl.col("frequency") == 1)
        .then(pl.lit("new"))
        .when(pl.col("last_interval_days") > sleeping)
        .then(pl.lit("reactivated"))
        .otherwise(pl.lit("active"))
    )
    ratio = pl.when(pl.col("purchase_days") >= 3).then(recency / pl.col("median_interval_days"))
    last = pl.col("last_purchase_date")
    return (
        customers.join(bought.drop("as_of_date"), on="customer_id", how="left")
        .with_columns(
            event=event,
            state=pl.when(pl.col("frequency").is_null())
            .then(pl.lit("prospect"))
            .otherwise(pl.coalesce(decayed(recency, bounds), event)),
        )
        .select(
            pl.lit(as_of).alias("as_of_date"),
            "customer_id",
            "state",
            pl.when(state == "prospect")
            .then(pl.col("first_order_at").dt.date())
            .when(state == "churned")
            .then(last + pl.duration(days=churned + 1))
            .when(state == "sleeping")
            .then(last + pl.duration(days=sleeping + 1))
            .when(state == "silent")
            .then(last + pl.duration(days=silent + 1))
            .otherwise("begins_on")
            .alias("state_since"),
            pl.when(state == "churned")
            .then(pl.lit("sleeping"))
            .when(state == "sleeping")
            .then(pl.lit("silent"))
            .when(state == "silent")
            .then("event")
            .otherwise("state_before")
            .alias("previous_state"),
            pl.col("frequency").fill_null(0).alias("purchases"),
            *("first_purchase_date", "last_purchase_date"),
            recency.alias("days_since_last_purchase"),
            "median_interval_days",
            pl.when(ratio > 3)
            .then(pl.lit("churned"))
            .when(ratio > 2)
            .then(pl.lit("sleeping"))
            .when(ratio > 1)
            .then(pl.lit("silent"))
            .when(ratio.is_not_null())
            .then(pl.lit("active"))
            .alias("cycle_state"),
        )
    )


if __name__ == "__main__":
    main(read_task("with_polars"))
