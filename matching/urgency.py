"""How urgent a message is, and of which danger it tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.load import Knowledge
from knowledge.schema import URGENT_KINDS, UrgentKind
from matching.features import Words
from matching.index import Example, Index, Tuning
from matching.judgement import Urgency
from matching.verbatim import Verbatim
from translations.load import Language

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

_OFFER = "offer"
_NONE = "none"
_SENTENCE_END = re.compile(r"[.!?…。！？।၊။\n]+")


@dataclass(frozen=True)
class UrgencyScore:
    """`kind` is the danger (also of a worry), `phrasing` the example that speaks most for it."""

    level: Urgency
    kind: UrgentKind | None
    score: float
    phrasing: str | None


class UrgencyIndex:
    """Built once for a language: its phrasings of danger against everything else people write."""

    def __init__(self, language: Language, knowledge: Knowledge, words: Words) -> None:
        examples = tuple(urgency_examples(language, knowledge))
        self._index = Index(examples, words, TUNING)
        self._verbatim = Verbatim((*examples, *_cries(language)), words)

    def judge(self, text: str) -> UrgencyScore:
        """Return how urgent a message is; also when the danger is one sentence of a long story."""
        repeated = self._verbatim.find(text)
        scores, danger, worry = self._score(text)
        if repeated is not None and repeated.label == _NONE:
            return UrgencyScore(Urgency.NONE, None, danger, None)
        known = [kind for kind in URGENT_KINDS if repeated and kind == repeated.label]
        if repeated is not None and known:
            return UrgencyScore(Urgency.ESCALATE, known[0], max(1.0, danger), repeated.text)
        for part in _sentences(text):
            of_part = self._score(part)
            if of_part[1] > danger:
                text, (scores, danger, worry) = part, of_part
        if danger >= ESCALATE_SCORE_MIN:
            return self._found(text, scores, danger)
        if danger + worry >= OFFER_SCORE_MIN:
            return UrgencyScore(Urgency.OFFER, None, danger, None)
        return UrgencyScore(Urgency.NONE, None, danger, None)

    def _score(self, text: str) -> tuple[dict[str, float], float, float]:
        scores = self._index.scores(text)
        return scores, sum(scores[kind] for kind in URGENT_KINDS), scores[_OFFER]

    def _found(self, text: str, scores: dict[str, float], danger: float) -> UrgencyScore:
        kind = max(URGENT_KINDS, key=lambda each: scores[each])
        (phrasing,) = self._index.reasons(text, [kind])
        return UrgencyScore(Urgency.ESCALATE, kind, danger, phrasing)


def urgency_examples(language: Language, knowledge: Knowledge) -> Iterator[Example]:
    """Yield what must alarm, by kind, and what must not: `offer` and `none`."""
    for kind, text in language.urgency.kinds.items():
        yield from (Example(each, kind) for each in text.phrasings)
        yield from (Example(each, _OFFER) for each in text.lookalikes.offer)
        yield from (Example(each, _NONE) for each in text.lookalikes.none)
    for topic_id, topic_text in language.topics.items():
        # A phrasing of "violence" may well be a cry for help: it must not teach that it is none.
        if not knowledge.topics[topic_id].urgent_kinds:
            yield from (Example(each, _NONE) for each in topic_text.phrasings)
    smalltalk = language.smalltalk
    for some in (smalltalk.greeting, smalltalk.thanks, smalltalk.goodbye, smalltalk.unrelated):
        yield from (Example(each, _NONE) for each in some)


def _cries(language: Language) -> Iterator[Example]:
    for kind, text in language.urgency.kinds.items():
        yield from (Example(each, kind) for each in text.cries)


def _sentences(text: str) -> list[str]:
    """Return the sentences of a longer text that say enough to be judged alone."""
    parts = [part for part in _SENTENCE_END.split(text) if len(part.split()) >= SENTENCE_WORDS_MIN]
    return parts if len(parts) > 1 else []
