"""What has come of a run: what arrived, compared with what was written."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from benchmarks.town import ALERT, GROUP, NUMBERED, UPGRADED, Town
from sandbox.markup import plain_text

# As the volunteers and as the people read it.
MARKS = ("(perhaps a repeat)", "(có thể bị lặp lại)")
NOT_DELIVERED = "not delivered"
_REFUSED = re.compile(rf"(\w{{5}}): a message .* {NOT_DELIVERED} \(they blocked")
NOT_PASSED_ON = "nobody got this reply"

Found = defaultdict[str, list[str]]
"""By the kind of fault: what it befell."""


@dataclass
class Judgement:
    """Looks at all chats of a town; `refused` is what Telegram would not bring to a person.

    `found` says what went wrong, `alarms_waited_s` how long each alarm that arrived took from the
    person to its alert in the group.
    """

    town: Town
    refused: list[tuple[int, str]]
    found: Found = field(default_factory=lambda: defaultdict(list))
    alarms_waited_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        groups = [chat for chat in (GROUP, UPGRADED) if chat in self.town.telegram.chats]
        self._in_group = [message for chat in groups for message in self.town.from_bot(chat)]
        self._owner = self._owners()
        self._judge_people()
        self._judge_alarms()
        self._judge_what_people_were_told()

    def _owners(self) -> dict[str, int]:
        """Whose case has which code: the bot says it to the person."""
        codes = {alert[1] for each in self._in_group if (alert := _alert_in(each))}
        return {
            code: person
            for person in self.town.people
            for message in self.town.from_bot(person)
            for code in codes
            if code in message.get("text", "")
        }

    def _person_of(self, to: int | str) -> int:
        return self._owner.get(to, 0) if isinstance(to, str) else to

    def _judge_people(self) -> None:
        found, town = self.found, self.town
        undeliverable = {(chat, _key(plain_text(text))) for chat, text in self.refused}
        answers = set(town.answers.values())
        replied: dict[int, list[str]] = defaultdict(list)
        for name, to in town.replies.items():
            replied[self._person_of(to)].append(name)
        vain = [*replied[0]]
        for person in town.people:
            got = [(_key(each.get("text", "")), _marked(each)) for each in town.from_bot(person)]
            expected = [town.answers[text] for text in town.asked[person]]
            come = [key for key, _ in got if key in answers]
            said = [key for key, _ in got if NUMBERED.fullmatch(key)]
            missing = set(expected) - set(come)
            refused = {key for key in missing if (person, key) in undeliverable}
            found["messages lost"] += missing - refused
            found["refused by who blocked the bot"] += refused
            found["out of order"] += _out_of_order(come, expected)
            found["out of order"] += _out_of_order(said, replied[person])
            found["wrong recipient"] += set(come) - set(expected)
            found["wrong recipient"] += set(said) - set(replied[person])
            vain += set(replied[person]) - set(said)
            _find_repeats(found, [each for each in got if each[0] in {*come, *said}])
        # Whoever replied in vain was told: of so many replies the volunteers know.
        staff_read = [message.get("text", "") for message in self._in_group]
        told = sum(NOT_DELIVERED in text or NOT_PASSED_ON in text for text in staff_read)
        found["replies that failed, volunteers told"] += vain[:told]
        found["staff replies lost"] += vain[told:]

    def _judge_alarms(self) -> None:
        found, town = self.found, self.town
        alerts = [
            (self._owner.get(alert[1], 0), each)
            for each in self._in_group
            if (alert := _alert_in(each))
        ]
        alerted = Counter(person for person, _ in alerts)
        marked = Counter(person for person, alert in alerts if _marked(alert))
        copies = [(alarm, _marked(each)) for each in self._in_group if (alarm := _alarm_in(each))]
        copied = {name for name, _ in copies}
        texts = [message.get("text", "") for message in self._in_group]
        # Of somebody who blocked the bot meanwhile the alert comes, and that their words did not.
        told = {self._owner.get(refused[1]) for text in texts if (refused := _REFUSED.search(text))}
        for name, person in town.alarms.items():
            if person not in alerted or (name not in copied and person not in told):
                found["alarms lost"].append(name)
            elif name not in copied:
                found["alarms without words, volunteers told"].append(name)
        _find_repeats(found, copies)
        raised = Counter(town.alarms.values())
        for person, times in alerted.items():
            surplus = max(0, times - raised[person])
            found["repeats, marked"] += ["alert"] * min(surplus, marked[person])
            found["repeats, unmarked"] += ["alert"] * max(0, surplus - marked[person])
        for name, person in town.alarms.items():
            written_s = town.alarmed_at_s[name]
            dates = [alert["date"] for whose, alert in alerts if whose == person]
            # Telegram's dates are whole seconds.
            waits = [max(0.0, date - written_s) for date in dates if date >= int(written_s)]
            self.alarms_waited_s += [min(waits)] if waits else []
        # Who replies has the case, so that a claim after it is told who has it.
        replied = {self._person_of(to) for to in town.replies.values()}
        kept = {message.get("text", "").partition(":")[0] for message in self._in_group}
        found["claims lost"] += {
            code
            for code in town.claims
            if self._owner.get(code) not in replied and code not in kept
        }

    def _judge_what_people_were_told(self) -> None:
        """That somebody has the case is said only to those whose case somebody took."""
        town = self.town
        taken = {self._person_of(to) for to in (*town.replies.values(), *town.claims)}
        for person in town.people:
            told = any(each.get("text") == town.says_claimed for each in town.from_bot(person))
            if told and person not in taken:
                self.found["told that somebody saw it, but nobody did"].append(str(person))


def _key(text: str) -> str:
    for mark in MARKS:
        text = text.removesuffix(mark)
    return text.rstrip("\n")


def _marked(message: dict[str, Any]) -> bool:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = [button["text"] for row in rows for button in row]
    return message.get("text", "").endswith(MARKS) or any(mark in buttons for mark in MARKS)


def _alert_in(message: dict[str, Any]) -> re.Match[str] | None:
    return ALERT.search(message.get("text", ""))


def _alarm_in(message: dict[str, Any]) -> str | None:
    """Return the number of the alarm that a message is the copy of."""
    number = None if _alert_in(message) else NUMBERED.search(message.get("text", ""))
    return number[0] if number else None


def _out_of_order(come: list[str], expected: list[str]) -> list[str]:
    """Return what came, for the first time, after something that should have followed it."""
    first = [key for key in dict.fromkeys(come) if key in expected]
    places = [expected.index(key) for key in first]
    return [key for at, key in enumerate(first) if places[at] < max(places[:at], default=-1)]


def _find_repeats(found: Found, got: list[tuple[str, bool]]) -> None:
    """Find what came more than once: all but one must carry the mark."""
    times = Counter(key for key, _ in got)
    unmarked = Counter(key for key, marked in got if not marked)
    for key, total in times.items():
        surplus = max(0, unmarked[key] - 1)
        found["repeats, unmarked"] += [key] * surplus
        found["repeats, marked"] += [key] * (total - 1 - surplus)
