"""Examples of classes -> the arrays of an index.

Two linear models on the same features, added: kernel ridge regression (regularised least squares;
Rifkin, Yeo and Poggio 2003), in which each example pulls towards its class as far as the text is
like it, and complement naive Bayes (Rennie, Shih, Teevan and Karger 2003), which trusts single
words more. The first is solved by conjugate gradients, so that the time to build grows with the
examples, not with their cube.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from matching.features import BLOCKS, Features, blocks_of
from matching.index import Floats, Scale, Tuning, Vectors, by_class
from matching.lessons import Example

# Solved once what is left of each class is so small a share of it: before that the scores hang on
# the number of steps. The more examples, the more steps it takes.
LEFT_MAX = 1e-2
SOLVER_STEPS_MAX = 500
# What stands in one example only says nothing that its words do not.
TIMES_AT_LEAST = {"b": 2, "s": 3, "a": 2, "c": 3, "p": 2, "k": 2}
# What a feature that never stands outside a class is taken to count there.
SMOOTHING = 0.05


def learn(
    examples: Sequence[Example], explained: Collection[str], tuning: Tuning, found: Features
) -> dict[str, NDArray[Any]]:
    """Return the arrays of an Index with these arguments; `found` has a row for each example."""
    found = _in_order(found)
    scale = _scale(found, len(examples), tuning)
    vectors = Vectors(found, len(examples), scale)
    shape = (len(examples), len(scale.keys))
    matrix = sparse.csr_matrix((vectors.values, vectors.columns, vectors.starts), shape)
    names, labels = np.unique([example.label for example in examples], return_inverse=True)
    ridge = matrix.T @ _pulls(matrix, labels, tuning)
    seen = _as_first_seen(found, scale)
    bayes = _complement_bayes(matrix[:, seen], labels)[np.argsort(seen)]
    weights = ridge + tuning.bayes * bayes
    reasons = matrix[by_class(examples, explained)]
    return {
        "labels": names,
        "keys": scale.keys,
        "rarity": scale.rarity,
        "little": scale.little,
        "weights": np.asarray(weights, np.float32),
        "starts": reasons.indptr.astype(np.int32),
        "columns": reasons.indices.astype(np.int32),
        "values": reasons.data,
    }


def _in_order(found: Features) -> Features:
    """Return each text's features block by block, and in a block as they stand in the text.

    In single precision what is learnt hangs on the order of adding up; the thresholds were chosen
    with this one.
    """
    rank = np.array(["wbsagpck".index(block) for block in BLOCKS])
    order = np.lexsort((found.places, rank[blocks_of(found.keys)], found.rows))
    return found.at(order)


def _as_first_seen(found: Features, scale: Scale) -> NDArray[np.intp]:
    """Return the numbers of the known features in the order in which they are first seen."""
    keys, first = np.unique(found.keys, return_index=True)
    return np.argsort(first[np.isin(keys, scale.keys)])


def _scale(found: Features, count: int, tuning: Tuning) -> Scale:
    """Return which features are known, and how they are weighed."""
    keys, column = np.unique(found.keys, return_inverse=True)
    seen = np.bincount(column, minlength=len(keys))
    at_least = np.array([TIMES_AT_LEAST.get(block, 1) for block in BLOCKS])
    kept = seen >= at_least[blocks_of(keys)]
    rarity = np.log((1 + count) / (1 + seen[kept].astype(np.float32))) + 1.0
    none = np.zeros(len(BLOCKS), np.float32)
    scale = Scale(keys[kept], rarity.astype(np.float32), tuning.shares, none)
    squares = Vectors(found, count, scale).squares
    little = (tuning.little_evidence * squares.mean(axis=0)).astype(np.float32)
    return Scale(scale.keys, scale.rarity, tuning.shares, little)


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
    small = LEFT_MAX**2 * size
    for _ in range(SOLVER_STEPS_MAX):
        if np.all(size <= small):
            break
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
