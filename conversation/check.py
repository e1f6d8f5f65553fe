"""Does every answer, card and row come out, in every language, on every day that matters?"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable, Iterator

from conversation.render import Voice
from errors import Fault, UncoveredDayError
from knowledge.load import Knowledge
from knowledge.schema import URGENT_KINDS
from translations.load import Translations
from translations.schema import FIRST_DAY

MESSAGE_LENGTH_MAX = 4096

_TAG = re.compile(r"<[^>]*>")


def check_answers(translations: Translations, knowledge: Knowledge) -> list[Fault]:
    """Return a fault for each text that does not come out, or is too long for Telegram."""
    faults = {
        fault
        for code in translations.languages
        for day in days_to_check(knowledge)
        for fault in _on_day(Voice(translations.language(code), knowledge, day))
    }
    faults |= {
        fault
        for language in translations.staff.values()
        for day in days_to_check(knowledge)
        for fault in _for_staff(Voice(language, knowledge, day))
    }
    return sorted(faults)


def days_to_check(knowledge: Knowledge) -> list[dt.date]:
    """Return the first day, and each later one on which an answer or a value changes."""
    days = {FIRST_DAY}
    days.update(day for topic in knowledge.topics.values() for day in topic.changes_on)
    days.update(day for fact in knowledge.facts.values() for day in fact.values)
    return sorted(day for day in days if day >= FIRST_DAY)


def _on_day(voice: Voice) -> Iterator[Fault]:
    folder = f"translations/{voice.language.code}"
    for topic_id in voice.knowledge.topics:
        yield from _comes_out(f"{folder}/topics/{topic_id}.yaml", voice, voice.answer, topic_id)
    for kind in URGENT_KINDS:
        yield from _comes_out(f"{folder}/urgency.yaml", voice, voice.urgent_card, kind)
    for card_id in voice.knowledge.cards.ids:
        yield from _comes_out(f"{folder}/cards.yaml", voice, voice.card, card_id)
    yield from _comes_out(f"{folder}/ui.yaml", voice, lambda _: voice.emergency_card(), "emergency")
    for table_id, table in voice.knowledge.tables.items():
        if table.holds_until and voice.day > table.holds_until:
            continue
        for row_id in table.rows:
            row = f"{table_id}.{row_id}"
            yield from _comes_out(
                f"{folder}/tables.yaml", voice, lambda _, r=row_id, t=table_id: voice.row(t, r), row
            )


def _for_staff(voice: Voice) -> Iterator[Fault]:
    folder = f"translations/{voice.language.code}"
    for card_id in voice.knowledge.cards.ids:
        yield from _comes_out(f"{folder}/cards.yaml", voice, voice.card, card_id)
    for kind in URGENT_KINDS:
        yield from _comes_out(f"{folder}/checklists.yaml", voice, voice.checklist, kind)
    if voice.language.staff_answers is not None:
        for topic_id in voice.language.topics:
            yield from _comes_out(f"{folder}/answers.yaml", voice, voice.short_answer, topic_id)


def _comes_out(file: str, voice: Voice, say: Callable[..., str], name: str) -> Iterator[Fault]:
    try:
        message = say(name)
    except UncoveredDayError as error:
        if not _expired(voice, error):
            wrong = f"{error.name} has no value on {voice.day}"
            yield Fault(
                file, name, wrong, "Add the value, or say the text for that day without it."
            )
        return
    length = len(html.unescape(_TAG.sub("", message)))
    if length > MESSAGE_LENGTH_MAX:
        wrong = f"the message has {length} characters; Telegram takes {MESSAGE_LENGTH_MAX}"
        yield Fault(file, name, wrong, "Say it shorter.")


def _expired(voice: Voice, error: UncoveredDayError) -> bool:
    """A value that must be looked at again by a day is a matter for `due`, not a fault."""
    fact = voice.knowledge.facts.get(error.name.removeprefix("fact "))
    return fact is not None and fact.holds_until is not None and voice.day > fact.holds_until
