"""The matching of all languages: a text becomes a Judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matching.features import Features, Text, Vocabulary, Words, read, together
from matching.index import Arrays, as_names
from matching.judgement import Judgement, Urgency
from matching.language import LanguageIndex
from matching.lessons import Lessons
from matching.normalise import clean, words
from matching.rows import RowNames
from matching.topics import TopicIndex, TopicScore
from matching.urgency import UrgencyIndex, UrgencyScore, sentences
from matching.verbatim import plain
from translations.load import REFERENCE, Language


@dataclass(frozen=True)
class _Message:
    """A message as a language reads it: `texts` are the whole and its sentences, `spelled` their
    features."""

    plain: str
    texts: list[Text]
    spelled: Features


class LanguageMatcher:
    """The matching of one language; it only reads.

    Raises KeyError or ValueError where the arrays are not what `train` makes of these lessons.
    """

    def __init__(self, language: Language, lessons: Lessons, arrays: Arrays) -> None:
        self._words = Words.of(lessons.shorthand, lessons.same, lessons.cues)
        self._vocabulary = Vocabulary(as_names(arrays["vocabulary"]), self._words)
        plain_of = dict(zip(lessons.texts, as_names(arrays["plain"]), strict=True))
        self._topics = TopicIndex(lessons, plain_of, _part(arrays, "topics."))
        self._urgency = UrgencyIndex(lessons, plain_of, _part(arrays, "urgency."))
        self.rows = RowNames(language, self._words)
        self.pieces = arrays["pieces"], arrays["piece_counts"]

    def read(self, cleaned: str, parts: list[str]) -> _Message:
        """Return a cleaned message and its sentences as this language reads them."""
        texts = [read(each, self._words) for each in (cleaned, *parts)]
        return _Message(plain(cleaned, self._words), texts, self._vocabulary.spelled(texts))

    def urgency(self, message: _Message) -> UrgencyScore:
        """Return how urgent the message is."""
        return self._urgency.judge(message.plain, message.spelled, len(message.texts))

    def topic(self, message: _Message) -> TopicScore:
        """Return the topic of the whole message."""
        return self._topics.judge(message.plain, self._whole(message))

    def phrasing(self, message: _Message, topic_id: str) -> str:
        """Return the phrasing of a topic that the whole message is most like."""
        return self._topics.phrasing(self._whole(message), topic_id)

    def _whole(self, message: _Message) -> Features:
        meant = self._vocabulary.meant(message.texts[:1])
        return together([message.spelled.of_row(0), meant])


class Matcher:
    """The matching of all languages, by code; it only reads."""

    def __init__(self, languages: Mapping[str, LanguageMatcher]) -> None:
        self._matchers = languages
        self._languages = LanguageIndex({code: each.pieces for code, each in languages.items()})

    def judge(self, text: str, hint: str | None = None) -> Judgement:
        """Return the language, urgency and topic of a message.

        `hint` is the person's language so far. Urgency is judged in both, so that a mixed message
        is not missed. Never raises, whatever the text holds.
        """
        cleaned, parts, code = self._taken_apart(text, hint)
        message = self._matchers[code].read(cleaned, parts)
        urgency = self._matchers[code].urgency(message)
        if hint is not None and hint != code and hint in self._matchers:
            other = self._matchers[hint]
            also = other.urgency(other.read(cleaned, parts))
            urgency = max(
                (urgency, also), key=lambda each: (each.level is Urgency.ESCALATE, each.score)
            )
        topic = self._matchers[code].topic(message)
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

    def is_urgent(self, text: str) -> bool:
        """Return whether a message, in whatever language it is, is to go to a human at once."""
        cleaned, parts, code = self._taken_apart(text, None)
        matcher = self._matchers[code]
        return matcher.urgency(matcher.read(cleaned, parts)).level is Urgency.ESCALATE

    def _taken_apart(self, text: str, hint: str | None) -> tuple[str, list[str], str]:
        """Return a message cleaned, its sentences, and the code of its language."""
        cleaned = clean(text)
        code = self._languages.detect(words(cleaned), hint) or REFERENCE
        return cleaned, sentences(cleaned), code if code in self._matchers else REFERENCE

    def phrasing(self, text: str, topic_id: str, language: str) -> str:
        """Return the phrasing of a topic that a text in this language is most like."""
        matcher = self._matchers[language]
        return matcher.phrasing(matcher.read(clean(text), []), topic_id)

    def rows_named(self, text: str, table_id: str, language: str) -> tuple[str, ...]:
        """Return the rows of a table that a message names, such as prefectures."""
        return self._matchers[language].rows.named(text, table_id)


def _part(arrays: Arrays, prefix: str) -> Arrays:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
