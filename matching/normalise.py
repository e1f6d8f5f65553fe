"""One clean-up for every script: what people type becomes words that can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

# Marks of the Latin script only: in Burmese, Khmer, Thai or Nepali marks are vowels.
_LATIN_MARKS = re.compile("[\u0300-\u036f]")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_WORD = re.compile(r"\d+|[^\W\d_]+(?:['’][^\W\d_]+)?")
_EMOJI = re.compile("[\U0001f198-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf]")
_NUMBER = "#"


def clean(text: str) -> str:
    """Return the text in lower case, one form for each letter, without invisible characters."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return _STRETCHED.sub(r"\1", text)


def fold(text: str) -> str:
    """Return cleaned text without the marks that people leave out on a phone (ô -> o, đ -> d)."""
    bare = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", text)).replace("đ", "d")
    return unicodedata.normalize("NFC", bare)


def words(text: str) -> list[str]:
    """Return the words of cleaned text; every number is the same word, `#`."""
    return [
        _NUMBER if word[0].isdigit() else word.replace("'", "").replace("’", "")
        for word in _WORD.findall(text)
    ]


def expand(folded: list[str], shorthand: Mapping[str, str]) -> list[str]:
    """Return the words with chat shorthand written out (`ko` -> `khong`)."""
    written: list[str] = []
    for word in folded:
        written.extend(shorthand.get(word, word).split())
    return written


def emoji(text: str) -> list[str]:
    """Return the emoji of a text: a 🆘 says as much as a word."""
    return _EMOJI.findall(text)
