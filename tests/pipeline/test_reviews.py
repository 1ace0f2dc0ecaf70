"""What reviews and refunds say, from the files to the published marts, night after night."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import write_text

# Only these two people wrote it: it must not leave the raw layer.
SECRET = "我是王小明电话13711112222"
GOOD = ["面料舒服，显瘦", "很喜欢，显瘦又好看", "快递很快，显瘦，满意", "质量不错，显瘦"]
BAD = ["色差太大，失望", "质量差，色差明显", "快递太慢，色差大", "客服不理人，色差严重"]
ENGLISH = ["great quality, i love it", "terrible, it broke after a day"]
WEIGHTS = "select * from modelling.review_weights order by all"
TAILS = "一二三四五六七八九十甲乙丙丁"


def review(number: int, rating: int, text: str, day: int, product: str = "P1") -> list[Any]:
    customer = f"C{number % 40}"
    return ["own", f"R{number}", f"O{number % 40}", product, customer, rating, text, day]


def reviews() -> list[list[Any]]:
    """140 Chinese reviews of two moods, two English ones, one of nobody's words, a secret."""
    pick, rows = random.Random(4), []
    for number in range(140):
        pleased = number % 2 == 0
        text = pick.choice(GOOD if pleased else BAD) + "，" + "".join(pick.choices(TAILS, k=3))
        rows.append(review(number, 5 if pleased else 1, text, 1 + number % 28))
    rows += [review(200 + place, 3, text, 5, "P2") for place, text in enumerate(ENGLISH)]
    rows.append(review(210, 5, "此用户没有填写评价。", 6))
    rows.append(review(211, 5, SECRET, 7))
    rows.append(review(212, 4, SECRET, 7))
    return rows


def write_reviews(warehouse: Warehouse, name: str, rows: list[list[Any]], month: int = 1) -> None:
    header = "source,review_id,order_id,product_id,customer_id,rating,review_text,reviewed_at"
    lines = [
        ",".join(map(str, row[:6])) + f',"{row[6]}",2024-{month:02d}-{row[7]:02d} 10:00:00'
        for row in rows
    ]
    write_text(warehouse.landing / f"reviews_{name}.csv", "\n".join([header, *lines]) + "\n")


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    lines = [
        "source,order_id,product_id,product_title,quantity,gross_amount,customer_id,ordered_at,status"
    ]
    for number in range(40):
        for product in ("P1", "P2"):
            lines.append(
                f"own,O{number},{product},裙子{product},1,50,C{number},"
                f"2024-01-{1 + number % 28:02d} 09:00:00,completed"
            )
    lines.append("own,O99,P1,裙子P1,1,50,C1,2024-02-10 09:00:00,completed")
    write_text(warehouse.landing / "order_lines.csv", "\n".join(lines) + "\n")
    write_text(
        warehouse.landing / "refunds.csv",
        "source,refund_id,order_id,product_id,refunded_at,amount,status,reason\n"
        "own,F1,O1,P1,2024-01-20 10:00:00,10,succeeded,质量问题\n"
        "own,F2,O2,P1,2024-01-20 10:00:00,10,succeeded,颜色和图片不符\n"
        "own,F3,O3,P1,2024-01-20 10:00:00,5,succeeded,\n"
        "own,F4,O4,P2,2024-01-20 10:00:00,5,refused,not what i ordered\n",
    )
    write_reviews(warehouse, "first", reviews())
    assert warehouse.nightly(data_tests=True).success
    return warehouse


def sentiments(warehouse: Warehouse) -> dict[str, float | None]:
    return dict(warehouse.rows("select review_id, sentiment from fct_reviews"))


def test_the_stars_of_the_shop_teach_what_its_texts_mean(shop: Warehouse) -> None:
    found = sentiments(shop)
    assert len(found) == 145
    right = [(found[f"R{n}"] > 0) == (n % 2 == 0) for n in range(140)]
    assert sum(right) >= 135
    # VADER's verdict, since two ratings of 3 teach nothing.
    assert found["R200"] > 0.3 and found["R201"] < -0.3
    assert found["R210"] is None
    assert all(-1 <= value <= 1 for value in found.values() if value is not None)
    quality = shop.rows(
        "select script, judged_by, pleased_texts, displeased_texts, accuracy "
        "from review_sentiment_quality order by script"
    )
    assert [row[:2] for row in quality] == [
        ("en", "lexicon"),
        ("other", "lexicon"),
        ("zh", "model"),
    ]
    assert quality[2][2] + quality[2][3] > 130
    assert quality[2][4] > 0.9


