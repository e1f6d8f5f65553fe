"""One clean-up for every script: what people type becomes words that can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

# Marks of the Latin script only: in Burmese, Khmer, Thai or Nepali marks are vowels.
_LATIN_MARKS = re.compile("[\u0300-\u036f]")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
# More marks on one letter than any script needs (UAX #15, stream-safe text): to put thousands of
# them in order takes long.
_MARKS_MAX = 30
_LONG_RUN = re.compile(rf"[^\w\s]{{{_MARKS_MAX + 1},}}")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_WORD = re.compile(r"\d+|[^\W\d_]+(?:['’][^\W\d_]+)?")
_EMOJI = re.compile("[\U0001f198-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf]")
_NUMBER = "#"


def clean(text: str) -> str:
    """Return the text in lower case, one form for each letter, without invisible characters."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _LONG_RUN.sub(_few_marks, text))
        text = _INVISIBLE.sub("", text)
    text = text.casefold()
    return _STRETCHED.sub(r"\1", text)


def _few_marks(run: re.Match[str]) -> str:
    first, rest = run[0][:_MARKS_MAX], run[0][_MARKS_MAX:]
    return first + "".join(each for each in rest if not unicodedata.combining(each))


def fold(text: str) -> str:
    """Return cleaned text without the marks that people leave out on a phone (ô -> o, đ -> d)."""
    if text.isascii():
        return text
    bare = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", text)).replace("đ", "d")
    return unicodedata.normalize("NFC", bare)


def words(text: str) -> list[str]:
    """Return the words of cleaned text; every number is the same word, `#`."""
    found = _WORD.findall(text)
    if "'" in text or "’" in text:
        found = [word.replace("'", "").replace("’", "") for word in found]
    return [_NUMBER if word[0].isdigit() else word for word in found]


def expand(folded: list[str], shorthand: Mapping[str, str]) -> list[str]:
    """Return the words with chat shorthand written out (`ko` -> `khong`)."""
    written: list[str] = []
    for word in folded:
        written.extend(shorthand.get(word, word).split())
    return written


def emoji(text: str) -> list[str]:
    """Return the emoji of a text: a 🆘 says as much as a word."""
    return _EMOJI.findall(text)
