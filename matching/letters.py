"""The letters of a text as numbers, and pieces of a few letters as one number each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Counts = NDArray[np.intp]

_BITS = np.uint64(16)


def letters(text: str) -> Keys:
    """Return the text's units of UTF-16; a letter beyond 16 bits is two of them."""
    encoded = text.encode("utf-16-le", "surrogatepass")
    return np.frombuffer(encoded, "<u2").astype(np.uint64)


def pieces(of: Keys, length: int) -> Keys:
    """Return every `length` (1 to 4) letters that stand in a row, as one number."""
    keys = of[: max(0, len(of) - length + 1)]
    for at in range(1, length):
        keys = keys << _BITS | of[at : at + len(keys)]
    return keys
