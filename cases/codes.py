"""Case codes: made so that they are read aloud, and found as they were heard."""

from __future__ import annotations

import itertools
import secrets
import unicodedata

# Without letters and digits that are misread for one another (0 O, 1 I L).
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LENGTH = 5
# What is taken for one another when a code is read; in a code only some of each group can stand.
_MISREAD = ("0ODQ", "1ILJ7", "2Z", "5S", "8B")


def new_code() -> str:
    """Return a case code, such as `K7QMW`, that says nothing about the person."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def codes_meant(written: str) -> tuple[str, ...]:
    """Return the codes that somebody may mean who wrote this, the likeliest first.

    Nothing where it is no code at all. Case and width of the letters say nothing.
    """
    code = unicodedata.normalize("NFKC", written).strip().upper()
    if len(code) != _LENGTH:
        return ()
    # A letter as it was written comes before what it may have been misread for.
    choices = (
        [each for each in letter + _taken_for(letter) if each in _LETTERS] for letter in code
    )
    return tuple(dict.fromkeys("".join(chosen) for chosen in itertools.product(*choices)))


def _taken_for(letter: str) -> str:
    return next((group for group in _MISREAD if letter in group), "")