def test_topics_are_what_the_words_of_the_seed_say(shop: Warehouse) -> None:
    topics = dict(shop.rows("select review_id, topics from fct_reviews"))
    assert topics["R200"] == "quality"
    assert topics["R210"] is None
    rows = shop.rows("select distinct topics from fct_reviews where topics like '%logistics%'")
    assert rows
    (whole,) = shop.rows(
        "select reviews, pleased_reviews, displeased_reviews from review_topics "
        "where product_id = 'all' and aspect = 'logistics'"
    )
    assert whole[0] == whole[1] + whole[2] > 0


def test_keywords_tell_the_moods_apart_and_name_nobody(shop: Warehouse) -> None:
    words = shop.rows(
        "select mood, keyword, customers from review_keywords where product_id = 'P1'"
    )
    assert ("pleased", "显瘦") in [row[:2] for row in words]
    assert "色差" in " ".join(word for mood, word, _ in words if mood == "displeased")
    assert min(customers for *_, customers in words) >= 5
    assert not any("王" in word or "小明" in word for _, word, _ in words)


def test_refunds_are_counted_by_reason(shop: Warehouse) -> None:
    assert shop.rows(
        "select refund_id, reason_code from fct_refunds where is_itemised order by refund_id"
    ) == [("F1", "quality"), ("F2", "not as described"), ("F3", None), ("F4", "other")]
    assert dict(
        shop.rows("select reason_code, refunds from return_reasons where product_id = 'all'")
    ) == {"quality": 1, "not as described": 1, "not given": 1, "other": 1}


def test_tags_of_attitude_say_what_the_customer_speaks_of(shop: Warehouse) -> None:
    tags = shop.rows(
        "select tag_code, customer_id, tag_value, evidence from customer_tags "
        "where tag_code in ('complains_about', 'praises', 'returns_because')"
    )
    assert {code for code, *_ in tags} == {"complains_about", "praises", "returns_because"}
    assert ("returns_because", "C1", "quality", "reason of 1 refund") in tags
    # Whoever has an even number is pleased with everything.
    assert {int(who[1:]) % 2 for code, who, *_ in tags if code == "complains_about"} <= {1}


def test_no_text_leaves_the_raw_layer(shop: Warehouse) -> None:
    with shop.work() as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name <> 'raw'"
        ).fetchall()
        assert ("intermediate", "int_review_topics") in tables
        held = [
            f"{schema}.{table}"
            for schema, table in tables
            if connection.execute(
                f"select count(*) from {schema}.{table} as r "
                "where contains(to_json(r)::varchar, '小明')"
            ).fetchone()
            != (0,)
        ]
    assert held == []
    with shop.published() as connection:
        for (table,) in connection.execute("show tables").fetchall():
            assert connection.execute(
                f"select count(*) from {table} as r where contains(to_json(r)::varchar, '小明')"
            ).fetchone() == (0,), table


def test_only_new_texts_are_scored_and_a_new_version_scores_anew(shop: Warehouse) -> None:
    before = sentiments(shop)
    shop = shop.making("fct_reviews")
    with shop.work() as connection:
        weights = connection.execute(
            "select * from modelling.review_weights order by all"
        ).fetchall()
        # The version of February knows nothing of what was written in it.
        assert {row[0].isoformat() for row in weights} == {"2024-02-01"}
    write_reviews(shop, "second", [review(300, 5, "显瘦，又一次回购", 11)], month=2)
    assert shop.nightly().success
    after = sentiments(shop)
    assert after["R300"] > 0.3
    assert {key: after[key] for key in before} == before
    with shop.work() as connection:
        assert connection.execute(WEIGHTS).fetchall() == weights
    # A withdrawn file takes its texts along.
    hashes = "select count(*) from modelling.review_sentiments"
    with shop.work() as connection:
        scored = connection.execute(hashes).fetchone()
    write_reviews(shop, "second", [review(300, 5, "别的话", 11)], month=2)
    assert shop.nightly().success
    with shop.work() as connection:
        assert connection.execute(hashes).fetchone() == scored
