"""Pleased or displeased: logistic regression over the n-grams of review texts.

Trained on the shop's own star ratings, with what a lexicon says as further features, so that few
ratings already do better than the lexicon alone. A model is a table of weights and no object of the
library: it can be read, compared and joined with SQL, outlives the library's next release, and
opening it runs no code, which a pickle would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dagster_project.modelling.review_text import (
    CHINESE,
    ENGLISH,
    lexicon_scores,
    lexicon_sentiment,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

# Weak enough to tell words apart, strong enough that a word of two reviews decides nothing.
_INVERSE_REGULARISATION = 3.0
# A spelling mistake or a name that stands in fewer texts is no feature.
_TEXTS_PER_NGRAM = 3
_ROUNDS = 500
# The share of the rated texts that is kept aside to measure the model.
_HELD_OUT = 0.25


@dataclass(frozen=True)
class SentimentModel:
    """The weights of one script's model; without n-grams the lexicon judges alone.

    Attributes:
        script: `zh`, `en` or `other`.
        ngrams: in the order of `idf` and `weights`.
        idf: how rare each n-gram is.
        weights: of each n-gram, towards pleased.
        lexicon_weights: of each feature of `lexicon_scores`.
    """

    script: str
    ngrams: tuple[str, ...] = ()
    idf: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    weights: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    lexicon_weights: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Quality:
    """How a model did on rated texts that it had not seen, and the lexicon on the same.

    Attributes:
        texts: held out.
        accuracy: share (0-1) of which the model knew the side; None when nothing was held out.
        sure_share: share on which it took a side at all.
        sure_accuracy: accuracy among those.
        lexicon_share: share on which the lexicon took a side.
        lexicon_accuracy: accuracy among those; None when it took none.
    """

    texts: int = 0
    accuracy: float | None = None
    sure_share: float | None = None
    sure_accuracy: float | None = None
    lexicon_share: float | None = None
    lexicon_accuracy: float | None = None


def fit(
    texts: Sequence[str], pleased: NDArray[np.bool_], script: str, words: Mapping[str, int]
) -> SentimentModel:
    """Fit one script's model. The same texts in the same order give the same weights.

    Args:
        texts: in small letters.
        pleased: whether the star rating beside the text was a good one; both must occur.
        script: of all texts.
        words: of the Chinese lexicon, see `lexicon_scores`.
    """
    from sklearn.linear_model import LogisticRegression

    vectorizer = _vectorizer(script)
    ngrams = vectorizer.fit_transform(texts)
    features = _beside(ngrams, lexicon_scores(texts, script, words))
    # Balanced and through the origin, because most ratings are good ones: a text without a telling
    # word is neutral then, and not as good as the shop's mean.
    regression = LogisticRegression(
        C=_INVERSE_REGULARISATION, class_weight="balanced", fit_intercept=False, max_iter=_ROUNDS
    ).fit(features, pleased)
    weights = regression.coef_[0].astype(np.float64)
    names = vectorizer.get_feature_names_out()
    return SentimentModel(
        script,
        tuple(map(str, names)),
        np.asarray(vectorizer.idf_, dtype=np.float64),
        weights[: len(names)],
        weights[len(names) :],
    )


def score(
    model: SentimentModel, texts: Sequence[str], words: Mapping[str, int], unsure: float
) -> NDArray[np.float64]:
    """Sentiment of each text, -1 to 1, to four decimals; 0 where it is nearer to 0 than `unsure`.

    A text's sentiment depends on nothing but the text and the model.
    """
    lexicon = lexicon_scores(texts, model.script, words)
    if model.ngrams and len(texts):
        vectorizer = _vectorizer(model.script, {name: i for i, name in enumerate(model.ngrams)})
        vectorizer.idf_ = model.idf.astype(np.float32)
        margin = vectorizer.transform(texts) @ model.weights + lexicon @ model.lexicon_weights
        # 2p - 1 of the logistic function.
        verdict = np.tanh(margin / 2)
    else:
        verdict = lexicon_sentiment(lexicon, model.script)
    verdict = np.round(verdict, 4)
    return np.where(np.abs(verdict) < unsure, 0.0, verdict)


def measure(
    texts: Sequence[str],
    pleased: NDArray[np.bool_],
    script: str,
    words: Mapping[str, int],
    unsure: float,
) -> Quality:
    """Fit on three quarters of the texts and judge the last quarter of them.

    Args:
        texts: each different from the others, in an order that has nothing to do with what they
            say, such as that of their hashes.
        pleased: see `fit`.
        script: of all texts.
        words: see `fit`.
        unsure: see `score`.
    """
    cut = len(texts) - int(len(texts) * _HELD_OUT)
    seen, unseen = pleased[:cut], pleased[cut:]
    if not len(unseen) or seen.all() or not seen.any():
        return Quality()
    verdict = score(fit(texts[:cut], seen, script, words), texts[cut:], words, 0.0)
    lexicon = score(SentimentModel(script), texts[cut:], words, 0.0)
    sure, said = np.abs(verdict) >= unsure, lexicon != 0
    right = (verdict > 0) == unseen
    return Quality(
        texts=len(unseen),
        accuracy=float(right.mean()),
        sure_share=float(sure.mean()),
        sure_accuracy=_mean(right[sure]),
        lexicon_share=float(said.mean()),
        lexicon_accuracy=_mean(((lexicon > 0) == unseen)[said]),
    )


def _mean(values: NDArray[np.bool_]) -> float | None:
    return float(values.mean()) if len(values) else None


def _vectorizer(script: str, vocabulary: Mapping[str, int] | None = None) -> TfidfVectorizer:
    from sklearn.feature_extraction.text import TfidfVectorizer

    # One and two characters are what a Chinese word is; an English one stands between blanks.
    reading: dict[str, Any] = {"analyzer": "char", "ngram_range": (1, 2)}
    if script == ENGLISH:
        reading = {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)[a-z]{2,}"}
    elif script != CHINESE:
        reading = {"analyzer": "char_wb", "ngram_range": (2, 4)}
    return TfidfVectorizer(
        **reading,
        lowercase=False,
        sublinear_tf=True,
        dtype=np.float32,
        vocabulary=vocabulary,
        min_df=1 if vocabulary is not None else _TEXTS_PER_NGRAM,
    )


def _beside(ngrams: csr_matrix, lexicon: NDArray[np.float32]) -> csr_matrix:
    from scipy.sparse import csr_matrix, hstack

    return hstack([ngrams, csr_matrix(lexicon)], format="csr") if lexicon.shape[1] else ngrams
