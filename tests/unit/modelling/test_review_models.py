"""The models of review texts on made facts: nothing, one review, one sign, one author."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from dagster_project.modelling.review_keywords import REVIEW_KEYWORDS
from dagster_project.modelling.review_sentiment import REVIEW_SENTIMENT
from dagster_project.modelling.run import fit_missing

DAY = date(2024, 6, 1)


@pytest.fixture
def facts() -> duckdb.DuckDBPyConnection:
    """What the models read, empty."""
    connection = duckdb.connect()
    connection.execute(
        """
        create schema intermediate;
        create schema seeds;
        create table intermediate.int_data_range as select date '2024-06-20' as last_order_date;
        create table intermediate.int_reviews (rating double, reviewed_at timestamp);
        create table intermediate.int_review_texts (
            source varchar, rating double, reviewed_at timestamp, review_text varchar,
            text_hash varchar
        );
        create table intermediate.int_review_subjects (
            review_id varchar, product_id varchar, customer_id varchar, reviewed_at timestamp,
            text_hash varchar
        );
        create table seeds.sentiment_words (word varchar, sign bigint);
        insert into seeds.sentiment_words values ('喜欢', 1), ('失望', -1);
        """
    )
    return connection


def add(
    facts: duckdb.DuckDBPyConnection,
    texts: list[str],
    rating: float | None,
    *,
    customer: str | None = None,
    at: str | None = "2024-05-01",
    source: str = "own",
) -> None:
    """Reviews of one product, each of its own customer unless one is named."""
    for place, text in enumerate(texts):
        facts.execute("insert into intermediate.int_reviews values ($1, $2)", [rating, at])
        facts.execute(
            "insert into intermediate.int_review_texts values ($1, $2, $3, $4, md5($4))",
            [source, rating, at, text],
        )
        facts.execute(
            "insert into intermediate.int_review_subjects values ($1, 'P', $2, $3, md5($4))",
            [f"{text}{place}{rating}", customer or f"C{rating}-{place}", at, text],
        )


def night(facts: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Fit and score as a night does; returns the sentiment of each text."""
    for model in (REVIEW_SENTIMENT, REVIEW_KEYWORDS):
        fit_missing(facts, model, "latest")
    return dict(
        facts.execute(
            "select t.review_text, s.sentiment from modelling.review_sentiments as s "
            "inner join intermediate.int_review_texts as t on s.text_hash = t.text_hash"
        ).fetchall()
    )


def judged_by_model(facts: duckdb.DuckDBPyConnection) -> list[str]:
    rows = facts.execute("select script from modelling.review_models where is_trained")
    return [script for (script,) in rows.fetchall()]


def count(facts: duckdb.DuckDBPyConnection, table: str) -> int:
    return facts.execute(f"select count(*) from modelling.{table}").fetchall()[0][0]


# Characters that no lexicon has.
GOOD = [f"{a}{b}甲乙" for a in "春夏秋冬东南西北" for b in "一二三四五六七八"]
BAD = [f"{a}{b}子丑" for a in "春夏秋冬东南西北" for b in "一二三四五六七八"]


def test_nothing_gives_nothing(facts) -> None:
    assert night(facts) == {}
    assert count(facts, "review_keywords") == 0


def test_one_review_is_judged_by_the_lexicon_and_gives_no_keyword(facts) -> None:
    add(facts, ["很喜欢"], 5)
    assert night(facts) == {"很喜欢": 0.5}
    assert judged_by_model(facts) == []
    assert count(facts, "review_keywords") == 0


def test_reviews_without_stars_are_judged_too(facts) -> None:
    add(facts, ["很失望"], None)
    assert night(facts) == {"很失望": -0.5}


def test_one_sign_alone_trains_nothing(facts) -> None:
    add(facts, GOOD, 5)
    assert set(night(facts).values()) == {0}
    assert judged_by_model(facts) == []


def test_both_signs_train_the_model_and_tell_the_moods_apart(facts) -> None:
    add(facts, GOOD, 5)
    add(facts, BAD, 1)
    found = night(facts)
    assert judged_by_model(facts) == ["zh"]
    assert all(found[text] > 0.3 for text in GOOD) and all(found[text] < -0.3 for text in BAD)
    words = facts.execute(
        "select mood, keyword from modelling.review_keywords "
        "where product_id = 'P' and keyword_rank = 1 order by mood"
    ).fetchall()
    assert words == [("displeased", "子丑"), ("pleased", "甲乙")]


def test_a_giant_author_is_one_voice(facts) -> None:
    add(facts, GOOD, 5, customer="the one")
    add(facts, BAD, 1)
    night(facts)
    moods = facts.execute("select distinct mood from modelling.review_keywords").fetchall()
    assert moods == [("displeased",)]


@pytest.mark.parametrize(
    ("bad", "good", "trained"), [(0, 1, True), (1, 10, True), (20, 100, True), (1, 1, False)]
)
def test_the_scale_is_the_shortest_that_holds_the_ratings(facts, bad, good, trained) -> None:
    add(facts, GOOD, good)
    add(facts, BAD, bad, source="own")
    night(facts)
    assert (judged_by_model(facts) == ["zh"]) == trained


def test_three_stars_and_later_reviews_teach_nothing(facts) -> None:
    add(facts, GOOD, 3)
    add(facts, BAD, 1, at="2024-06-01")
    night(facts)
    signs = facts.execute(
        "select sum(pleased_texts), sum(displeased_texts) from modelling.review_models"
    ).fetchall()
    assert signs == [(0, 0)]


def test_scores_stand_until_the_text_or_the_month_goes(facts) -> None:
    add(facts, GOOD, 5)
    add(facts, BAD, 1)
    first = night(facts)
    # A few more ratings do not fit anew; their texts are scored by the same weights.
    add(facts, ["春一子丑，又来"], 5)
    facts.execute("update modelling.review_sentiments set sentiment = 0.123 where script = 'zh'")
    second = night(facts)
    assert {second[text] for text in first} == {0.123}
    assert second["春一子丑，又来"] < 0
    facts.execute("delete from intermediate.int_review_texts where review_text = '春一甲乙'")
    night(facts)
    assert count(facts, "review_sentiments") == len(first)
    # Another month is another version, and the scores of this one go.
    fit_missing(facts, REVIEW_SENTIMENT, "2024-07-03")
    versions = facts.execute("select distinct fitted_as_of from modelling.review_sentiments")
    assert versions.fetchall() == [(date(2024, 7, 1),)]
    # And back again: the same as at first.
    fit_missing(facts, REVIEW_SENTIMENT, "latest")
    again = night(facts)
    assert {text: again[text] for text in again if text in first} == {
        text: value for text, value in first.items() if text in again
    }
