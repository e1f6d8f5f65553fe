"""Which rows of a table a message names: prefectures and their cities, fields of work."""

from __future__ import annotations

from rapidfuzz import fuzz, process

from matching.features import Words
from matching.normalise import clean, expand, fold, words
from translations.load import Language

# How alike a mistyped word must be (0-100), and how long, to be taken for a name.
LIKENESS_MIN = 88
LENGTH_MIN = 6
NAME_WORDS_MAX = 3


class RowNames:
    """The names of all rows of a language's tables, as people type them."""

    def __init__(self, language: Language, known: Words) -> None:
        self._shorthand = known.shorthand
        self._names: dict[str, dict[str, str]] = {}
        for table_id, rows in language.tables.items():
            names = self._names.setdefault(table_id, {})
            for row_id, row in rows.items():
                for name in (row.name, *row.also, row_id.replace("-", " ")):
                    names.setdefault(" ".join(self._words(name)), row_id)

    def named(self, text: str, table_id: str) -> tuple[str, ...]:
        """Return the ids of the rows named in a text, in its order."""
        names = self._names[table_id]
        written = self._words(text)
        found: list[str] = []
        for at in range(len(written)):
            for length in range(1, NAME_WORDS_MAX + 1):
                phrase = " ".join(written[at : at + length])
                row_id = names.get(phrase) or self._mistyped(phrase, names)
                if row_id:
                    found.append(row_id)
        return tuple(dict.fromkeys(found))

    def _mistyped(self, phrase: str, names: dict[str, str]) -> str | None:
        if len(phrase) < LENGTH_MIN:
            return None
        known = list(names)
        near = process.extractOne(phrase, known, scorer=fuzz.ratio, score_cutoff=LIKENESS_MIN)
        return names[near[0]] if near else None

    def _words(self, text: str) -> list[str]:
        return expand(words(fold(clean(text))), self._shorthand)
