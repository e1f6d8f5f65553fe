"""Placeholders -> values, as the language writes them.

`{fact-id}` is the fact's value on the day asked for, `{fact-id@2027-04-01}` its value on that day,
`{contact:otit}` the name of the office that holds the post that day, `{phone:police}` its number.
Values come without their unit: the text writes the word.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from babel import Locale
from babel.dates import format_date, get_day_names
from babel.numbers import format_decimal

from errors import UncoveredDayError
from knowledge.load import Knowledge
from knowledge.schema import Contact, FactValue, Hours, Line, Unit, Weekday
from translations.load import Language

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Placeholder:
    """What stands between braces: `kind` fact, contact or phone; `day` only where one is named."""

    kind: str
    name: str
    day: dt.date | None


def placeholders(text: str) -> Iterator[Placeholder]:
    """Yield the placeholders of a text; raises ValueError for a day that is none."""
    for inner in PLACEHOLDER.findall(text):
        yield _parse(inner)


def _parse(inner: str) -> Placeholder:
    name, _, day = inner.partition("@")
    kind, colon, rest = name.partition(":")
    moment = dt.date.fromisoformat(day) if day else None
    return Placeholder(kind, rest, moment) if colon else Placeholder("fact", name, moment)


def fill(text: str, language: Language, knowledge: Knowledge, day: dt.date) -> str:
    """Return the text with its placeholders filled for `day` (a calendar day in Japan).

    Raises UncoveredDayError where a fact or contact has no value, KeyError for an unknown id.
    """

    def value(match: re.Match[str]) -> str:
        found = _parse(match.group(1))
        on = found.day or day
        if found.kind == "contact":
            return contact_name(found.name, language, knowledge, on)
        if found.kind == "phone":
            return phone(found.name, language, knowledge, on)
        if found.kind == "fact":
            return format_value(*knowledge.value_on(found.name, on), language)
        raise KeyError(match.group(0))

    return PLACEHOLDER.sub(value, text)


def contact_name(contact_id: str, language: Language, knowledge: Knowledge, day: dt.date) -> str:
    """Return the name, in this language, of the office that holds the post on `day`."""
    holder, _ = knowledge.contact_on(contact_id, day)
    return language.contacts[holder].name


def phone(contact_id: str, language: Language, knowledge: Knowledge, day: dt.date) -> str:
    """Return the number on `day` that serves this language, else the first one."""
    _, contact = knowledge.contact_on(contact_id, day)
    lines = lines_for(contact, language.code) or contact.lines
    if not lines:
        raise UncoveredDayError(f"phone of {contact_id}", day)
    return lines[0].phone


def lines_for(contact: Contact, code: str) -> tuple[Line, ...]:
    """Return the contact's lines that answer in this language, itself or by an interpreter."""
    return tuple(
        line for line in contact.lines if code in line.languages or code in line.by_interpreter
    )


def format_value(value: FactValue, unit: Unit, language: Language) -> str:
    """Return a value as the language writes it, without its unit."""
    locale = babel_locale(language.code)
    if isinstance(value, dt.date):
        return long_date(value, language)
    if unit in ("time", "level", "name") or isinstance(value, str):
        return str(value)
    if value is None:
        raise ValueError("a rule that has ended has no value to write")
    return str(format_decimal(value, locale=locale))


def long_date(day: dt.date, language: Language) -> str:
    """Return the day in the Gregorian calendar, as the language writes it ("1 April 2027")."""
    pattern = language.ui["date-format"]
    return str(format_date(day, format=pattern, locale=babel_locale(language.code)))


def format_hours(hours: Hours, language: Language) -> str:
    """Return opening hours such as "Mon–Fri 11:00–19:00"."""
    names = get_day_names("abbreviated", context="format", locale=babel_locale(language.code))
    numbers = [_WEEKDAYS.index(day) for day in hours.days]
    in_a_row = len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1))
    shown = [numbers[0], numbers[-1]] if in_a_row else numbers
    days = ("–" if in_a_row else ", ").join(str(names[number]) for number in shown)
    return f"{days} {hours.opens}–{hours.closes}"


def language_names(codes: Iterable[str], language: Language) -> str:
    """Return the names of languages ("Japanese, Vietnamese") as this language writes them."""
    names = babel_locale(language.code).languages
    return ", ".join(str(names.get(code, code)) for code in codes)


def babel_locale(code: str) -> Locale:
    """Return Babel's locale; English is written the British way, day before month."""
    return Locale.parse("en_GB" if code == "en" else code)
