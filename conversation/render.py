"""The one place where texts become messages: HTML as Telegram takes it.

Texts hold no markup; whatever comes from a text, a fact or a person is escaped here.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from html import escape

from conversation.messages import Button
from errors import UncoveredDayError
from knowledge.files import on_day
from knowledge.load import Knowledge
from knowledge.schema import Contact, LawReference, Topic, UrgentKind
from translations.fill import (
    PLACEHOLDER,
    fill,
    format_hours,
    format_value,
    language_names,
    lines_for,
    long_date,
)
from translations.load import Language

SOURCES_SHOWN_MAX = 4
LINES_SHOWN_MAX = 2


@dataclass(frozen=True)
class Voice:
    """One language on one day (a calendar day in Japan): says texts, answers and cards."""

    language: Language
    knowledge: Knowledge
    day: dt.date

    def label(self, key: str, **values: str) -> str:
        """Return a fixed message as plain text, for buttons and commands."""

        def value(match: re.Match[str]) -> str:
            # What comes in as a value may hold braces of its own: it is never filled again.
            name = match.group(1)
            return values[name] if name in values else self._fill(match.group(0))

        return PLACEHOLDER.sub(value, self.language.ui[key])

    def say(self, key: str, **values: str) -> str:
        """Return a fixed message as HTML; `values` are filled in and escaped."""
        return escape(self.label(key, **values), quote=False)

    def button(self, key: str, data: str) -> Button:
        return Button(self.label(key), data)

    def answer(self, topic_id: str) -> str:
        """Return the whole answer: what holds, what to do, whom to call; the rest folded away.

        Raises UncoveredDayError where a fact of it has no value on the day.
        """
        topic = self.knowledge.topics[topic_id]
        text = self.language.topics[topic_id]
        answer = text.answer
        parts = [f"<b>{escape(text.title)}</b>\n{self._html(on_day(answer.short, self.day))}"]
        parts.append(f"<b>{self.say('what-to-do')}</b>\n" + self._steps(answer.steps))
        if answer.careful is not None:
            careful = self._html(on_day(answer.careful, self.day))
            parts.append(f"⚠️ <b>{self.say('careful')}</b> {careful}")
        for day, coming in sorted(answer.coming.items()):
            if day > self.day:
                when = self.say("coming", date=long_date(day, self.language))
                on_that_day = Voice(self.language, self.knowledge, day)
                parts.append(f"🗓 <b>{when}</b> {on_that_day._html(coming)}")
        if topic.contacts:
            parts.append(f"<b>{self.say('whom-to-call')}</b>\n" + self.contacts(topic.contacts))
        points = self._list("•", on_day(answer.points, self.day))
        folded = f"<b>{self.say('good-to-know')}</b>\n{points}"
        grounds = self._grounds(topic, text.state == "draft")
        parts.append(f"<blockquote expandable>{folded}\n\n{grounds}</blockquote>")
        return "\n\n".join(parts)

    def short_answer(self, topic_id: str) -> str:
        """Return the sentence or two of an answer that answer.

        Raises UncoveredDayError where a fact of it has no value on the day.
        """
        return self._html(on_day(self.language.topics[topic_id].answer.short, self.day))

    def contacts(self, contact_ids: tuple[str, ...]) -> str:
        """Return contacts, a line or two each, with the numbers that serve the language."""
        holders: dict[str, Contact] = {}
        for contact_id in contact_ids:
            try:
                holder_id, holder = self.knowledge.contact_on(contact_id, self.day)
            except UncoveredDayError:
                continue
            holders[holder_id] = holder
        return "\n".join(self._contact(name, holder) for name, holder in holders.items())

    def urgent_card(self, kind: UrgentKind) -> str:
        """Return what is said first to somebody in this danger, and whom to call."""
        text = self.language.urgency.kinds[kind]
        entry = self.knowledge.urgent[kind]
        return "\n\n".join(
            [
                f"🆘 {self._html(text.say_first)}",
                self._list("•", text.steps),
                f"<b>{self.say('urgent-call')}</b>\n{self.contacts(entry.contacts)}",
                f"<i>{self.say('urgent-machine')}</i>",
            ]
        )

    def card(self, card_id: str) -> str:
        """Return what a volunteer sends by one press.

        Raises UncoveredDayError where a fact of it has no value on the day.
        """
        return self._html(self.language.cards.cards[card_id].text)

    def checklist(self, kind: UrgentKind) -> str:
        """Return what a volunteer asks, does and avoids in the first quarter of an hour."""
        assert self.language.checklists is not None
        text = self.language.checklists.kinds[kind]
        name = self.language.urgency.kinds[kind].name
        return "\n\n".join(
            [
                f"<b>{self.say('staff-checklist-of', kind=name)}</b>",
                f"<b>{self.say('staff-checklist-ask')}</b>\n{self._list('☐', text.ask)}",
                f"<b>{self.say('staff-checklist-do')}</b>\n{self._list('☐', text.do)}",
                f"<b>{self.say('staff-checklist-avoid')}</b>\n{self._list('✗', text.avoid)}",
            ]
        )

    def emergency_card(self) -> str:
        """Return the card that is one tap away everywhere."""
        own = self.label("language-in-japanese")
        return "\n\n".join(
            [
                f"🆘 {self.say('emergency', language_in_japanese=own)}",
                f"<b>{self.say('emergency-say')}</b>\n{self.say('emergency-japanese')}",
                self.say("emergency-human"),
            ]
        )

    def row(self, table_id: str, row_id: str) -> str:
        """Return one row of a table in a sentence, with what is coming for it."""
        table = self.knowledge.tables[table_id]
        row = table.rows[row_id]
        name = self.language.tables[table_id][row_id].name
        begins = min(min(values) for values in row.values.values())
        on = max(self.day, begins)
        lines = [self.say(f"row-{table_id}", name=name, **self._row_values(table_id, row_id, on))]
        if on > self.day:
            date = long_date(on, self.language)
            lines.append(self.say(f"row-{table_id}-only", date=date))
        for day in sorted({day for values in row.values.values() for day in values}):
            if day > on:
                date = long_date(day, self.language)
                values = self._row_values(table_id, row_id, day)
                lines.append(self.say(f"row-{table_id}-next", date=date, name=name, **values))
        newest = row.references[max(day for day in row.references if day <= on)]
        if newest.certainty != "verified":
            lines.append(f"⚠️ {self.say('row-careful')}")
        return "\n".join(lines)

    def _row_values(self, table_id: str, row_id: str, day: dt.date) -> dict[str, str]:
        columns = self.knowledge.tables[table_id].columns
        values = {}
        for column, value in self.knowledge.row_on(table_id, row_id, day).items():
            shown = format_value(value, columns[column], self.language)
            values[column] = self.language.ui.get(f"value-{shown}", shown)
        return values

    def _html(self, text: str) -> str:
        return escape(self._fill(text), quote=False)

    def _fill(self, text: str) -> str:
        return fill(text, self.language, self.knowledge, self.day)

    def _list(self, mark: str, texts: tuple[str, ...]) -> str:
        return "\n".join(f"{mark} {self._html(text)}" for text in texts)

    def _steps(self, steps: dict[dt.date, tuple[str, ...]]) -> str:
        numbered = enumerate(on_day(steps, self.day), start=1)
        return "\n".join(f"{number}. {self._html(step)}" for number, step in numbered)

    def _contact(self, contact_id: str, contact: Contact) -> str:
        name = f"<b>{escape(self.language.contacts[contact_id].name)}</b>"
        what_for = escape(self.language.contacts[contact_id].what_for)
        spoken = lines_for(contact, self.language.code)
        lines = spoken or contact.lines
        if not lines:
            where = f" {escape(contact.web)}" if contact.web else ""
            number = f" ({self.say('no-number')})" if contact.kind != "office" else ""
            return f"{name}{number}: {what_for}{where}"
        numbers = []
        for line in lines[:LINES_SHOWN_MAX]:
            notes = [] if contact.cost == "unknown" else [self.say(f"cost-{contact.cost}")]
            if self.language.code in line.by_interpreter:
                notes.append(self.say("by-interpreter"))
            elif not spoken:
                spoken_there = language_names(line.languages, self.language)
                notes.append(self.say("in-languages", languages=spoken_there))
            if isinstance(line.hours, str):
                notes.append(self.say(f"hours-{line.hours}"))
            else:
                notes.append("; ".join(format_hours(each, self.language) for each in line.hours))
            numbers.append(f"📞 {line.phone} ({escape(', '.join(notes))})")
        return f"{name}: {what_for}\n" + "\n".join(numbers)

    def _grounds(self, topic: Topic, draft: bool) -> str:
        holding = [
            statement
            for statement in topic.statements
            if (statement.from_ is None or statement.from_ <= self.day)
            and (statement.until is None or statement.until >= self.day)
        ] or list(topic.statements)
        laws = dict.fromkeys(self._law(law) for each in holding for law in each.law)
        sources = dict.fromkeys(source for each in holding for source in each.sources)
        official = sorted(sources, key=lambda name: not self.knowledge.sources[name].official)
        shown = (self._source(name) for name in official[:SOURCES_SHOWN_MAX])
        lines = []
        if laws:
            lines.append(self.say("law", law="; ".join(laws)))
        lines.append(self.say("checked", date=long_date(topic.checked, self.language)))
        if official:
            lines.append(f"{self.say('sources', sources='')}{'; '.join(shown)}")
        if any(statement.certainty == "memory" for statement in holding):
            lines.append(self.say("statute-not-opened"))
        if draft:
            lines.append(self.say("draft"))
        return "\n".join(lines)

    def _law(self, law: LawReference) -> str:
        name = self.language.laws[law.act]
        japanese = self.knowledge.laws[law.act].name_ja
        articles = f" {self.label('article', articles=law.articles)}" if law.articles else ""
        return f"{name} ({japanese}){articles}"

    def _source(self, name: str) -> str:
        source = self.knowledge.sources[name]
        title = escape(source.title if len(source.title) <= 80 else source.title[:79] + "…")
        if source.url is None:
            return title
        return f'<a href="{escape(source.url)}">{title}</a>'
