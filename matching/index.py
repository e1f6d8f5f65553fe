"""Examples of classes -> an index that scores a text for each class, and says why.

Two linear models on the same features, added: kernel ridge regression (regularised least squares;
Rifkin, Yeo and Poggio 2003), in which each example pulls towards its class as far as the text is
like it, and complement naive Bayes (Rennie, Shih, Teevan and Karger 2003), which trusts single
words more. The first is solved by conjugate gradients, so that the time to build grows with the
examples, not with their cube.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from matching.features import BLOCKS, Words, features

Floats = NDArray[np.float32]
# After so many steps the scores change no more than the choice of examples changes them.
SOLVER_STEPS = 20
# What stands in one example only says nothing that its words do not.
TIMES_AT_LEAST = {"b": 2, "s": 3, "a": 2, "c": 3, "p": 2, "k": 2}
# What a feature that never stands outside a class is taken to count there.
SMOOTHING = 0.05

_NUMBER_OF_BLOCK = {block: number for number, block in enumerate(BLOCKS)}


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


@dataclass(frozen=True)
class Example:
    """A text that somebody could write, and the class it belongs to."""

    text: str
    label: str


class Index:
    """Built once at start; read-only afterwards."""

    def __init__(self, examples: Sequence[Example], words: Words, tuning: Tuning) -> None:
        self.examples = tuple(examples)
        self.labels = tuple(sorted({example.label for example in examples}))
        self._words = words
        self._weight = np.array([tuning.weights.get(block, 0.0) for block in BLOCKS], np.float32)
        counted = [features(example.text, words) for example in examples]
        seen = Counter(name for counts in counted for name in counts)
        names = [
            name
            for name, times in seen.items()
            if name[0] in tuning.weights and times >= TIMES_AT_LEAST.get(name[0], 1)
        ]
        self._columns = {name: column for column, name in enumerate(names)}
        self._blocks = np.array([_NUMBER_OF_BLOCK[name[0]] for name in names], np.intp)
        times = np.array([seen[name] for name in names], np.float32)
        self._rarity = np.log((1 + len(counted)) / (1 + times)) + 1.0
        self._little = np.zeros(len(BLOCKS), np.float32)
        values, squares = self._values(counted)
        self._little = tuning.little_evidence * squares.mean(axis=0)
        self._matrix = self._scaled(values, squares)
        labels = np.array([self.labels.index(example.label) for example in examples])
        self._label_numbers = labels
        ridge = self._matrix.T @ _pulls(self._matrix, labels, tuning)
        bayes = _complement_bayes(self._matrix, labels)
        self._weights = np.asarray(ridge + tuning.bayes * bayes, np.float32)

    def scores(self, text: str) -> dict[str, float]:
        """Return a score for each class: about 1 where it surely fits, about 0 where not."""
        values = np.asarray(self._row(text) @ self._weights).ravel()
        return dict(zip(self.labels, (float(value) for value in values), strict=True))

    def reasons(self, text: str, labels: Sequence[str]) -> list[str]:
        """Return for each of these classes the example that speaks most for it."""
        likeness = self._matrix @ self._row(text).toarray().ravel()
        best = []
        for label in labels:
            mine = np.flatnonzero(self._label_numbers == self.labels.index(label))
            best.append(self.examples[mine[np.argmax(likeness[mine])]].text)
        return best

    def _row(self, text: str) -> sparse.csr_matrix:
        return self._scaled(*self._values([features(text, self._words)]))

    def _values(self, counted: Sequence[Mapping[str, int]]) -> tuple[sparse.csr_matrix, Floats]:
        """Return the value of each known feature in each text, and each block's sum of squares."""
        columns, times, ends = [], [], [0]
        for counts in counted:
            known = [
                (self._columns[name], many)
                for name, many in counts.items()
                if name in self._columns
            ]
            columns += [column for column, _ in known]
            times += [many for _, many in known]
            ends.append(len(columns))
        where = np.array(columns, np.intp)
        data = (1.0 + np.log(np.array(times, np.float32))) * self._rarity[where]
        shape = (len(counted), len(self._columns))
        values = sparse.csr_matrix((data, where, ends), shape, np.float32)
        rows = np.repeat(np.arange(len(counted)), np.diff(values.indptr))
        cell = rows * len(BLOCKS) + self._blocks[where]
        squares = np.bincount(cell, data * data, len(counted) * len(BLOCKS))
        return values, squares.reshape(len(counted), len(BLOCKS)).astype(np.float32)

    def _scaled(self, values: sparse.csr_matrix, squares: Floats) -> sparse.csr_matrix:
        """Return the texts as rows in which each block that is present has its share."""
        present = np.maximum((squares > 0.0) @ self._weight, 1e-9)
        share = np.sqrt(self._weight / present[:, None] / np.maximum(squares + self._little, 1e-9))
        rows = np.repeat(np.arange(values.shape[0]), np.diff(values.indptr))
        data = values.data * share[rows, self._blocks[values.indices]]
        return sparse.csr_matrix((data, values.indices, values.indptr), values.shape, np.float32)


def _pulls(matrix: sparse.csr_matrix, labels: NDArray[np.intp], tuning: Tuning) -> Floats:
    """Return how strongly each example pulls towards each class: solves (K + ridge) pulls = y."""
    members = np.bincount(labels).astype(np.float32)[labels]
    ridge = (tuning.regularisation * (members / members.mean()) ** tuning.balance)[:, None]
    targets = np.zeros((len(labels), int(labels.max()) + 1), np.float32)
    targets[np.arange(len(labels)), labels] = 1.0
    across = matrix.T.tocsr()
    pulls = np.zeros_like(targets)
    rest, step = targets.copy(), targets.copy()
    size = np.einsum("ij,ij->j", rest, rest)
    for _ in range(SOLVER_STEPS):
        image = matrix @ (across @ step) + ridge * step
        length = size / np.maximum(np.einsum("ij,ij->j", step, image), 1e-12)
        pulls += length * step
        rest -= length * image
        smaller = np.einsum("ij,ij->j", rest, rest)
        step = rest + (smaller / np.maximum(size, 1e-12)) * step
        size = smaller
    return pulls


def _complement_bayes(matrix: sparse.csr_matrix, labels: NDArray[np.intp]) -> Floats:
    """Return how much each feature speaks for each class, compared with the other classes."""
    members = np.zeros((len(labels), int(labels.max()) + 1), np.float32)
    members[np.arange(len(labels)), labels] = 1.0
    counts = np.asarray(matrix.T @ members)
    elsewhere = counts.sum(axis=1, keepdims=True) - counts + SMOOTHING
    speaks = -np.log(elsewhere / elsewhere.sum(axis=0, keepdims=True))
    return np.asarray(speaks - speaks.mean(axis=1, keepdims=True), np.float32)
