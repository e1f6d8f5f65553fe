"""The matching of all languages: a text becomes a Judgement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.load import Knowledge
from matching.features import Words
from matching.index import Example, Index, Tuning
from matching.judgement import Candidate, Decision, Judgement, Urgency
from matching.language import LanguageIndex
from matching.rows import RowNames
from matching.urgency import UrgencyIndex, UrgencyScore
from matching.verbatim import Verbatim
from translations.load import REFERENCE, Language, Translations

TUNING = Tuning(
    weights={"w": 1.0, "b": 0.5, "s": 0.4, "a": 0.4, "c": 0.9, "g": 0.7, "p": 0.5, "k": 0.6},
    regularisation=0.7,
    little_evidence=0.3,
    balance=0.5,
    bayes=0.5,
)
# Chosen on the messages of `benchmarks/tuning/`: `python -m benchmarks.thresholds` prints what
# other values would give.
ANSWER_SCORE_MIN = 0.45
ANSWER_MARGIN_MIN = 0.20
SUGGEST_SCORE_MIN = 0.22
CANDIDATES_MAX = 5

# Classes of messages that are no topic begin with this.
_SMALLTALK = "~"
_UNRELATED = "~unrelated"


@dataclass(frozen=True)
class _Indexes:
    topics: Index
    verbatim: Verbatim
    urgency: UrgencyIndex
    rows: RowNames


@dataclass(frozen=True)
class _TopicScore:
    decision: Decision
    candidates: tuple[Candidate, ...]
    margin: float
    smalltalk: str | None = None


class Matcher:
    """Built once at start from all phrasings; afterwards it only reads."""

    def __init__(self, translations: Translations, knowledge: Knowledge) -> None:
        self._indexes = {
            code: _indexes(language, knowledge) for code, language in translations.languages.items()
        }
        texts = {code: _texts(language) for code, language in translations.languages.items()}
        self._languages = LanguageIndex(texts)

    def judge(self, text: str, hint: str | None = None) -> Judgement:
        """Return the language, urgency and topic of a message.

        `hint` is the person's language so far. Urgency is judged in both, so that a mixed message
        is not missed. Never raises, whatever the text holds.
        """
        code = self._languages.detect(text, hint) or REFERENCE
        code = code if code in self._indexes else REFERENCE
        urgency = self._urgency(text, code, hint)
        topic = self._topic(text, code)
        return Judgement(
            language=code,
            urgency=urgency.level,
            urgent_kind=urgency.kind,
            urgent_score=urgency.score,
            urgent_phrasing=urgency.phrasing,
            decision=topic.decision,
            candidates=topic.candidates,
            margin=topic.margin,
            smalltalk=topic.smalltalk,
        )

    def rows_named(self, text: str, table_id: str, language: str) -> tuple[str, ...]:
        """Return the rows of a table that a message names, such as prefectures."""
        return self._indexes[language].rows.named(text, table_id)

    def _urgency(self, text: str, code: str, hint: str | None) -> UrgencyScore:
        codes = dict.fromkeys([code, hint] if hint in self._indexes else [code])
        judged = [self._indexes[each].urgency.judge(text) for each in codes if each]
        return max(judged, key=lambda each: (each.level is Urgency.ESCALATE, each.score))

    def _topic(self, text: str, code: str) -> _TopicScore:
        index = self._indexes[code].topics
        scores = index.scores(text)
        ranked = sorted(scores, key=lambda label: -scores[label])
        topics = [label for label in ranked if not label.startswith(_SMALLTALK)]
        best = topics[:CANDIDATES_MAX]
        candidates = tuple(
            Candidate(label, scores[label], phrasing)
            for label, phrasing in zip(best, index.reasons(text, best), strict=True)
        )
        repeated = self._indexes[code].verbatim.find(text)
        if repeated is not None and not repeated.label.startswith(_SMALLTALK):
            same = Candidate(repeated.label, max(1.0, scores[repeated.label]), repeated.text)
            others = tuple(each for each in candidates if each.topic != same.topic)
            return _TopicScore(Decision.ANSWER, (same, *others)[:CANDIDATES_MAX], 1.0)
        margin = scores[topics[0]] - max(scores[label] for label in ranked if label != topics[0])
        decision = _decision(scores[topics[0]], margin)
        if ranked[0].startswith(_SMALLTALK) and margin < -ANSWER_MARGIN_MIN:
            decision = Decision.UNKNOWN if ranked[0] == _UNRELATED else Decision.SMALLTALK
        smalltalk = ranked[0].removeprefix(_SMALLTALK) if decision is Decision.SMALLTALK else None
        return _TopicScore(decision, candidates, margin, smalltalk)


def _decision(score: float, margin: float) -> Decision:
    if score >= ANSWER_SCORE_MIN and margin >= ANSWER_MARGIN_MIN:
        return Decision.ANSWER
    return Decision.SUGGEST if score >= SUGGEST_SCORE_MIN else Decision.UNKNOWN


def _indexes(language: Language, knowledge: Knowledge) -> _Indexes:
    words = Words.of(language.words.shorthand, language.words.same, _cues(language))
    examples = tuple(_topic_examples(language))
    return _Indexes(
        topics=Index(examples, words, TUNING),
        verbatim=Verbatim(examples, words),
        urgency=UrgencyIndex(language, knowledge, words),
        rows=RowNames(language, words),
    )


def _cues(language: Language) -> dict[str, tuple[str, ...]]:
    cues = language.cues
    return {
        **{f"topic {topic_id}": some for topic_id, some in cues.topics.items()},
        **{f"urgent {kind}": some for kind, some in cues.urgent.items()},
        "harmless": cues.harmless,
        "offer": cues.offer,
        "unrelated": cues.unrelated,
    }


def _topic_examples(language: Language) -> Iterator[Example]:
    for topic_id, text in language.topics.items():
        yield Example(text.title, topic_id)
        for phrasing in text.phrasings:
            yield Example(phrasing, topic_id)
    for kind, phrasings in _smalltalk(language).items():
        for phrasing in phrasings:
            yield Example(phrasing, f"{_SMALLTALK}{kind}")


def _smalltalk(language: Language) -> dict[str, tuple[str, ...]]:
    return {
        "greeting": language.smalltalk.greeting,
        "thanks": language.smalltalk.thanks,
        "goodbye": language.smalltalk.goodbye,
        "acknowledgement": language.smalltalk.acknowledgement,
        "about": language.smalltalk.who_are_you,
        "unrelated": language.smalltalk.unrelated,
    }


def _texts(language: Language) -> Iterator[str]:
    yield from (example.text for example in _topic_examples(language))
    for kind in language.urgency.kinds.values():
        yield from (*kind.phrasings, *kind.lookalikes.offer, *kind.lookalikes.none)
