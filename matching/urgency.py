"""How urgent a message is, and of which danger it tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.schema import URGENT_KINDS, UrgentKind
from matching.features import Features
from matching.index import Arrays, Index, Tuning, Vectors
from matching.judgement import Urgency
from matching.lessons import NONE, OFFER, Lessons
from matching.verbatim import Verbatim

# Whether a word alarms lies in the words beside it; cues and groups only blur that.
TUNING = Tuning(
    weights={"w": 1.0, "b": 0.8, "s": 0.8, "a": 0.4, "c": 0.6},
    regularisation=2.5,
    little_evidence=0.3,
    balance=1.0,
    bayes=0.05,
)
# Chosen on the messages of `benchmarks/tuning/`: `python -m benchmarks.thresholds` prints what
# other values would give.
# Rather an alarm too many than one too few.
ESCALATE_SCORE_MIN = 0.60
OFFER_SCORE_MIN = 0.45
SENTENCE_WORDS_MIN = 4

_SENTENCE_END = re.compile(r"[.!?…。！？।၊။\n]+")


@dataclass(frozen=True)
class UrgencyScore:
    """`kind` is the danger (also of a worry), `phrasing` the example that speaks most for it."""

    level: Urgency
    kind: UrgentKind | None
    score: float
    phrasing: str | None


class UrgencyIndex:
    """A language's phrasings of danger against everything else that people write."""

    def __init__(self, lessons: Lessons, plain_of: Mapping[str, str], arrays: Arrays) -> None:
        examples = lessons.urgency
        self._index = Index(examples, URGENT_KINDS, TUNING, arrays)
        self._verbatim = Verbatim((*examples, *lessons.cries), plain_of)
        self._kinds = [self._index.labels.index(kind) for kind in URGENT_KINDS]
        self._offer = self._index.labels.index(OFFER)

    def judge(self, plain: str, found: Features, count: int) -> UrgencyScore:
        """Return how urgent a message is; also when the danger is one sentence of a long story.

        `found` are the features of `count` texts: the message, then each of its sentences.
        """
        vectors = self._index.vectors(found, count)
        scores = self._index.scores(vectors)
        dangers = scores[:, self._kinds].sum(axis=1)
        repeated = self._verbatim.find(plain)
        if repeated is not None and repeated.label == NONE:
            return UrgencyScore(Urgency.NONE, None, float(dangers[0]), None)
        known = [kind for kind in URGENT_KINDS if repeated and kind == repeated.label]
        if repeated is not None and known:
            score = max(1.0, float(dangers[0]))
            return UrgencyScore(Urgency.ESCALATE, known[0], score, repeated.text)
        worst = int(np.argmax(dangers))
        danger = float(dangers[worst])
        if danger >= ESCALATE_SCORE_MIN:
            return self._found(vectors, worst, scores[worst], danger)
        if danger + scores[worst, self._offer] >= OFFER_SCORE_MIN:
            return UrgencyScore(Urgency.OFFER, None, danger, None)
        return UrgencyScore(Urgency.NONE, None, danger, None)

    def _found(
        self, vectors: Vectors, row: int, scores: NDArray[Any], danger: float
    ) -> UrgencyScore:
        kind = URGENT_KINDS[int(np.argmax(scores[self._kinds]))]
        phrasing = self._index.reason(vectors, row, kind)
        return UrgencyScore(Urgency.ESCALATE, kind, danger, phrasing)


def sentences(text: str) -> list[str]:
    """Return the sentences of a longer text that say enough to be judged alone."""
    parts = [part for part in _SENTENCE_END.split(text) if len(part.split()) >= SENTENCE_WORDS_MIN]
    return parts if len(parts) > 1 else []
