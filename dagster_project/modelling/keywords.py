"""What reviews of one mood say more often than those of the other: log-odds of n-grams.

Monroe, Colaresi and Quinn (2008), "Fightin' Words": the difference of the log-odds of a word in two
groups, with what everybody says as the prior, divided by its standard deviation. Words of three
reviews do not look telling then, as they do in plain ratios. There is no dictionary: a Chinese
keyword is a run of two to four characters that is not merely a part of a longer one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dagster_project.modelling.review_text import CHINESE

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Reviews of everybody that the prior weighs as much as.
_PRIOR = 20.0
# A run of characters that nearly always stands inside the same longer one is a part of it.
_PART_OF = 0.75
_LONGEST = 4

# No word begins or ends with these; 很快 and 太慢 do begin with a degree.
_NO_BEGINNING = (
    "的了是我你他她它也就都在和与这那个吧吗呢啊呀哦哈嘛着过给被把让有到上下里又还会们得么样"
)
_NO_END = "的是我你他她它也就都在和与这那个很太真不没有给被把让又还会得么最挺非以为"


@dataclass(frozen=True)
class Keywords:
    """Keywords in columns of one length, best first within a group.

    Attributes:
        group: number of the group, as given.
        word: the n-gram.
        voices: of the group that said it.
        z: standard deviations by which the group says it more often than the opposite one.
        rank: from 1 within the group.
    """

    group: NDArray[np.int64]
    word: NDArray[np.object_]
    voices: NDArray[np.int64]
    z: NDArray[np.float64]
    rank: NDArray[np.int64]


def telling_words(
    texts: Sequence[str],
    script: str,
    spoken: tuple[NDArray[np.int64], NDArray[np.int64]],
    voice_groups: NDArray[np.int64],
    *,
    minimum: int,
    z: float,
    most: int,
) -> Keywords:
    """The words that tell each group from its opposite.

    Args:
        texts: of one script, in small letters.
        script: of all texts.
        spoken: pairs of voice and text. Whoever says a word in five texts says it once.
        voice_groups: per voice, its group; 2k and 2k+1 are opposites.
        minimum: voices of the group that must have said a word.
        z: from so many standard deviations on a word is telling.
        most: words per group.
    """
    from scipy.sparse import csr_matrix

    names, said = _ngrams(texts, script, minimum)
    if not len(names):
        return _no_keywords()
    speaks = csr_matrix(
        (np.ones(len(spoken[0]), dtype=np.int32), spoken), shape=(len(voice_groups), len(texts))
    )
    by_voice = speaks @ said
    by_voice.data = np.ones_like(by_voice.data)
    kept = _whole_words(names, by_voice)
    names, by_voice = names[kept], by_voice[:, kept]

    groups = int(voice_groups.max()) + 1
    groups += groups % 2
    in_group = csr_matrix(
        (np.ones(len(voice_groups), dtype=np.int32), (voice_groups, np.arange(len(voice_groups)))),
        shape=(groups, len(voice_groups)),
    )
    counts = (in_group @ by_voice).tocoo()
    sizes = np.bincount(voice_groups, minlength=groups).astype(np.float64)
    enough = counts.data >= minimum
    group, word, own = counts.row[enough], counts.col[enough], counts.data[enough]
    if not len(group):
        return _no_keywords()
    opposite = np.asarray(counts.tocsr()[group ^ 1, word]).ravel().astype(np.float64)
    everybody = np.asarray(by_voice.sum(axis=0)).ravel() / len(voice_groups)
    deviations = _z(
        own.astype(np.float64), opposite, sizes[group], sizes[group ^ 1], everybody[word]
    )
    telling = deviations >= z
    return _best(group[telling], names[word[telling]], own[telling], deviations[telling], most)


def _z(
    own: NDArray[np.float64],
    opposite: NDArray[np.float64],
    own_size: NDArray[np.float64],
    opposite_size: NDArray[np.float64],
    share: NDArray[np.float64],
) -> NDArray[np.float64]:
    prior = _PRIOR * share
    here, there = own + prior, opposite + prior
    # What everybody says leaves nobody who does not: half a voice stands for that.
    odds_here = here / np.maximum(own_size + _PRIOR - here, 0.5)
    odds_there = there / np.maximum(opposite_size + _PRIOR - there, 0.5)
    return (np.log(odds_here) - np.log(odds_there)) / np.sqrt(1 / here + 1 / there)


def _ngrams(
    texts: Sequence[str], script: str, minimum: int
) -> tuple[NDArray[np.object_], csr_matrix]:
    """Names of the n-grams, and texts × n-grams with 1 where one is said."""
    from sklearn.feature_extraction.text import CountVectorizer

    reading: dict[str, Any] = {
        "analyzer": "word",
        "ngram_range": (1, 2),
        "token_pattern": r"(?u)[^\W\d_]{3,}",
        "stop_words": "english",
    }
    if script == CHINESE:
        reading = {
            "analyzer": "char",
            "ngram_range": (2, _LONGEST),
            "preprocessor": _only_chinese,
        }
    vectorizer = CountVectorizer(**reading, binary=True, dtype=np.int32, min_df=minimum)
    try:
        said = vectorizer.fit_transform(texts)
    except ValueError:  # no n-gram stands in enough texts
        return np.zeros(0, dtype=object), None
    names = vectorizer.get_feature_names_out().astype(object)
    if script != CHINESE:
        return names, said
    words = np.array(
        [" " not in n and n[0] not in _NO_BEGINNING and n[-1] not in _NO_END for n in names]
    )
    return names[words], said[:, words]


def _only_chinese(text: str) -> str:
    return "".join(letter if "一" <= letter <= "鿿" else " " for letter in text)


def _whole_words(names: NDArray[np.object_], by_voice: csr_matrix) -> NDArray[np.int64]:
    """Places of the n-grams that are no mere part of a longer one."""
    counts = np.asarray(by_voice.sum(axis=0)).ravel()
    said = {name: int(count) for name, count in zip(names, counts, strict=True)}
    parts: set[str] = set()
    for name, count in said.items():
        pieces = name.split(" ")
        shorter = pieces if len(pieces) > 1 else [name[1:], name[:-1]]
        parts.update(part for part in shorter if part in said and count >= _PART_OF * said[part])
    return np.array(
        [place for place, name in enumerate(names) if name not in parts], dtype=np.int64
    )


def _best(
    group: NDArray[np.int64],
    word: NDArray[np.object_],
    voices: NDArray[np.int64],
    deviations: NDArray[np.float64],
    most: int,
) -> Keywords:
    order = np.lexsort((word.astype(str), -np.round(deviations, 6), group))
    group, word, voices, deviations = group[order], word[order], voices[order], deviations[order]
    first = np.r_[True, group[1:] != group[:-1]] if len(group) else np.zeros(0, dtype=bool)
    starts = np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
    rank = np.arange(len(group)) - starts + 1
    kept = rank <= most
    return Keywords(
        group[kept].astype(np.int64),
        word[kept],
        voices[kept].astype(np.int64),
        np.round(deviations[kept], 4),
        rank[kept].astype(np.int64),
    )


def _no_keywords() -> Keywords:
    none = np.zeros(0, dtype=np.int64)
    return Keywords(none, np.zeros(0, dtype=object), none, np.zeros(0), none)
