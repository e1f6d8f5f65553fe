"""What a language lacks: missing, stale, mistyped. Faults name file, key, what and how to mend."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping

from errors import Fault
from knowledge.load import Knowledge
from knowledge.schema import Topic
from translations.fill import PLACEHOLDER, placeholders
from translations.load import REFERENCE, Language, Translations, revision
from translations.schema import FIRST_DAY, Answer, TopicText

# How many examples a topic or an urgent kind needs before the matching can be trusted with it.
PHRASINGS_AT_LEAST = {"vi": 25, "en": 20}
URGENT_PHRASINGS_AT_LEAST = 30
CRIES_AT_LEAST = 15
LOOKALIKES_AT_LEAST = 15

PART_LENGTHS_MAX = {"short": 450, "points": 340, "steps": 340, "careful": 600, "coming": 600}

_DIGIT = re.compile(r"\d")


def check_translations(translations: Translations, knowledge: Knowledge) -> list[Fault]:
    """Return every fault of every offered language; an empty list when all is well."""
    faults: list[Fault] = []
    reference = translations.languages.get(REFERENCE)
    if reference is None:
        return [Fault("translations/en", "-", "English is the reference", "Mend its faults.")]
    for language in translations.languages.values():
        faults += _topics(language, reference, knowledge)
        faults += _ui(language, reference)
        faults += _urgency(language, knowledge)
        faults += _cues(language, knowledge)
        faults += _cards(language, reference, knowledge)
        faults += _names(language, knowledge)
    for language in translations.staff.values():
        faults += _staff(language, translations.staff.get(REFERENCE), knowledge)
        if language.code not in translations.languages:
            faults += _cards(language, reference, knowledge)
        faults += _checklists(language, knowledge)
        faults += _staff_answers(language, reference, knowledge)
    return faults


def _topics(language: Language, reference: Language, knowledge: Knowledge) -> Iterator[Fault]:
    folder = f"translations/{language.code}/topics"
    for topic_id in knowledge.topics:
        if topic_id not in language.topics:
            yield Fault(f"{folder}/{topic_id}.yaml", "-", "the topic has no text", "Write it.")
    seen: dict[str, str] = {}
    for topic_id, text in language.topics.items():
        file = f"{folder}/{topic_id}.yaml"
        topic = knowledge.topics.get(topic_id)
        if topic is None:
            yield Fault(file, "-", "there is no such topic", "Add knowledge/topics, or remove it.")
            continue
        yield from _plain(file, "title", text.title)
        yield from _answer(file, text.answer, topic, knowledge)
        yield from _phrasings(file, language.code, topic_id, text, seen)
        if language.code != REFERENCE and topic_id in reference.topics:
            current = revision(reference.topics[topic_id].answer)
            yield from _freshness(file, "of", text.of, current)


def _plain(file: str, key: str, title: str) -> Iterator[Fault]:
    if _DIGIT.search(title):
        yield Fault(file, key, "a digit stands in the title", "Write it without.")


def _answer(file: str, answer: Answer, topic: Topic, knowledge: Knowledge) -> Iterator[Fault]:
    allowed = {FIRST_DAY, *topic.changes_on}
    for part, by_day in _parts(answer):
        for day in set(by_day) - allowed:
            mend = "Use a day of `changes_on` in the topic, or add it there."
            yield Fault(file, f"answer.{part}.{day}", "nothing changes on this day", mend)
        for day, texts in by_day.items():
            for number, text in enumerate(texts):
                key = f"answer.{part}.{day}.{number}"
                yield from _text(file, key, text, knowledge)
                if len(text) > PART_LENGTHS_MAX[part]:
                    wrong = f"{len(text)} characters; at most {PART_LENGTHS_MAX[part]}"
                    yield Fault(file, key, wrong, "Say it shorter, or split it.")
    if set(answer.coming) != set(topic.changes_on):
        days = ", ".join(str(day) for day in topic.changes_on) or "none"
        wrong = f"it must have an entry for each day of `changes_on` ({days})"
        yield Fault(file, "answer.coming", wrong, "Say what changes on that day.")
    unsure = any(statement.certainty in ("likely", "disputed") for statement in topic.statements)
    if unsure and answer.careful is None:
        wrong = "a statement is only likely or disputed, and the answer does not say so"
        yield Fault(file, "answer.careful", wrong, 'Add it: "ask … before you decide".')


def _parts(answer: Answer) -> Iterator[tuple[str, Mapping[dt.date, tuple[str, ...]]]]:
    yield "short", {day: (text,) for day, text in answer.short.items()}
    yield "points", answer.points
    yield "steps", answer.steps
    if answer.careful is not None:
        yield "careful", {day: (text,) for day, text in answer.careful.items()}
    yield "coming", {day: (text,) for day, text in answer.coming.items()}


def _text(file: str, key: str, text: str, knowledge: Knowledge) -> Iterator[Fault]:
    digits = _DIGIT.search(PLACEHOLDER.sub("", text))
    if digits:
        mend = "Make it a fact in knowledge/facts and name it in braces."
        yield Fault(file, key, "a digit is typed into the text", mend)
    try:
        found = list(placeholders(text))
    except ValueError as error:
        yield Fault(file, key, str(error), "Write the day as 2027-04-01.")
        return
    known: dict[str, Mapping[str, object]] = {
        "fact": knowledge.facts,
        "contact": knowledge.contacts,
        "phone": knowledge.contacts,
    }
    for placeholder in found:
        if placeholder.name not in known.get(placeholder.kind, {}):
            wrong = f"there is no {placeholder.kind} {placeholder.name!r}"
            yield Fault(file, key, wrong, "Correct the placeholder, or add what it names.")


def _phrasings(
    file: str, code: str, topic_id: str, text: TopicText, seen: dict[str, str]
) -> Iterator[Fault]:
    at_least = PHRASINGS_AT_LEAST.get(code, PHRASINGS_AT_LEAST[REFERENCE])
    if len(text.phrasings) < at_least:
        wrong = f"{len(text.phrasings)} phrasings; at least {at_least}"
        yield Fault(file, "phrasings", wrong, "Add ways in which people put this topic.")
    for number, phrasing in enumerate(text.phrasings):
        other = seen.setdefault(phrasing.casefold(), topic_id)
        if other != topic_id or phrasing in text.phrasings[:number]:
            wrong = f"the same words stand in {other}"
            yield Fault(file, f"phrasings.{number}", wrong, "Keep them in one place.")


def _freshness(file: str, key: str, of: str | None, current: str) -> Iterator[Fault]:
    if of != current:
        wrong = f"it renders revision {of} of the English text, which is now {current}"
        mend = f"Compare it with the English, mend it, and set `of: {current}`."
        yield Fault(file, key, wrong, mend)


def _ui(language: Language, reference: Language) -> Iterator[Fault]:
    return _strings(f"translations/{language.code}/ui.yaml", language.ui, reference.ui)


def _staff(language: Language, reference: Language | None, knowledge: Knowledge) -> Iterator[Fault]:
    file = f"translations/{language.code}/staff.yaml"
    if language.staff is None or reference is None or reference.staff is None:
        return
    yield from _strings(file, language.staff.texts, reference.staff.texts)
    for kind in knowledge.urgent if language.staff.kinds else ():
        if kind not in language.staff.kinds:
            yield Fault(file, f"kinds.{kind}", "it is missing", "Name it for the volunteers.")
    said = _contacts_said(language, knowledge) if language.staff.contacts else set()
    for name in sorted(said - set(language.staff.contacts)):
        yield Fault(file, f"contacts.{name}", "it is missing", "Name it for the volunteers.")
    for name in sorted(set(language.staff.contacts) - set(knowledge.contacts)):
        yield Fault(file, f"contacts.{name}", "there is no such id", "Remove it, or correct it.")


def _contacts_said(language: Language, knowledge: Knowledge) -> set[str]:
    """Return the contacts that the volunteers' texts name, each with who follows it."""
    texts = [card.text for card in language.cards.cards.values()]
    if language.staff_answers is not None:
        texts += [answer.text for answer in language.staff_answers.answers.values()]
    for kind in language.checklists.kinds.values() if language.checklists else ():
        texts += [*kind.ask, *kind.do, *kind.avoid]
    said = {
        name.removeprefix("contact:")
        for text in texts
        for name in PLACEHOLDER.findall(text)
        if name.startswith("contact:")
    }
    followers = {knowledge.contacts[name].successor for name in said & set(knowledge.contacts)}
    return said | {name for name in followers if name}


