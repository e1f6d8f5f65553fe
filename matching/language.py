"""Which of our languages a message is written in, by the pieces of its words.

A multinomial naive Bayes model over letters in a row (Cavnar and Trenkle 1994 use the same
evidence), learnt from our own texts: it knows Vietnamese without marks, chat shorthand and
Japanese workplace words, because the phrasings hold them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from matching.normalise import clean, words

PIECE_LENGTHS = (1, 2, 3, 4)
# A message this much likelier (natural logarithm) in another language leaves the hinted one.
LEAVES_HINT = 2.0


class LanguageIndex:
    """Built once from the texts of each language."""

    def __init__(self, texts: Mapping[str, Iterable[str]]) -> None:
        self._counts = {
            code: Counter(piece for text in some for piece in _pieces(text))
            for code, some in texts.items()
        }
        known = {piece for counts in self._counts.values() for piece in counts}
        self._totals = {
            code: math.log(sum(counts.values()) + len(known))
            for code, counts in self._counts.items()
        }
        self._known = known

    def detect(self, text: str, hint: str | None = None) -> str | None:
        """Return the language's code; `hint` (or None) where the text does not tell."""
        pieces = [piece for piece in _pieces(text) if piece in self._known]
        if not pieces:
            return hint
        likely = {
            code: sum(math.log(counts[piece] + 1) - self._totals[code] for piece in pieces)
            for code, counts in self._counts.items()
        }
        best = max(likely, key=lambda code: likely[code])
        if hint in likely and likely[best] - likely[hint] < LEAVES_HINT:
            return hint
        return best


def _pieces(text: str) -> list[str]:
    # Numbers and laughter say nothing of the language.
    spaced = [f" {word} " for word in words(clean(text)) if word != "#"]
    return [
        word[at : at + length]
        for word in spaced
        for length in PIECE_LENGTHS
        for at in range(len(word) - length + 1)
    ]
