"""Examples of classes -> an index that scores a text for each class, and says why.

Kernel ridge regression (regularised least squares; Rifkin, Yeo and Poggio 2003) on the likeness of
texts: each example pulls towards its class as far as the text is like it. Its leave-one-out scores
come in closed form, so that confidence is measured on examples the index has not seen.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from matching.features import BLOCKS, Words, features

Floats = NDArray[np.float32]
REGULARISATION = 0.7
# A text of one word says little: its likeness to anything is damped by this share of the evidence
# that an example holds on average.
LITTLE_EVIDENCE = 0.3
# 0 counts every example alike, 1 every class.
BALANCE = 0.5


@dataclass(frozen=True)
class Example:
    """A text that somebody could write, and the class it belongs to."""

    text: str
    label: str


class Index:
    """Built once at start; read-only afterwards."""

    def __init__(self, examples: Sequence[Example], words: Words) -> None:
        self.examples = tuple(examples)
        self.labels = tuple(sorted({example.label for example in examples}))
        self._words = words
        counted = [features(example.text, words) for example in examples]
        seen = Counter(name for counts in counted for name in counts)
        names = [name for name, times in seen.items() if times > 1 or name[0] in "wg"]
        self._columns = {name: column for column, name in enumerate(names)}
        self._rarity = np.array(
            [math.log((1 + len(counted)) / (1 + seen[name])) + 1.0 for name in names], np.float32
        )
        squares = [_squares(self._values(counts)) for counts in counted]
        self._little = {
            block: LITTLE_EVIDENCE * float(np.mean([square[block] for square in squares]))
            for block in BLOCKS
        }
        self._matrix = sparse.vstack([self._row(counts) for counts in counted], format="csr")
        self._fit()

    def _fit(self) -> None:
        likeness = (self._matrix @ self._matrix.T).toarray().astype(np.float32)
        size = len(self.examples)
        # A class with many examples must not outvote one with few.
        members = Counter(example.label for example in self.examples)
        shares = np.array([members[example.label] for example in self.examples], np.float32)
        likeness[np.diag_indices(size)] += REGULARISATION * (shares / shares.mean()) ** BALANCE
        inverse = linalg.inv(likeness, overwrite_a=True, check_finite=False)
        column = {label: number for number, label in enumerate(self.labels)}
        targets = np.zeros((size, len(self.labels)), np.float32)
        for row, example in enumerate(self.examples):
            targets[row, column[example.label]] = 1.0
        pull = inverse @ targets
        self.unseen_scores: Floats = targets - pull / np.diag(inverse)[:, None]
        self._pull: Floats = pull.astype(np.float32)
        self._weights: Floats = np.asarray(self._matrix.T @ self._pull, np.float32)

    def scores(self, text: str) -> dict[str, float]:
        """Return a score for each class: about 1 where it surely fits, about 0 where not."""
        row = self._row(features(text, self._words))
        values = np.asarray(row @ self._weights).ravel()
        return dict(zip(self.labels, (float(value) for value in values), strict=True))

    def reason(self, text: str, labels: Sequence[str]) -> tuple[str, float]:
        """Return the example of these classes that speaks most for them, and its likeness (0-1)."""
        row = self._row(features(text, self._words))
        likeness = np.asarray((self._matrix @ row.T).todense()).ravel()
        wanted = set(labels)
        mine = np.array([example.label in wanted for example in self.examples])
        best = int(np.argmax(np.where(mine, likeness, -1.0)))
        return self.examples[best].text, float(likeness[best])

    def _values(self, counts: Counter[str]) -> list[tuple[int, str, float]]:
        """Return column, block and value of each feature that the index knows."""
        known = ((self._columns.get(name), name[0], times) for name, times in counts.items())
        return [
            (column, block, (1.0 + math.log(times)) * float(self._rarity[column]))
            for column, block, times in known
            if column is not None
        ]

    def _row(self, counts: Counter[str]) -> sparse.csr_matrix:
        values = self._values(counts)
        square = _squares(values)
        present = sum(weight for block, weight in BLOCKS.items() if square[block] > 0.0) or 1.0
        data = [
            value * math.sqrt(BLOCKS[block] / present / (square[block] + self._little[block]))
            for _, block, value in values
        ]
        columns = [column for column, _, _ in values]
        shape = (1, len(self._columns))
        return sparse.csr_matrix((data, ([0] * len(columns), columns)), shape, np.float32)


def _squares(values: list[tuple[int, str, float]]) -> dict[str, float]:
    """Return the sum of squares of each block."""
    square = dict.fromkeys(BLOCKS, 0.0)
    for _, block, value in values:
        square[block] += value * value
    return square
