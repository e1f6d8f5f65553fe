"""How urgent a message is, and of which danger it tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.load import Knowledge
from knowledge.schema import URGENT_KINDS, UrgentKind
from matching.features import Words
from matching.index import Example, Index
from matching.judgement import Urgency
from matching.verbatim import Verbatim
from translations.load import Language

# Chosen by the leave-one-out scores of phrasings and look-alikes, which the index computes.
ESCALATE_SCORE_MIN = 0.48
OFFER_SCORE_MIN = 0.30
# A sentence in a long story must speak more clearly than a whole message.
SENTENCE_SCORE_MIN = 0.68
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
        self._index = Index(examples, words)
        self._verbatim = Verbatim(examples, words)

    def judge(self, text: str) -> UrgencyScore:
        """Return how urgent a message is; also when the danger is one sentence of a long story."""
        repeated = self._verbatim.find(text)
        whole = self._score(text)
        if repeated is not None and repeated.label == _NONE:
            return UrgencyScore(Urgency.NONE, None, whole[1], None)
        if repeated is not None and repeated.label in URGENT_KINDS:
            return self._found(text, whole[0], max(1.0, whole[1]))
        parts = [part for part in _SENTENCE_END.split(text) if _long_enough(part)]
        if len(parts) > 1 and whole[1] < ESCALATE_SCORE_MIN:
            for part in parts:
                scores, danger, worry = self._score(part)
                if danger >= SENTENCE_SCORE_MIN:
                    return self._found(part, scores, danger)
        scores, danger, worry = whole
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
        phrasing, _ = self._index.reason(text, [kind])
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


def _long_enough(part: str) -> bool:
    return len(part.split()) >= SENTENCE_WORDS_MIN
