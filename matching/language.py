"""Which of our languages a message is written in, by the pieces of its words.

A multinomial naive Bayes model over letters in a row (Cavnar and Trenkle 1994 use the same
evidence), learnt from our own texts: it knows Vietnamese without marks, chat shorthand and
Japanese workplace words, because the phrasings hold them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

import numpy as np

from matching.letters import Counts, Keys, letters, pieces
from matching.normalise import clean, words

PIECE_LENGTHS = (1, 2, 3, 4)
# A message this much likelier (natural logarithm) in another language leaves the hinted one.
LEAVES_HINT = 2.0


def count_pieces(texts: Iterable[str]) -> tuple[Keys, Counts]:
    """Return the pieces that stand in the texts of a language, ordered, and how often."""
    found = _pieces([word for text in texts for word in words(clean(text))])
    two_spaces = ord(" ") << 16 | ord(" ")
    for bits in (0, 16, 32):
        found = found[found >> bits & 0xFFFFFFFF != two_spaces]
    return np.unique(found, return_counts=True)


class LanguageIndex:
    """Built once from the pieces of each language and their counts."""

    def __init__(self, counted: Mapping[str, tuple[Keys, Counts]]) -> None:
        self._codes = tuple(counted)
        self._known: Keys = reduce(np.union1d, (keys for keys, _ in counted.values()))
        self._likely = np.empty((len(self._known), len(counted)))
        for number, (keys, counts) in enumerate(counted.values()):
            here = np.ones(len(self._known))
            here[np.searchsorted(self._known, keys)] += counts
            self._likely[:, number] = np.log(here) - np.log(counts.sum() + len(self._known))

    def detect(self, typed: Sequence[str], hint: str | None = None) -> str | None:
        """Return the language's code; `hint` (or None) where the words do not tell.

        `typed` are the words of a cleaned text.
        """
        # In order, because then searching is quicker.
        found = np.sort(_pieces(typed))
        at = np.searchsorted(self._known[:-1], found)
        at = at[self._known[at] == found]
        if not len(at):
            return hint
        likely = dict(zip(self._codes, self._likely[at].sum(axis=0).tolist(), strict=True))
        best = max(likely, key=lambda code: likely[code])
        if hint in likely and likely[best] - likely[hint] < LEAVES_HINT:
            return hint
        return best


def _pieces(typed: Sequence[str]) -> Keys:
    # Numbers and laughter say nothing of the language. What lies across two words holds two spaces,
    # and is never learnt.
    written = letters("".join(f" {word} " for word in typed if word != "#"))
    return np.concatenate([pieces(written, length) for length in PIECE_LENGTHS])
