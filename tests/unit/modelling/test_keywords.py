"""Keywords of made reviews: what tells the moods apart, and what must not come out."""

from __future__ import annotations

import numpy as np

from dagster_project.modelling.keywords import Keywords, telling_words


def found(texts: list[str], groups: list[int], voices=None, script="zh", **own) -> Keywords:
    """Keywords when each text is a voice of its own, or of `voices`."""
    speakers = np.arange(len(texts)) if voices is None else np.array(voices)
    group_of = np.zeros(speakers.max() + 1 if len(speakers) else 0, dtype=np.int64)
    group_of[speakers] = groups
    options = {"minimum": 5, "z": 1.96, "most": 10, **own}
    return telling_words(texts, script, (speakers, np.arange(len(texts))), group_of, **options)


def words(keywords: Keywords, group: int) -> list[str]:
    return list(keywords.word[keywords.group == group])


def test_each_mood_has_the_words_that_the_other_does_not_say() -> None:
    pleased = [f"面料{tail}显瘦" for tail in "一二三四五六七八九十" * 3]
    displeased = [f"面料{tail}色差" for tail in "一二三四五六七八九十" * 3]
    keywords = found(pleased + displeased, [0] * 30 + [1] * 30)
    assert words(keywords, 0) == ["显瘦"]
    assert words(keywords, 1) == ["色差"]
    assert keywords.voices.tolist() == [30, 30]
    assert (keywords.z > 1.96).all()


def test_a_part_of_a_longer_word_is_none() -> None:
    texts = [f"{tail}，性价比，{tail}" for tail in "春夏秋冬东南西北" * 2] + ["很普通"] * 16
    keywords = found(texts, [0] * 16 + [1] * 16)
    assert words(keywords, 0) == ["性价比"]


def test_who_writes_a_name_in_ten_reviews_says_it_once() -> None:
    texts = ["王小明送的货"] * 10 + ["东西普通"] * 40
    voices = [0] * 10 + list(range(1, 41))
    keywords = found(texts, [0] * 10 + [1] * 40, voices)
    assert words(keywords, 0) == []


def test_fewer_customers_than_asked_for_give_no_word() -> None:
    texts = ["王小明"] * 4 + ["东西普通"] * 40
    assert words(found(texts, [0] * 4 + [1] * 40), 0) == []
    assert words(found(texts, [0] * 4 + [1] * 40, minimum=4), 0) != []


def test_english_words_stand_between_marks_without_digits() -> None:
    texts = ["runs small, call 13711112222"] * 12 + ["lovely colour"] * 12
    keywords = found(texts, [1] * 12 + [0] * 12, script="en")
    assert set(words(keywords, 0)) == {"lovely colour"}
    assert set(words(keywords, 1)) == {"runs small"} | {"small"} & set(words(keywords, 1))
    assert not any(letter.isdigit() for word in keywords.word for letter in word)


def test_nothing_and_one_review_give_nothing() -> None:
    assert len(found(["很好"], [0]).word) == 0
    assert len(found(["。。。"] * 20, [0] * 20).word) == 0


def test_the_same_reviews_give_the_same_words() -> None:
    texts = [f"{a}{b}好评不断" for a in "春夏秋冬" for b in "东南西北"] + ["太慢了吧"] * 16
    once, twice = (found(texts, [0] * 16 + [1] * 16) for _ in range(2))
    assert once.word.tolist() == twice.word.tolist()
    assert once.z.tolist() == twice.z.tolist()
