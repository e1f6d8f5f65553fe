"""A text -> what is compared: words, pairs of words, pieces of words, and groups of words that
mean the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from matching.normalise import clean, expand, fold, words

# How much each block counts in the likeness of two texts; the first letter of a feature names it.
BLOCKS = {"w": 1.0, "b": 0.5, "a": 0.4, "c": 0.9, "g": 0.7, "p": 0.5}
PIECE_LENGTHS = (3, 4, 5)
GROUP_WORDS_MAX = 4


@dataclass(frozen=True)
class Words:
    """What a language says about its words: chat shorthand, and groups that mean the same.

    `groups` maps a word or phrase (folded, written out) to the names of its groups.
    """

    shorthand: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, shorthand: Mapping[str, str], same: Mapping[str, Iterable[str]]) -> Words:
        """Build from `words.yaml`: shorthand, and group name -> words and phrases."""
        short = {fold(clean(key)): fold(clean(value)) for key, value in shorthand.items()}
        groups: dict[str, tuple[str, ...]] = {}
        for name, members in same.items():
            for member in members:
                key = " ".join(expand(words(fold(clean(member))), short))
                groups[key] = tuple(dict.fromkeys((*groups.get(key, ()), name)))
        return cls(short, groups)


def features(text: str, language: Words) -> Counter[str]:
    """Return how often each feature stands in the text."""
    cleaned = clean(text)
    accented = words(cleaned)
    bare = expand([fold(word) for word in accented], language.shorthand)
    found: Counter[str] = Counter()
    found.update(f"w{word}" for word in bare)
    found.update(f"b{one} {two}" for one, two in pairwise(bare))
    found.update(f"a{word}" for word in accented if fold(word) != word)
    groups = list(_groups(bare, language.groups))
    found.update(f"g{name}" for name in groups)
    found.update(f"p{one} {two}" for one, two in pairwise(groups))
    found.update(f"c{piece}" for piece in _pieces(bare))
    return found


def _groups(bare: list[str], groups: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    at = 0
    while at < len(bare):
        for length in range(min(GROUP_WORDS_MAX, len(bare) - at), 0, -1):
            names = groups.get(" ".join(bare[at : at + length]))
            if names:
                yield from names
                at += length
                break
        else:
            at += 1


def _pieces(bare: list[str]) -> Iterable[str]:
    text = f" {' '.join(bare)} "
    for length in PIECE_LENGTHS:
        for at in range(len(text) - length + 1):
            yield text[at : at + length]
