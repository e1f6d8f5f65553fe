"""A linear model that scores texts for each class, and says which example speaks for it.

How it is learnt stands in `learn.py`. It consists of arrays only, so that it can be kept.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.features import BLOCKS, Features, blocks_of
from matching.lessons import Example
from matching.letters import Keys

Floats = NDArray[np.float32]
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Tuning:
    """What an index is built with; chosen on the messages of `benchmarks/tuning/`.

    `weights` says how much each block of features counts in the likeness of two texts. A text of
    one word says little: its likeness to anything is damped by `little_evidence`, a share of the
    evidence that an example holds on average. `balance` 0 counts every example alike, 1 every
    class, so that one with many examples does not outvote one with few. A higher
    `regularisation` trusts single examples less. `bayes` is the share of the second model.
    """

    weights: Mapping[str, float]
    regularisation: float
    little_evidence: float
    balance: float
    bayes: float

    @property
    def shares(self) -> Floats:
        """The weight of every block, in the order of `BLOCKS`."""
        return np.array([self.weights.get(block, 0.0) for block in BLOCKS], np.float32)


class Scale:
    """How features become values: how rare each of the known `keys` (ordered) is, how much each
    block counts, and how much evidence of each block is little."""

    def __init__(self, keys: Keys, rarity: Floats, shares: Floats, little: Floats) -> None:
        self.keys = keys
        self.rarity = rarity
        self.shares = shares
        self.little = little
        self.blocks = blocks_of(keys)


class Vectors:
    """Texts as the rows of a sparse matrix: row i has the `values` in the `columns` of the cells
    from `starts[i]` to `starts[i + 1]`."""

    def __init__(self, found: Features, count: int, scale: Scale) -> None:
        """`found` are the features of `count` texts; those that the scale does not know vanish."""
        column = np.searchsorted(scale.keys[:-1], found.keys)
        known = scale.keys[column] == found.keys
        rows = found.rows[known]
        self.columns = column[known]
        self.starts = np.searchsorted(rows, np.arange(count + 1))
        data = (1.0 + np.log(found.times[known].astype(np.float32))) * scale.rarity[self.columns]
        place = rows * len(BLOCKS) + scale.blocks[self.columns]
        squares = np.bincount(place, data * data, count * len(BLOCKS)).astype(np.float32)
        self.squares = squares.reshape(count, len(BLOCKS))
        # Each block that is present has its share.
        present = np.maximum((self.squares > 0.0) @ scale.shares, 1e-9)
        evidence = np.maximum(self.squares + scale.little, 1e-9)
        share = np.sqrt(scale.shares / present[:, None] / evidence)
        self.values: Floats = (data * share.ravel()[place]).astype(np.float32)

    def cells(self, row: int) -> slice:
        return slice(self.starts[row], self.starts[row + 1])


class Index:
    """What was learnt from examples; it only reads.

    Raises KeyError or ValueError where the arrays are not what `learn` makes of these examples.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        explained: Collection[str],
        tuning: Tuning,
        arrays: Arrays,
    ) -> None:
        """`explained` are the classes for which reasons can be asked."""
        self.labels = tuple(str(label) for label in arrays["labels"])
        self._weights = arrays["weights"]
        self._scale = Scale(arrays["keys"], arrays["rarity"], tuning.shares, arrays["little"])
        self._examples = [examples[number] for number in by_class(examples, explained)]
        self._starts, self._columns = arrays["starts"], arrays["columns"]
        self._values = arrays["values"]
        count = len(self._scale.keys)
        if (
            self._weights.shape != (count, len(self.labels))
            or self._scale.rarity.shape != (count,)
            or self._starts.shape != (len(self._examples) + 1,)
            or self._columns.shape != self._values.shape
            or self._columns.shape != (self._starts[-1],)
        ):
            raise ValueError("the arrays do not fit the examples")
        self._rows: dict[str, slice] = {}
        for row, example in enumerate(self._examples):
            first = self._rows.get(example.label, slice(row, row)).start
            self._rows[example.label] = slice(first, row + 1)

    def vectors(self, found: Features, count: int) -> Vectors:
        """Return `count` texts as this index sees them."""
        return Vectors(found, count, self._scale)

    def scores(self, of: Vectors) -> NDArray[np.float64]:
        """Return a score for each text and each of `labels`: about 1 where the text surely belongs
        to the class, about 0 where not."""
        scores = np.zeros((len(of.starts) - 1, len(self.labels)))
        filled = np.flatnonzero(np.diff(of.starts))
        if len(filled):
            speaking = self._weights[of.columns] * of.values[:, None]
            scores[filled] = np.add.reduceat(speaking, of.starts[filled], axis=0)
        return scores

    def reason(self, of: Vectors, row: int, label: str) -> str:
        """Return the example of a class that speaks most for it in a text."""
        text = np.zeros(len(self._scale.keys), np.float32)
        text[of.columns[of.cells(row)]] = of.values[of.cells(row)]
        rows = self._rows[label]
        starts = self._starts[rows.start : rows.stop + 1]
        cells = slice(starts[0], starts[-1])
        alike = text[self._columns[cells]] * self._values[cells]
        of_row = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        likeness = np.bincount(of_row, alike, len(starts) - 1)
        best: int = rows.start + int(np.argmax(likeness))
        return self._examples[best].text


def by_class(examples: Sequence[Example], classes: Collection[str]) -> list[int]:
    """Return the numbers of the examples of these classes, those of a class beside each other."""
    numbers = [number for number, example in enumerate(examples) if example.label in classes]
    return sorted(numbers, key=lambda number: examples[number].label)


def as_array(names: Iterable[str]) -> NDArray[np.uint8]:
    """Return texts as an array that takes no more room than they do."""
    return np.frombuffer(json.dumps(list(names)).encode(), np.uint8)


def as_names(array: NDArray[Any]) -> list[str]:
    """Return the texts that `as_array` made an array of."""
    return [str(name) for name in json.loads(array.tobytes())]
