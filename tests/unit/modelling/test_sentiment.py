"""Sentiment of made reviews: what is learned, what is not claimed, what is stored."""

from __future__ import annotations

import random

import numpy as np
import pytest

from dagster_project.modelling import sentiment
from dagster_project.modelling.review_text import (
    CHINESE,
    ENGLISH,
    OTHER,
    lexicon_scores,
    lexicon_sentiment,
    script_of,
)
from dagster_project.modelling.sentiment import SentimentModel

WORDS = {"好吃": 1, "不错": 1, "喜欢": 1, "差": -1, "难吃": -1, "慢": -1}
UNSURE = 0.3
# Words that no lexicon knows: whoever tells them apart has learned it from the stars.
GOOD, BAD = "甲乙丙丁戊", "子丑寅卯辰"


def made(count: int, seed: int = 7) -> tuple[list[str], np.ndarray]:
    """Different texts of neutral characters with some of one mood, and the mood of each."""
    pick = random.Random(seed)
    texts: dict[str, bool] = {}
    while len(texts) < count:
        pleased = pick.random() < 0.8
        filler = "".join(pick.choices("春夏秋冬东南西北", k=6))
        texts[filler + "".join(pick.choices(GOOD if pleased else BAD, k=2))] = pleased
    return list(texts), np.array(list(texts.values()))


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("很好吃", CHINESE),
        ("nice 好", CHINESE),
        ("nice", ENGLISH),
        ("5 *****", ENGLISH),
        ("não gostei", OTHER),
        ("хорошо", OTHER),
        ("とても良い", CHINESE),
    ],
)
def test_the_script_decides_who_judges(text: str, script: str) -> None:
    assert script_of(text) == script


def test_chinese_words_count_with_their_sign_and_a_negation_turns_it() -> None:
    texts = ["好吃，喜欢", "不好吃", "不错", "没有差", "难吃难吃难吃难吃", "今天周一"]
    scores = lexicon_scores(texts, CHINESE, WORDS)
    assert np.round(scores * 3).astype(int).tolist() == [
        [2, 0],
        [0, 1],
        [1, 0],
        [1, 0],
        [0, 3],
        [0, 0],
    ]
    verdict = lexicon_sentiment(scores, CHINESE)
    assert np.sign(verdict).tolist() == [1, -1, 1, 1, -1, 0]
    assert np.abs(verdict).max() < 1


def test_english_is_vaders_and_other_scripts_have_no_lexicon() -> None:
    texts = ["i love it", "terrible, a waste", "it is a box"]
    assert np.sign(sentiment.score(SentimentModel(ENGLISH), texts, {}, UNSURE)).tolist() == [
        1,
        -1,
        0,
    ]
    assert sentiment.score(SentimentModel(OTHER), ["não gostei"], {}, UNSURE).tolist() == [0]


def test_stars_teach_what_no_lexicon_knows_and_unknown_words_are_neutral() -> None:
    texts, pleased = made(400)
    model = sentiment.fit(texts, pleased, CHINESE, WORDS)
    unseen = [f"春夏秋冬{GOOD[:2]}", f"春夏秋冬{BAD[:2]}", "天地玄黄"]
    good, bad, neither = sentiment.score(model, unseen, WORDS, UNSURE)
    assert good > 0.5 and bad < -0.5
    # Four of five ratings are good; that says nothing of a text without a known word.
    assert neither == 0
    quality = sentiment.measure(texts, pleased, CHINESE, WORDS, UNSURE)
    assert quality.texts == 100
    assert quality.accuracy is not None and quality.accuracy > 0.95
    assert quality.lexicon_share == 0 and quality.lexicon_accuracy is None


def test_stars_that_say_nothing_teach_nothing() -> None:
    texts, pleased = made(600)
    shuffled = np.random.default_rng(3).permutation(pleased)
    quality = sentiment.measure(texts, shuffled, CHINESE, WORDS, UNSURE)
    assert quality.accuracy is not None and quality.accuracy < 0.75


def test_a_score_depends_on_the_text_and_the_model_alone() -> None:
    texts, pleased = made(200)
    model = sentiment.fit(texts, pleased, CHINESE, WORDS)
    again = sentiment.fit(texts, pleased, CHINESE, WORDS)
    assert model.ngrams == again.ngrams
    np.testing.assert_array_equal(model.weights, again.weights)
    alone = [sentiment.score(model, [text], WORDS, 0.0)[0] for text in texts[:20]]
    together = sentiment.score(model, texts, WORDS, 0.0)[:20]
    np.testing.assert_array_equal(alone, together)
    assert sentiment.score(model, [], WORDS, UNSURE).tolist() == []


def test_too_few_texts_of_a_sign_are_not_measured() -> None:
    texts, _ = made(40)
    quality = sentiment.measure(texts, np.ones(40, dtype=bool), CHINESE, WORDS, UNSURE)
    assert quality.texts == 0 and quality.accuracy is None
    assert sentiment.measure([], np.zeros(0, dtype=bool), CHINESE, WORDS, UNSURE).texts == 0
