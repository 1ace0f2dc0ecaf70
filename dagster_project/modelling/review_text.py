"""Which script a review is written in, and which words of a lexicon stand in it.

The script decides who judges a text: Chinese writes no blanks and is read by characters, English by
words and by VADER, everything else by characters without a lexicon.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

CHINESE, ENGLISH, OTHER = "zh", "en", "other"
SCRIPTS = (CHINESE, ENGLISH, OTHER)

_HAN = re.compile(r"[㐀-䶿一-鿿]")
# Letters beyond ASCII speak against English: VADER would read a Portuguese "no" as a refusal.
_FOREIGN = re.compile(r"[^\W\d_a-zA-Z]")

# Before a word they turn its sign round: 不便宜, 没有坏.
_NEGATIONS = ("不是很", "不太", "不怎么", "不够", "不算", "没有", "没", "不", "别", "无")


def script_of(text: str) -> str:
    """`zh` where a Chinese character stands, `en` where all letters are ASCII, else `other`."""
    if _HAN.search(text):
        return CHINESE
    return OTHER if _FOREIGN.search(text) else ENGLISH


def lexicon_scores(
    texts: Sequence[str], script: str, words: Mapping[str, int]
) -> NDArray[np.float32]:
    """What the lexicon of a script says of each text; nothing said is a row of zeros.

    Args:
        texts: of one script, in small letters.
        script: `zh`, `en` or `other`.
        words: Chinese words with their sign, 1 or -1; longer words win over those inside them.

    Returns:
        texts × features. zh: pleased and displeased words found, at most three each, as thirds.
        en: VADER's compound, positive and negative scores (Hutto and Gilbert 2014). other: none.
    """
    if script == CHINESE:
        return _word_counts(texts, words)
    if script == ENGLISH:
        return _vader(texts)
    return np.zeros((len(texts), 0), dtype=np.float32)


def lexicon_sentiment(scores: NDArray[np.float32], script: str) -> NDArray[np.float64]:
    """The lexicon's own verdict, -1 to 1, from `lexicon_scores`; 0 where it says nothing."""
    if script == ENGLISH:
        return scores[:, 0].astype(np.float64)
    if script == CHINESE:
        pleased, displeased = 3.0 * scores[:, 0], 3.0 * scores[:, 1]
        # One word alone is half a verdict; the more of one sign, the surer.
        return ((pleased - displeased) / (pleased + displeased + 1)).astype(np.float64)
    return np.zeros(len(scores))


def _word_counts(texts: Sequence[str], words: Mapping[str, int]) -> NDArray[np.float32]:
    counts = np.zeros((len(texts), 2), dtype=np.float32)
    if not words:
        return counts
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    # A word that begins with a negation itself (不错) is looked for before the negation.
    found = re.compile(
        f"({'|'.join(map(re.escape, longest_first))})"
        f"|({'|'.join(_NEGATIONS)})({'|'.join(map(re.escape, longest_first))})"
    )
    for row, text in enumerate(texts):
        for match in found.finditer(text):
            sign = words[match[1]] if match[1] else -words[match[3]]
            counts[row, 0 if sign > 0 else 1] += 1
    return np.minimum(counts, 3) / 3


def _vader(texts: Sequence[str]) -> NDArray[np.float32]:
    # Its lexicon is read when it is made; only shops with English reviews pay for it.
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    scores = np.zeros((len(texts), 3), dtype=np.float32)
    for row, text in enumerate(texts):
        said = analyzer.polarity_scores(text)
        scores[row] = said["compound"], said["pos"], said["neg"]
    return scores
