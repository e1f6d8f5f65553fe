"""Texts that say what an example says, word for word, up to a slip of the thumb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from matching.features import Words
from matching.lessons import Example
from matching.normalise import emoji, expand, fold, words

# How alike the letters must be (0-100): one wrong letter in a dozen.
LIKENESS_MIN = 92
LETTER_GROUPS = 16


def plain(cleaned: str, language: Words) -> str:
    """Return a cleaned text without marks and with shorthand written out; of emoji each once."""
    written = expand(words(fold(cleaned)), language.shorthand)
    return " ".join(written or dict.fromkeys(emoji(cleaned)))


class Verbatim:
    """The examples as plain texts, the shorter first."""

    def __init__(self, examples: Sequence[Example], plain_of: Mapping[str, str]) -> None:
        self._examples = {plain_of[example.text]: example for example in examples}
        self._texts = list(self._examples)
        lengths = np.array([len(text) for text in self._texts])
        self._places = np.argsort(lengths, kind="stable")
        self._lengths = lengths[self._places]
        self._counts = _letter_counts(self._texts)[:, self._places]

    def find(self, text: str) -> Example | None:
        """Return the example that a plain text repeats, or None."""
        if text in self._examples or not text:
            return self._examples[text] if text else None
        near = [self._texts[place] for place in self._near(text)]
        best = process.extractOne(text, near, scorer=fuzz.ratio, score_cutoff=LIKENESS_MIN)
        return self._examples[best[0]] if best else None

    def _near(self, text: str) -> list[int]:
        """Return the places of the texts that may be so much alike, by how often each letter
        stands in them: to compare them all letter by letter takes a millisecond."""
        unlike = (100 - LIKENESS_MIN) / 100
        shortest = len(text) * (1 - unlike) / (1 + unlike)
        longest = len(text) * (1 + unlike) / (1 - unlike)
        first, end = np.searchsorted(self._lengths, [shortest - 1, longest + 1])
        theirs, ours = self._counts[:, first:end], _letter_counts([text])
        apart = np.maximum(theirs, ours) - np.minimum(theirs, ours)
        allowed = unlike * (self._lengths[first:end] + len(text)) + 1e-6
        near = apart.sum(axis=0, dtype=np.uint16) <= allowed
        return sorted(self._places[first:end][near].tolist())


def _letter_counts(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Return how often (255 at most) the letters of each of some groups stand in each text."""
    letters = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    of_text = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    cells = (letters % LETTER_GROUPS) * len(texts) + of_text
    counts = np.bincount(cells, minlength=LETTER_GROUPS * len(texts))
    return np.minimum(counts, 255).astype(np.uint8).reshape(LETTER_GROUPS, len(texts))
