"""Texts that say what an example says, word for word, up to a slip of the thumb."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from matching.features import Words
from matching.index import Example
from matching.normalise import clean, emoji, expand, fold, words

# How alike the letters must be (0-100): one wrong letter in a dozen.
LIKENESS_MIN = 92


class Verbatim:
    """The examples as they are written, without marks and with shorthand written out."""

    def __init__(self, examples: Sequence[Example], language: Words) -> None:
        self._language = language
        self._examples = {self._plain(example.text): example for example in examples}
        self._texts = list(self._examples)

    def find(self, text: str) -> Example | None:
        """Return the example that the text repeats, or None."""
        plain = self._plain(text)
        if not plain:
            return None
        near = process.extractOne(plain, self._texts, scorer=fuzz.ratio, score_cutoff=LIKENESS_MIN)
        return self._examples[near[0]] if near else None

    def _plain(self, text: str) -> str:
        cleaned = clean(text)
        written = expand(words(fold(cleaned)), self._language.shorthand)
        return " ".join(written or dict.fromkeys(emoji(cleaned)))