def _strings(file: str, have: Mapping[str, str], need: Mapping[str, str]) -> Iterator[Fault]:
    for key in need:
        if key not in have:
            yield Fault(file, key, "the key is missing", "Translate it from English.")
    for key, text in have.items():
        english = need.get(key)
        if english is None:
            yield Fault(file, key, "English has no such key", "Remove it, or add it to English.")
        elif set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(english)):
            wrong = f"its placeholders are not {sorted(set(PLACEHOLDER.findall(english)))}"
            yield Fault(file, key, wrong, "Use the same placeholders as English.")
        if _DIGIT.search(PLACEHOLDER.sub("", text)):
            yield Fault(file, key, "a digit is typed into the text", "Fill it in by placeholder.")


def _urgency(language: Language, knowledge: Knowledge) -> Iterator[Fault]:
    file = f"translations/{language.code}/urgency.yaml"
    for kind, text in language.urgency.kinds.items():
        lookalikes = len(text.lookalikes.offer) + len(text.lookalikes.none)
        if len(text.phrasings) < URGENT_PHRASINGS_AT_LEAST:
            wrong = f"{len(text.phrasings)} phrasings; at least {URGENT_PHRASINGS_AT_LEAST}"
            yield Fault(file, f"{kind}.phrasings", wrong, "Add messages that must alarm.")
        if len(text.cries) < CRIES_AT_LEAST:
            wrong = f"{len(text.cries)} cries; at least {CRIES_AT_LEAST}"
            yield Fault(file, f"{kind}.cries", wrong, "Add whole messages of a few words.")
        if lookalikes < LOOKALIKES_AT_LEAST:
            wrong = f"{lookalikes} look-alikes; at least {LOOKALIKES_AT_LEAST}"
            yield Fault(file, f"{kind}.lookalikes", wrong, "Add messages that must not alarm.")
        yield from _text(file, f"{kind}.say_first", text.say_first, knowledge)
        for number, step in enumerate(text.steps):
            yield from _text(file, f"{kind}.steps.{number}", step, knowledge)


