"""A text -> what is compared: words, pairs of words, pieces of words, groups of words that mean the
same, and the cues that stand in it.

A feature is a number of 64 bits, its key: four letters of 16 bits, or two numbers from the
vocabulary and the block. The lowest 16 bits of a piece are a letter, which is never 0; those of
everything else are 0. So many texts are taken apart at once, by numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.cues import Cues
from matching.letters import Counts, Keys, letters, pieces
from matching.normalise import clean, emoji, expand, fold, words

# The blocks of features; a block has the number of its place here.
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

    `groups` maps a word or phrase (folded, written out) to the names of its groups; `starts` are
    the first words of all of them.
    """

    shorthand: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    starts: frozenset[str]
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
        starts = frozenset(key.split(" ")[0] for key in groups)
        return cls(short, groups, starts, Cues(plain))


Rows = NDArray[np.intp]
# The text that each key stands in, and the keys.
_Found = tuple[Rows, Keys]
_BLOCK_NUMBER = {block: number for number, block in enumerate(BLOCKS)}
_LETTER_BITS = 16
_BLOCK_BITS = 4
_NUMBER_BITS = 22
_NONE = np.uint64(0)


@dataclass(frozen=True)
class Text:
    """A text as a language reads it: its words without marks, with shorthand written out; those of
    its words that have marks, as they are typed; its emoji."""

    words: list[str]
    marked: list[str]
    emoji: list[str]


class Features(NamedTuple):
    """The feature `keys[i]` stands `times[i]` times in the text `rows[i]`, first at `places[i]`;
    text after text."""

    rows: Rows
    keys: Keys
    times: Counts
    places: Counts

    def at(self, cells: NDArray[np.intp] | NDArray[np.bool_]) -> Features:
        return Features(self.rows[cells], self.keys[cells], self.times[cells], self.places[cells])

    def of_row(self, row: int) -> Features:
        return self.at(self.rows == row)


def read(cleaned: str, language: Words) -> Text:
    """Return the cleaned text as the language reads it."""
    typed = words(cleaned)
    # Folding takes letter by letter, so that all words can be folded in one go.
    bare = fold(" ".join(typed)).split(" ") if typed else []
    marked = [word for word, plain in zip(typed, bare, strict=True) if word != plain]
    return Text(expand(bare, language.shorthand), marked, emoji(cleaned))


def blocks_of(keys: Keys) -> NDArray[np.intp]:
    """Return the number of each key's block."""
    number = (keys >> _LETTER_BITS) & ((1 << _BLOCK_BITS) - 1)
    is_piece = (keys & ((1 << _LETTER_BITS) - 1)) != 0
    return np.where(is_piece, _BLOCK_NUMBER["c"], number).astype(np.intp)


class Vocabulary:
    """The words, groups and labels that stand in the examples of a language, numbered from 1."""

    def __init__(self, names: Iterable[str], language: Words) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._numbers = {name: number for number, name in enumerate(self.names, start=1)}
        self._language = language

    @classmethod
    def of(cls, texts: Sequence[Text], language: Words) -> Vocabulary:
        """Number everything that stands in these texts."""
        names = (
            name
            for text in texts
            for some in (text.words, text.marked, text.emoji, *_meanings(text, language))
            for name in some
        )
        return cls(names, language)

    def spelled(self, texts: Sequence[Text]) -> Features:
        """Return the features that lie in the spelling: words, pairs of words, pieces of words."""
        numbers, rows = self._numbered([text.words for text in texts])
        return _counted(
            [
                (rows, _key("w", numbers)),
                self._single("w", [text.emoji for text in texts]),
                _pairs("b", numbers, rows, 1),
                *(_pairs("s", numbers, rows, apart) for apart in range(2, APART_MAX + 1)),
                self._single("a", [text.marked for text in texts]),
                _pieces(texts),
            ]
        )

    def meant(self, texts: Sequence[Text]) -> Features:
        """Return the features that lie in the meaning: groups, pairs of groups, labels of cues."""
        meanings = [_meanings(text, self._language) for text in texts]
        numbers, rows = self._numbered([groups for groups, _ in meanings])
        return _counted(
            [
                (rows, _key("g", numbers)),
                _pairs("p", numbers, rows, 1),
                self._single("k", [labels for _, labels in meanings]),
            ]
        )

    def _single(self, block: str, names: Sequence[Sequence[str]]) -> _Found:
        numbers, rows = self._numbered(names)
        return rows, _key(block, numbers)

    def _numbered(self, names: Sequence[Sequence[str]]) -> tuple[Keys, Rows]:
        """Return the number of each name, 0 where it is unknown, and the text it stands in."""
        get = self._numbers.get
        numbers = np.array([get(name, 0) for some in names for name in some], np.uint64)
        return numbers, np.repeat(np.arange(len(names)), [len(some) for some in names])


def together(some: Sequence[Features]) -> Features:
    """Return the features of the same texts, different ones in each of `some`, as one."""
    rows, keys, times, places = (np.concatenate(parts) for parts in zip(*some, strict=True))
    return Features(rows, keys, times, places).at(np.argsort(rows, kind="stable"))


def _counted(found: Sequence[_Found]) -> Features:
    rows = np.concatenate([some for some, _ in found])
    keys = np.concatenate([some for _, some in found])
    order = np.lexsort((keys, rows))
    rows, keys = rows[order], keys[order]
    is_first = np.ones(len(keys), bool)
    is_first[1:] = (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])
    first = np.flatnonzero(is_first)
    return Features(rows[first], keys[first], np.diff(first, append=len(keys)), order[first])


def _key(block: str, first: Keys, second: Keys | np.uint64 = _NONE) -> Keys:
    ours = np.uint64(_BLOCK_NUMBER[block] << _LETTER_BITS)
    at = _LETTER_BITS + _BLOCK_BITS
    return first << np.uint64(at + _NUMBER_BITS) | second << np.uint64(at) | ours


def _pairs(block: str, numbers: Keys, rows: Rows, apart: int) -> _Found:
    same_text = rows[:-apart] == rows[apart:]
    keys = _key(block, numbers[:-apart], numbers[apart:])
    return rows[:-apart][same_text], keys[same_text]


def _pieces(texts: Sequence[Text]) -> _Found:
    written = [letters(f" {' '.join(text.words)} ") for text in texts]
    rows = np.repeat(np.arange(len(texts)), [len(some) for some in written])
    same_text = rows[: 1 - PIECE_LENGTH] == rows[PIECE_LENGTH - 1 :]
    keys = pieces(np.concatenate(written), PIECE_LENGTH)
    return rows[: 1 - PIECE_LENGTH][same_text], keys[same_text]


def _meanings(text: Text, language: Words) -> tuple[list[str], list[str]]:
    """Return the groups of a text, in its order, and the labels of its cues."""
    return list(_groups(text.words, language)), list(language.cues.labels_of(text.words))


def _groups(bare: list[str], language: Words) -> Iterator[str]:
    at = 0
    while at < len(bare):
        length, names = _group_at(bare, at, language) if bare[at] in language.starts else (1, ())
        yield from names
        at += length


def _group_at(bare: list[str], at: int, language: Words) -> tuple[int, tuple[str, ...]]:
    for length in range(min(GROUP_WORDS_MAX, len(bare) - at), 0, -1):
        names = language.groups.get(" ".join(bare[at : at + length]))
        if names:
            return length, names
    return 1, ()
