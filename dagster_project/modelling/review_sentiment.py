"""How the texts of reviews sound: fitted once a month, new texts scored each night.

A text's sentiment never changes within a version: it is kept under the text's hash until the next
month, and only texts that are new are read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import numpy as np

from dagster_project.modelling import sentiment
from dagster_project.modelling.model import SCHEMA, Fitted, Model, Table
from dagster_project.modelling.review_text import SCRIPTS, script_of
from dagster_project.modelling.sentiment import Quality, SentimentModel
from dagster_project.modelling.thresholds import threshold

_MINIMUM_TEXTS = int(threshold("sentiment_minimum_texts"))
_TRAINING_TEXTS = int(threshold("sentiment_training_texts"))
_PLEASED_FROM = float(threshold("sentiment_pleased_from"))
_DISPLEASED_TO = float(threshold("sentiment_displeased_to"))
_UNSURE = float(threshold("sentiment_unsure"))
# Texts that are held in memory at a time.
_CHUNK = 50_000

QUALITIES = Table(
    "review_models",
    "One row per month and script (zh, en, other): what was trained on, how it did on the rest.",
    {
        "script": "VARCHAR",
        "pleased_texts": "BIGINT",
        "displeased_texts": "BIGINT",
        "is_trained": "BOOLEAN",
        "held_out_texts": "BIGINT",
        "accuracy": "DOUBLE",
        "sure_share": "DOUBLE",
        "sure_accuracy": "DOUBLE",
        "lexicon_share": "DOUBLE",
        "lexicon_accuracy": "DOUBLE",
    },
)
WEIGHTS = Table(
    "review_weights",
    "One row per month, script and feature: an n-gram, or what the lexicon says.",
    {
        "script": "VARCHAR",
        "kind": "VARCHAR",
        "place": "BIGINT",
        "feature": "VARCHAR",
        "idf": "DOUBLE",
        "weight": "DOUBLE",
    },
)
SENTIMENTS = Table(
    "review_sentiments",
    "One row per text that reviews hold now: its sentiment by this month's model.",
    {"text_hash": "VARCHAR", "script": "VARCHAR", "sentiment": "DOUBLE", "is_trained": "BOOLEAN"},
)

# Ratings say pleased or displeased by their place on the source's scale, which is the shortest
# usual one that holds them: 0 and 1, up to 5, 10 or 100. Undated reviews count as early ones.
# Of each sign the same number of texts at most, chosen by their hash.
_RATED = """
with dated as (
    select * from intermediate.int_review_texts
    where rating is not null and coalesce(reviewed_at < $day, true)
),
scales as (
    select source,
        case
            when max(rating) <= 1 and min(rating) = 0 then 1
            when max(rating) <= 5 then 5
            when max(rating) <= 10 then 10
            else 100
        end as longest
    from dated
    group by source
),
rated as (
    select d.text_hash, min(d.review_text) as review_text, avg(d.rating / s.longest) as place
    from dated as d
    inner join scales as s on d.source = s.source
    group by d.text_hash
),
signed as (
    select text_hash, review_text, place >= $pleased as is_pleased
    from rated
    where place >= $pleased or place <= $displeased
)
select review_text, is_pleased
from signed
qualify row_number() over (partition by is_pleased order by text_hash) <= $most
order by text_hash
"""

_NEW_TEXTS = f"""
select t.text_hash, min(t.review_text) as review_text
from intermediate.int_review_texts as t
where t.text_hash not in (select s.text_hash from {SCHEMA}.{SENTIMENTS.name} as s)
group by t.text_hash
"""


def fit(connection: duckdb.DuckDBPyConnection, day: date) -> Fitted:
    """Fit each script's model, from reviews written before a day.

    Args:
        connection: to the work database, with the facts built.
        day: the first one that is not looked at.
    """
    found = connection.execute(
        _RATED,
        {
            "day": day,
            "pleased": _PLEASED_FROM,
            "displeased": _DISPLEASED_TO,
            "most": _TRAINING_TEXTS // 2,
        },
    ).fetchnumpy()
    texts = np.asarray(found["review_text"], dtype=object)
    pleased = np.asarray(found["is_pleased"], dtype=bool)
    scripts = np.array([script_of(text) for text in texts], dtype=object)
    words = read_words(connection)
    qualities: list[dict[str, Any]] = []
    weights: list[tuple[Any, ...]] = []
    for script in SCRIPTS:
        own, signs = list(texts[scripts == script]), pleased[scripts == script]
        enough = min(int(signs.sum()), int((~signs).sum())) >= _MINIMUM_TEXTS
        quality = sentiment.measure(own, signs, script, words, _UNSURE) if enough else Quality()
        if enough:
            weights += _rows(sentiment.fit(own, signs, script, words))
        qualities.append(
            {
                "script": script,
                "pleased_texts": int(signs.sum()),
                "displeased_texts": int((~signs).sum()),
                "is_trained": enough,
                "held_out_texts": quality.texts,
                "accuracy": _or_nan(quality.accuracy),
                "sure_share": _or_nan(quality.sure_share),
                "sure_accuracy": _or_nan(quality.sure_accuracy),
                "lexicon_share": _or_nan(quality.lexicon_share),
                "lexicon_accuracy": _or_nan(quality.lexicon_accuracy),
            }
        )
    return {
        QUALITIES.name: {
            name: np.array([row[name] for row in qualities]) for name in QUALITIES.columns
        },
        WEIGHTS.name: _columns(weights),
    }


def score_new(connection: duckdb.DuckDBPyConnection, day: date) -> None:
    """Score the texts that have no sentiment by the version of a day yet.

    Sentiments of other versions, and of texts that no review holds any more, go.

    Args:
        connection: opened for writing on the work database.
        day: of the version; without rows in it the lexicons judge alone.
    """
    table = f"{SCHEMA}.{SENTIMENTS.name}"
    connection.execute(
        f"delete from {table} where fitted_as_of <> $day "
        "or text_hash not in (select text_hash from intermediate.int_review_texts)",
        {"day": day},
    )
    models = {script: read_model(connection, script, day) for script in SCRIPTS}
    words = read_words(connection)
    for hashes, texts in _chunks(connection):
        scripts = np.array([script_of(text) for text in texts], dtype=object)
        for script, model in models.items():
            own = scripts == script
            if not own.any():
                continue
            scored = {
                "text_hash": hashes[own],
                "script": scripts[own],
                "sentiment": sentiment.score(model, list(texts[own]), words, _UNSURE),
                "is_trained": np.full(int(own.sum()), bool(model.ngrams)),
            }
            connection.register("scored_texts", scored)
            connection.execute(
                f"insert into {table} by name "
                "select cast($day as date) as fitted_as_of, * from scored_texts",
                {"day": day},
            )
            connection.unregister("scored_texts")


def read_model(connection: duckdb.DuckDBPyConnection, script: str, day: date) -> SentimentModel:
    """A script's model of a version; one without n-grams where none was trained."""
    rows = connection.execute(
        f"select kind, feature, idf, weight from {SCHEMA}.{WEIGHTS.name} "
        "where script = $script and fitted_as_of = $day order by kind, place",
        {"script": script, "day": day},
    ).fetchall()
    ngrams = [row for row in rows if row[0] == "ngram"]
    return SentimentModel(
        script,
        tuple(name for _, name, _, _ in ngrams),
        np.array([idf for _, _, idf, _ in ngrams]),
        np.array([weight for *_, weight in ngrams]),
        np.array([weight for kind, *_, weight in rows if kind == "lexicon"]),
    )