def _cues(language: Language, knowledge: Knowledge) -> Iterator[Fault]:
    file = f"translations/{language.code}/cues.yaml"
    for part, have, need in (
        ("topics", language.cues.topics, knowledge.topics),
        ("urgent", language.cues.urgent, knowledge.urgent),
    ):
        for name in sorted(set(need) - set(have)):
            yield Fault(file, f"{part}.{name}", "it has no cues", "Add words that speak for it.")
        for name in sorted(set(have) - set(need)):
            yield Fault(file, f"{part}.{name}", "there is no such id", "Remove it, or correct it.")


def _cards(language: Language, reference: Language, knowledge: Knowledge) -> Iterator[Fault]:
    file = f"translations/{language.code}/cards.yaml"
    for part, have, need in (
        ("groups", language.cards.groups, knowledge.cards.groups),
        ("cards", language.cards.cards, dict.fromkeys(knowledge.cards.ids)),
    ):
        for name in sorted(set(need) - set(have)):
            yield Fault(file, f"{part}.{name}", "it is missing", "Translate it from English.")
        for name in sorted(set(have) - set(need)):
            mend = "Add it to knowledge/cards.yaml, or remove it."
            yield Fault(file, f"{part}.{name}", "there is no such id", mend)
    for name, title in language.cards.groups.items():
        yield from _plain(file, f"groups.{name}", title)
    for name, card in language.cards.cards.items():
        yield from _plain(file, f"cards.{name}.title", card.title)
        yield from _text(file, f"cards.{name}.text", card.text, knowledge)
        english = reference.cards.cards.get(name)
        wanted = sorted(PLACEHOLDER.findall(english.text)) if english else None
        # The volunteer reads one language and sends another: both must say the same.
        if wanted is not None and sorted(PLACEHOLDER.findall(card.text)) != wanted:
            wrong = f"its placeholders are not {wanted}"
            yield Fault(file, f"cards.{name}.text", wrong, "Use the same placeholders as English.")


def _checklists(language: Language, knowledge: Knowledge) -> Iterator[Fault]:
    file = f"translations/{language.code}/checklists.yaml"
    for kind, text in language.checklists.kinds.items() if language.checklists else ():
        for part, lines in (("ask", text.ask), ("do", text.do), ("avoid", text.avoid)):
            for number, line in enumerate(lines):
                yield from _text(file, f"kinds.{kind}.{part}.{number}", line, knowledge)


def _staff_answers(
    language: Language, reference: Language, knowledge: Knowledge
) -> Iterator[Fault]:
    if language.staff_answers is None:
        return
    file, answers = f"translations/{language.code}/answers.yaml", language.staff_answers.answers
    for topic_id in sorted(set(reference.topics) - set(answers)):
        yield Fault(file, topic_id, "the topic has no text", "Translate it from English.")
    for topic_id, answer in answers.items():
        key, english = f"answers.{topic_id}", reference.topics.get(topic_id)
        if english is None:
            yield Fault(file, key, "there is no such topic", "Remove it, or correct it.")
            continue
        yield from _plain(file, f"{key}.title", answer.title)
        current = revision(english.answer, {"short"})
        yield from _freshness(file, f"{key}.of", answer.of, current)
        if answer.of == current and _filled_in(answer.short) != _filled_in(english.answer.short):
            wrong = "its days and placeholders are not those of the English `short`"
            yield Fault(file, f"{key}.short", wrong, "Use the same.")
        for day, text in answer.short.items():
            yield from _text(file, f"{key}.short.{day}", text, knowledge)


def _filled_in(short: Mapping[dt.date, str]) -> dict[dt.date, list[str]]:
    """Return what is filled in on each day, in whatever order the language has it."""
    return {day: sorted(PLACEHOLDER.findall(text)) for day, text in short.items()}


def _names(language: Language, knowledge: Knowledge) -> Iterator[Fault]:
    def compare(
        file: str, have: Mapping[str, object], need: Mapping[str, object]
    ) -> Iterator[Fault]:
        path = f"translations/{language.code}/{file}"
        for name in sorted(set(need) - set(have)):
            yield Fault(path, name, "the name is missing", "Add how people call it.")
        for name in sorted(set(have) - set(need)):
            yield Fault(path, name, "the knowledge has no such id", "Remove it, or correct it.")

    yield from compare("contacts.yaml", language.contacts, knowledge.contacts)
    yield from compare("laws.yaml", language.laws, knowledge.laws)
    yield from compare("tables.yaml", language.tables, knowledge.tables)
    for table_id, rows in language.tables.items():
        if table_id in knowledge.tables:
            yield from compare("tables.yaml", rows, knowledge.tables[table_id].rows)
