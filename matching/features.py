"""A text -> what is compared: words, pairs of words, pieces of words, groups of words that mean the
same, and the cues that stand in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from matching.cues import Cues
from matching.normalise import clean, emoji, expand, fold, words

# The blocks of features; the first letter of a feature names its block.
BLOCKS = {
    "w": "words and emoji",
    "b": "pairs of words",
    "s": "pairs with words between them",
    "a": "words with their marks",
    "c": "pieces of words",
    "g": "groups of words that mean the same",
    "p": "pairs of groups",
    "k": "labels of cues",
}
APART_MAX = 3
PIECE_LENGTH = 4
GROUP_WORDS_MAX = 4


@dataclass(frozen=True)
class Words:
    """What a language says about its words: chat shorthand, groups that mean the same, cues.

    `groups` maps a word or phrase (folded, written out) to the names of its groups.
    """

    shorthand: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    cues: Cues

    @classmethod
    def of(
        cls,
        shorthand: Mapping[str, str],
        same: Mapping[str, Iterable[str]],
        cues: Mapping[str, Iterable[str]],
    ) -> Words:
        """Build from `words.yaml` and `cues.yaml`: shorthand, group name -> words and phrases,
        label -> cues."""
        short = {fold(clean(key)): fold(clean(value)) for key, value in shorthand.items()}
        groups: dict[str, tuple[str, ...]] = {}
        for name, members in same.items():
            for member in members:
                key = " ".join(expand(words(fold(clean(member))), short))
                groups[key] = tuple(dict.fromkeys((*groups.get(key, ()), name)))
        plain = {
            label: [expand(words(fold(clean(cue))), short) for cue in some]
            for label, some in cues.items()
        }
        return cls(short, groups, Cues(plain))


def features(text: str, language: Words) -> Counter[str]:
    """Return how often each feature stands in the text."""
    cleaned = clean(text)
    accented = words(cleaned)
    bare = expand([fold(word) for word in accented], language.shorthand)
    found: Counter[str] = Counter()
    found.update(f"w{word}" for word in (*bare, *emoji(cleaned)))
    found.update(f"b{one} {two}" for one, two in pairwise(bare))
    for apart in range(2, APART_MAX + 1):
        found.update(f"s{one} {two}" for one, two in zip(bare, bare[apart:], strict=False))
    found.update(f"a{word}" for word in accented if fold(word) != word)
    groups = list(_groups(bare, language.groups))
    found.update(f"g{name}" for name in groups)
    found.update(f"p{one} {two}" for one, two in pairwise(groups))
    found.update(f"c{piece}" for piece in _pieces(bare))
    found.update(f"k{label}" for label in language.cues.labels_of(bare))
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
    return (text[at : at + PIECE_LENGTH] for at in range(len(text) - PIECE_LENGTH + 1))