def read_words(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The Chinese lexicon, the seed `sentiment_words`: word → 1 or -1."""
    rows = connection.execute("select word, sign from seeds.sentiment_words order by word")
    return {word: int(sign) for word, sign in rows.fetchall()}


def _chunks(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, Any]]:
    # A cursor of its own, because what is found is written while more is read.
    reader = connection.cursor()
    reader.execute(_NEW_TEXTS)
    while rows := reader.fetchmany(_CHUNK):
        hashes, texts = zip(*rows, strict=True)
        yield np.array(hashes, dtype=object), np.array(texts, dtype=object)


def _rows(model: SentimentModel) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = [
        (model.script, "ngram", place, name, float(model.idf[place]), float(model.weights[place]))
        for place, name in enumerate(model.ngrams)
    ]
    rows += [
        (model.script, "lexicon", place, f"lexicon {place + 1}", np.nan, float(weight))
        for place, weight in enumerate(model.lexicon_weights)
    ]
    return rows


def _columns(rows: list[tuple[Any, ...]]) -> dict[str, np.ndarray[Any, Any]]:
    kinds = {"VARCHAR": object, "BIGINT": np.int64, "DOUBLE": np.float64}
    return {
        name: np.array([row[place] for row in rows], dtype=kinds[type_])
        for place, (name, type_) in enumerate(WEIGHTS.columns.items())
    }


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


REVIEW_SENTIMENT = Model(
    name="review_sentiment",
    method=f"n-grams 1, minimum {_MINIMUM_TEXTS}, at most {_TRAINING_TEXTS}, "
    f"pleased from {_PLEASED_FROM}, displeased to {_DISPLEASED_TO}, unsure below {_UNSURE}",
    # The orders, because the gate of the facts stands before what rests on them.
    reads=("intermediate.int_review_texts", "seeds.sentiment_words", "marts.fct_orders"),
    tables=(QUALITIES, WEIGHTS, SENTIMENTS),
    inputs="select count(rating) from intermediate.int_reviews "
    "where coalesce(reviewed_at < $day, true)",
    fit=fit,
    each_night=score_new,
)
