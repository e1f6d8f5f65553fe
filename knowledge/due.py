"""What a human should look at: what nobody has checked lately, what ends soon, what is unsure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from knowledge.load import Knowledge, references

CHECK_AGAIN_AFTER_DAYS = 90
ENDS_WITHIN_DAYS = 180


def due_lines(knowledge: Knowledge, today: dt.date) -> list[str]:
    """Return one line for each thing to look at, the most pressing first."""
    return [*_ending(knowledge, today), *_unchecked(knowledge, today), *_unsure(knowledge)]


def _ending(knowledge: Knowledge, today: dt.date) -> Iterator[str]:
    ends: list[tuple[dt.date, str]] = []
    for name, fact in knowledge.facts.items():
        if fact.holds_until:
            ends.append((fact.holds_until, f"knowledge/facts/{name}.yaml"))
        ends += [
            (day, f"knowledge/facts/{name}.yaml")
            for day, value in fact.values.items()
            if value is None
        ]
    for name, table in knowledge.tables.items():
        if table.holds_until:
            ends.append((table.holds_until, f"knowledge/tables/{name}.yaml"))
    for name, contact in knowledge.contacts.items():
        if contact.until:
            ends.append((contact.until, f"knowledge/contacts/{name}.yaml"))
    for day, file in sorted(ends):
        days = (day - today).days
        if 0 <= days <= ENDS_WITHIN_DAYS:
            yield f"ends in {days} days ({day}): {file}"
        elif days < 0:
            yield f"ENDED on {day}: {file}"


def _unchecked(knowledge: Knowledge, today: dt.date) -> Iterator[str]:
    checked: list[tuple[dt.date, str]] = []

    def add(folder: str, days: Mapping[str, dt.date]) -> None:
        checked.extend((day, f"knowledge/{folder}/{name}.yaml") for name, day in days.items())

    add("topics", {name: topic.checked for name, topic in knowledge.topics.items()})
    add("facts", {name: fact.checked for name, fact in knowledge.facts.items()})
    add("contacts", {name: contact.checked for name, contact in knowledge.contacts.items()})
    add("tables", {name: table.checked for name, table in knowledge.tables.items()})
    for day, file in sorted(checked):
        days = (today - day).days
        if days > CHECK_AGAIN_AFTER_DAYS:
            yield f"not checked for {days} days: {file}"


def _unsure(knowledge: Knowledge) -> Iterator[str]:
    for file, key, reference in references(knowledge):
        if reference.certainty != "verified":
            yield f"{reference.certainty}: {file}: {key}"
    for name, contact in knowledge.contacts.items():
        for number, line in enumerate(contact.lines):
            if line.certainty != "verified":
                yield f"{line.certainty}: knowledge/contacts/{name}.yaml: lines.{number}"
