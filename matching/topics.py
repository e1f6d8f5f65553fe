"""Which topic a message is about, and whether that is sure enough to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matching.features import Features
from matching.index import Arrays, Index, Tuning
from matching.judgement import Candidate, Decision
from matching.lessons import SMALLTALK, Lessons
from matching.verbatim import Verbatim

TUNING = Tuning(
    weights={"w": 1.0, "b": 0.5, "s": 0.4, "a": 0.4, "c": 0.9, "g": 0.7, "p": 0.5, "k": 0.6},
    regularisation=0.4,
    little_evidence=0.3,
    balance=0.5,
    bayes=0.5,
)
# Chosen on the messages of `benchmarks/tuning/`: `python -m benchmarks.thresholds` prints what
# other values would give.
ANSWER_SCORE_MIN = 0.45
ANSWER_MARGIN_MIN = 0.25
SUGGEST_SCORE_MIN = 0.22
CANDIDATES_MAX = 5

_UNRELATED = f"{SMALLTALK}unrelated"


@dataclass(frozen=True)
class TopicScore:
    """`candidates` best first, the first `margin` ahead of whatever comes next; `smalltalk` is the
    kind of small talk, where the decision is that."""

    decision: Decision
    candidates: tuple[Candidate, ...]
    margin: float
    smalltalk: str | None = None


class TopicIndex:
    """A language's phrasings of topics and of small talk."""

    def __init__(self, lessons: Lessons, plain_of: Mapping[str, str], arrays: Arrays) -> None:
        self._index = Index(lessons.topics, lessons.topic_ids, TUNING, arrays)
        self._verbatim = Verbatim(lessons.topics, plain_of)

    def judge(self, plain: str, found: Features) -> TopicScore:
        """Return the topic of a message: its plain text and its features."""
        vectors = self._index.vectors(found, 1)
        values = self._index.scores(vectors)[0].tolist()
        scores = dict(zip(self._index.labels, values, strict=True))
        ranked = sorted(scores, key=lambda label: -scores[label])
        topics = [label for label in ranked if not label.startswith(SMALLTALK)]
        candidates = tuple(Candidate(label, scores[label]) for label in topics[:CANDIDATES_MAX])
        repeated = self._verbatim.find(plain)
        if repeated is not None and not repeated.label.startswith(SMALLTALK):
            same = Candidate(repeated.label, max(1.0, scores[repeated.label]))
            others = tuple(each for each in candidates if each.topic != same.topic)
            return TopicScore(Decision.ANSWER, (same, *others)[:CANDIDATES_MAX], 1.0)
        margin = scores[topics[0]] - max(scores[label] for label in ranked if label != topics[0])
        decision = _decision(scores[topics[0]], margin)
        if ranked[0].startswith(SMALLTALK) and margin < -ANSWER_MARGIN_MIN:
            decision = Decision.UNKNOWN if ranked[0] == _UNRELATED else Decision.SMALLTALK
        smalltalk = ranked[0].removeprefix(SMALLTALK) if decision is Decision.SMALLTALK else None
        return TopicScore(decision, candidates, margin, smalltalk)

    def phrasing(self, found: Features, topic_id: str) -> str:
        """Return the phrasing of a topic that a message is most like."""
        return self._index.reason(self._index.vectors(found, 1), 0, topic_id)


def _decision(score: float, margin: float) -> Decision:
    if score >= ANSWER_SCORE_MIN and margin >= ANSWER_MARGIN_MIN:
        return Decision.ANSWER
    return Decision.SUGGEST if score >= SUGGEST_SCORE_MIN else Decision.UNKNOWN
