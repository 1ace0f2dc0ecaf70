"""Words that tell pleased reviews from displeased ones, for the shop and each product.

Texts stay where they landed: a word comes out only when enough different customers wrote it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from dagster_project.modelling.keywords import telling_words
from dagster_project.modelling.model import SCHEMA, Fitted, Model, Table
from dagster_project.modelling.review_sentiment import REVIEW_SENTIMENT, SENTIMENTS
from dagster_project.modelling.thresholds import threshold

_MINIMUM_VOICES = int(threshold("keyword_minimum_customers"))
_MOST_REVIEWS = int(threshold("keyword_reviews"))
_MOST_WORDS = int(threshold("keywords_per_product"))
_Z = float(threshold("confidence_z"))
_SCRIPTS = ("zh", "en")

PLEASED, DISPLEASED = "pleased", "displeased"
WHOLE_SHOP = "all"

KEYWORDS = Table(
    "review_keywords",
    "One row per month, product (`all` for the shop), mood and keyword of its reviews.",
    {
        "product_id": "VARCHAR",
        "mood": "VARCHAR",
        "script": "VARCHAR",
        "keyword": "VARCHAR",
        "keyword_rank": "BIGINT",
        "customers": "BIGINT",
        "z": "DOUBLE",
    },
)

_JUDGED = f"""
with texts as (
    select text_hash, min(review_text) as review_text
    from intermediate.int_review_texts
    group by text_hash
)
select
    t.review_text,
    s.script,
    s.sentiment > 0 as is_pleased,
    coalesce(r.product_id, '') as product_id,
    coalesce(r.customer_id, r.review_id) as speaker
from intermediate.int_review_subjects as r
inner join {SCHEMA}.{SENTIMENTS.name} as s on r.text_hash = s.text_hash and s.fitted_as_of = $day
inner join texts as t on r.text_hash = t.text_hash
where s.sentiment <> 0 and coalesce(r.reviewed_at < $day, true)
order by r.reviewed_at desc nulls last, r.review_id
limit $most
"""


def fit(connection: duckdb.DuckDBPyConnection, day: date) -> Fitted:
    """Find the keywords as of a day, in the newest reviews before it that took a side.

    Args:
        connection: to the work database, with the facts built and the texts scored.
        day: the first one that is not looked at.
    """
    found = connection.execute(_JUDGED, {"day": day, "most": _MOST_REVIEWS}).fetchnumpy()
    parts = [_of_script(found, script) for script in _SCRIPTS]
    return {
        KEYWORDS.name: {
            name: np.concatenate([part[name] for part in parts]) for name in KEYWORDS.columns
        }
    }


def _of_script(found: dict[str, Any], script: str) -> dict[str, NDArray[Any]]:
    chosen = np.asarray(found["script"], dtype=object) == script
    texts = list(np.asarray(found["review_text"], dtype=object)[chosen])
    if not texts:
        return {
            name: np.zeros(0, dtype=np.float64 if type_ != "VARCHAR" else object)
            for name, type_ in KEYWORDS.columns.items()
        }
    sides = np.where(np.asarray(found["is_pleased"], dtype=bool)[chosen], 0, 1)
    products, product = _numbered(np.asarray(found["product_id"], dtype=object)[chosen])
    _, speaker = _numbered(np.asarray(found["speaker"], dtype=object)[chosen])
    own = products[product] != ""
    rows = np.arange(len(texts))
    # Each review speaks for the whole shop (product 0) and for its product.
    text = np.concatenate([rows, rows[own]])
    group = np.concatenate([sides, 2 * (product[own] + 1) + sides[own]])
    person = np.concatenate([speaker, speaker[own]])
    pairs, voice = np.unique(np.stack([group, person]), axis=1, return_inverse=True)
    words = telling_words(
        texts,
        script,
        (voice.ravel(), text),
        pairs[0],
        minimum=_MINIMUM_VOICES,
        z=_Z,
        most=_MOST_WORDS,
    )
    names = np.concatenate([np.array([WHOLE_SHOP], dtype=object), products])
    return {
        "product_id": names[words.group // 2],
        "mood": np.where(words.group % 2 == 0, PLEASED, DISPLEASED).astype(object),
        "script": np.full(len(words.word), script, dtype=object),
        "keyword": words.word,
        "keyword_rank": words.rank,
        "customers": words.voices,
        "z": words.z,
    }


def _numbered(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The different ids in order, and for each row the place of its own."""
    ids, places = np.unique(values.astype(str), return_inverse=True)
    return ids.astype(object), places.ravel()


REVIEW_KEYWORDS = Model(
    name="review_keywords",
    method=f"{REVIEW_SENTIMENT.method}; log-odds 1, at least {_MINIMUM_VOICES} customers, "
    f"z {_Z}, {_MOST_WORDS} words of {_MOST_REVIEWS} reviews",
    reads=(
        "intermediate.int_review_texts",
        "intermediate.int_review_subjects",
        f"{SCHEMA}.{SENTIMENTS.name}",
        "marts.fct_orders",
    ),
    tables=(KEYWORDS,),
    inputs=f"select count(*) from {SCHEMA}.{SENTIMENTS.name} where fitted_as_of = $day",
    fit=fit,
)
