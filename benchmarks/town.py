"""People who write and volunteers who answer, and what must come of it.

Everything written is told apart by its answer or by a number in it, so that what arrived can be
compared with what was sent without looking into the bot.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from sandbox.markup import plain_text
from sandbox.telegram import Telegram, User

GROUP = -1000000000001
UPGRADED = -1000000000002
FIRST_PERSON = 500_001
VOLUNTEERS = (601, 602, 603)
# Every fourth person may be in danger.
IN_DANGER_EACH = 4
# As the volunteers and as the people read it.
MARKS = ("(perhaps a repeat)", "(có thể bị lặp lại)")
NOT_DELIVERED = "not delivered"
NOT_PASSED_ON = "nobody got this reply"

_ALERT = re.compile(r"(?:ALARM|AGAIN) (\w{5})")
_NUMBERED = re.compile(r"\b(alarm|reply|note)-\d+\b")

Found = defaultdict[str, list[str]]
"""By the kind of fault: what it befell."""


@dataclass
class Town:
    """`answers` says, for each message that may be written, the text that must come back."""

    telegram: Telegram
    rng: random.Random
    people: range
    answers: dict[str, str]
    group: int = GROUP
    asked: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    alarms: dict[str, int] = field(default_factory=dict)
    replies: dict[str, int | str] = field(default_factory=dict)
    """To whom each reply of a volunteer goes: a person, or the code of a case."""
    claims: Counter[str] = field(default_factory=Counter)
    _handled: set[tuple[int, int]] = field(default_factory=set)
    _number: int = 0

    # --- what people and volunteers do

    async def somebody_asks(self) -> None:
        """A person writes one to three messages that they never wrote before."""
        person = self._somebody(self.people)
        # With a volunteer in the chat the bot answers commands only.
        unasked = [
            text
            for text in self.answers
            if text not in self.asked[person]
            and (text.startswith("/") or person not in self._in_danger)
        ]
        for text in self.rng.sample(unasked, min(len(unasked), self.rng.randint(1, 3))):
            self.asked[person].append(text)
            await self.telegram.write(person, person, text)

    async def somebody_is_in_danger(self) -> None:
        person, name = self._somebody(self._in_danger), self._name("alarm")
        self.alarms[name] = person
        await self.telegram.write(person, person, f"ông chủ đánh em chảy máu, cứu em với {name}")

    async def volunteers_work(self) -> None:
        """Each alert and each copied alarm that is new is claimed, replied to, or left."""
        for message in self._bots(self.group):
            known = (self.group, message["message_id"])
            text = message.get("text", "")
            code, alarm = _ALERT.search(text), _NUMBERED.search(text)
            if known in self._handled or not (code or alarm):
                continue
            self._handled.add(known)
            what = self.rng.choice(("reply", "reply", "claim", "note"))
            if what == "claim" and code:
                self.claims[code[1]] += 1
                data = f"case:claim:{code[1]}"
                await self.telegram.press(self.group, VOLUNTEERS[0], known[1], data)
            elif what == "note":
                await self._write_in_group(self._name("note"), None, message)
            else:
                name = self._name("reply")
                self.replies[name] = code[1] if code else self.alarms[alarm[0]] if alarm else 0
                await self._write_in_group(name, known[1], message)

    async def group_is_upgraded(self) -> None:
        """The group becomes a supergroup with topics and a new id, as Telegram does it."""
        old = self.telegram.chats[self.group]
        members = [self.telegram.users[each] for each in old.members]
        self.telegram.add_group(UPGRADED, "volunteers", members, forum=True)
        old.moved_to = UPGRADED
        self.group = UPGRADED
        somebody = VOLUNTEERS[0]
        await self.telegram.write(old.id, somebody, content={"migrate_to_chat_id": UPGRADED})
        await self.telegram.write(UPGRADED, somebody, content={"migrate_from_chat_id": old.id})

    def topic_is_deleted(self) -> None:
        topics = self.telegram.chats[self.group].topics
        if topics:
            del topics[self.rng.choice(list(topics))]

    async def _write_in_group(
        self, text: str, reply_to: int | None, message: dict[str, Any]
    ) -> None:
        await self.telegram.write(
            self.group,
            self.rng.choice(VOLUNTEERS),
            text,
            reply_to=reply_to,
            topic_id=message.get("message_thread_id"),
        )

    @property
    def _in_danger(self) -> range:
        return self.people[::IN_DANGER_EACH]

    def _somebody(self, among: range) -> int:
        reachable = [each for each in among if not self.telegram.chats[each].blocked]
        return self.rng.choice(reachable)

    def _name(self, what: str) -> str:
        self._number += 1
        return f"{what}-{self._number}"

    def _bots(self, chat: int) -> list[dict[str, Any]]:
        mine = self.telegram.bot.id
        messages = self.telegram.chats[chat].messages.values()
        return [each for each in messages if each["from"]["id"] == mine]

    # --- what has come of it

    def judged(self, refused: list[tuple[int, str]]) -> Found:
        """Say what went wrong; `refused` is what Telegram would not bring to a person."""
        found: Found = defaultdict(list)
        undeliverable = {(chat, _key(plain_text(text))) for chat, text in refused}
        groups = [chat for chat in (GROUP, UPGRADED) if chat in self.telegram.chats]
        in_group = [message for chat in groups for message in self._bots(chat)]
        texts = [message.get("text", "") for message in in_group]
        owner = self._owners({alert[1] for text in texts if (alert := _ALERT.search(text))})
        self._judge_people(found, undeliverable, owner, texts)
        self._judge_alarms(found, owner, in_group)
        return found

    def _owners(self, codes: set[str]) -> dict[str, int]:
        """Whose case has which code: the bot says it to the person."""
        return {
            code: person
            for person in self.people
            for message in self._bots(person)
            for code in codes
            if code in message.get("text", "")
        }

    def _judge_people(
        self,
        found: Found,
        undeliverable: set[tuple[int, str]],
        owner: dict[str, int],
        staff_read: list[str],
    ) -> None:
        answers = set(self.answers.values())
        replied: dict[int, list[str]] = defaultdict(list)
        for name, to in self.replies.items():
            replied[owner.get(to, 0) if isinstance(to, str) else to].append(name)
        vain = [*replied[0]]
        for person in self.people:
            got = [(_key(each.get("text", "")), _marked(each)) for each in self._bots(person)]
            expected = [self.answers[text] for text in self.asked[person]]
            come = [key for key, _ in got if key in answers]
            said = [key for key, _ in got if _NUMBERED.fullmatch(key)]
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
        told = sum(NOT_DELIVERED in text or NOT_PASSED_ON in text for text in staff_read)
        found["replies that failed, volunteers told"] += vain[:told]
        found["staff replies lost"] += vain[told:]

    def _judge_alarms(
        self, found: Found, owner: dict[str, int], in_group: list[dict[str, Any]]
    ) -> None:
        alerts = [
            (owner.get(alert[1], 0), _marked(each))
            for each in in_group
            if (alert := _alert_in(each))
        ]
        alerted = Counter(person for person, _ in alerts)
        marked = Counter(person for person, is_marked in alerts if is_marked)
        copies = [(alarm[0], _marked(each)) for each in in_group if (alarm := _alarm_in(each))]
        copied = {name for name, _ in copies}
        found["alarms lost"] += [
            name
            for name, person in self.alarms.items()
            if person not in alerted or name not in copied
        ]
        _find_repeats(found, copies)
        raised = Counter(self.alarms.values())
        for person, times in alerted.items():
            surplus = max(0, times - raised[person])
            found["repeats, marked"] += ["alert"] * min(surplus, marked[person])
            found["repeats, unmarked"] += ["alert"] * max(0, surplus - marked[person])
        # Who replies has the case, so that a claim after it is told who has it.
        replied = {owner.get(to, to) if isinstance(to, str) else to for to in self.replies.values()}
        kept = {message.get("text", "").partition(":")[0] for message in in_group}
        found["claims lost"] += {
            code for code in self.claims if owner.get(code) not in replied and code not in kept
        }


def add_people(telegram: Telegram, count: int) -> range:
    """Add people and the volunteers' group, which is a plain one still; return the people."""
    people = range(FIRST_PERSON, FIRST_PERSON + count)
    for person in people:
        telegram.add_person(User(person, "Somebody", "vi"))
    volunteers = [User(number, f"Volunteer{number}") for number in VOLUNTEERS]
    telegram.add_group(GROUP, "volunteers", volunteers, forum=False)
    return people


def _key(text: str) -> str:
    for mark in MARKS:
        text = text.removesuffix(mark)
    return text.rstrip("\n")


def _marked(message: dict[str, Any]) -> bool:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = [button["text"] for row in rows for button in row]
    return message.get("text", "").endswith(MARKS) or any(mark in buttons for mark in MARKS)


def _alert_in(message: dict[str, Any]) -> re.Match[str] | None:
    return _ALERT.search(message.get("text", ""))


def _alarm_in(message: dict[str, Any]) -> re.Match[str] | None:
    return None if _alert_in(message) else _NUMBERED.search(message.get("text", ""))


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
