"""What a language teaches the matching: texts that people could write, with what they mean."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from knowledge.load import Knowledge
from translations.load import Language

# Classes of messages that are no topic begin with this.
SMALLTALK = "~"
OFFER = "offer"
NONE = "none"


@dataclass(frozen=True)
class Example:
    """A text that somebody could write, and the class it belongs to."""

    text: str
    label: str


@dataclass(frozen=True)
class Lessons:
    """`topics` by topic or kind of small talk; `dangers` what must alarm, by kind, and what only
    sounds like it; `harmless` what else must not alarm; `cries` alarm word for word."""

    topics: tuple[Example, ...]
    dangers: tuple[Example, ...]
    harmless: tuple[Example, ...]
    cries: tuple[Example, ...]
    shorthand: Mapping[str, str]
    same: Mapping[str, tuple[str, ...]]
    cues: Mapping[str, tuple[str, ...]]

    @property
    def urgency(self) -> tuple[Example, ...]:
        return (*self.dangers, *self.harmless)

    @property
    def topic_ids(self) -> frozenset[str]:
        labels = (example.label for example in self.topics)
        return frozenset(label for label in labels if not label.startswith(SMALLTALK))

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text once."""
        some = (*self.topics, *self.urgency, *self.cries)
        return tuple(dict.fromkeys(example.text for example in some))

    def as_bytes(self) -> bytes:
        """Return bytes that change whenever anything in the lessons does."""
        return json.dumps(asdict(self)).encode()


def lessons_of(language: Language, knowledge: Knowledge) -> Lessons:
    """Return all that the matching learns of a language."""
    return Lessons(
        topics=tuple(_topics(language)),
        dangers=tuple(_dangers(language)),
        harmless=tuple(_harmless(language, knowledge)),
        cries=tuple(_cries(language)),
        shorthand=language.words.shorthand,
        same=language.words.same,
        cues=_cues(language),
    )


def _topics(language: Language) -> Iterator[Example]:
    for topic_id, text in language.topics.items():
        yield Example(text.title, topic_id)
        for phrasing in text.phrasings:
            yield Example(phrasing, topic_id)
    for kind, phrasings in _smalltalk(language).items():
        for phrasing in phrasings:
            yield Example(phrasing, f"{SMALLTALK}{kind}")


def _smalltalk(language: Language) -> dict[str, tuple[str, ...]]:
    return {
        "greeting": language.smalltalk.greeting,
        "thanks": language.smalltalk.thanks,
        "goodbye": language.smalltalk.goodbye,
        "acknowledgement": language.smalltalk.acknowledgement,
        "about": language.smalltalk.who_are_you,
        "unrelated": language.smalltalk.unrelated,
    }


def _dangers(language: Language) -> Iterator[Example]:
    for kind, text in language.urgency.kinds.items():
        yield from (Example(each, kind) for each in text.phrasings)
        yield from (Example(each, OFFER) for each in text.lookalikes.offer)
        yield from (Example(each, NONE) for each in text.lookalikes.none)


def _harmless(language: Language, knowledge: Knowledge) -> Iterator[Example]:
    for topic_id, topic_text in language.topics.items():
        # A phrasing of "violence" may well be a cry for help: it must not teach that it is none.
        if not knowledge.topics[topic_id].urgent_kinds:
            yield from (Example(each, NONE) for each in topic_text.phrasings)
    smalltalk = language.smalltalk
    for some in (smalltalk.greeting, smalltalk.thanks, smalltalk.goodbye, smalltalk.unrelated):
        yield from (Example(each, NONE) for each in some)


def _cries(language: Language) -> Iterator[Example]:
    for kind, text in language.urgency.kinds.items():
        yield from (Example(each, kind) for each in text.cries)


def _cues(language: Language) -> dict[str, tuple[str, ...]]:
    cues = language.cues
    return {
        **{f"topic {topic_id}": some for topic_id, some in cues.topics.items()},
        **{f"urgent {kind}": some for kind, some in cues.urgent.items()},
        "harmless": cues.harmless,
        "offer": cues.offer,
        "unrelated": cues.unrelated,
    }
