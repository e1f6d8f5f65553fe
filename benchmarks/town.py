"""People who write and volunteers who answer.

Everything written is told apart by its answer or by a number in it, so that `judgement` can compare
what arrived with what was sent, without looking into the bot.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from sandbox.telegram import Telegram, User

GROUP = -1000000000001
UPGRADED = -1000000000002
FIRST_PERSON = 500_001
VOLUNTEERS = (601, 602, 603)
# Every fourth person may be in danger.
IN_DANGER_EACH = 4

ALERT = re.compile(r"(?:ALARM|AGAIN) (\w{5})")
NUMBERED = re.compile(r"\b(alarm|reply|note)-\d+\b")


@dataclass
class Town:
    """`answers` says, for each message that may be written, the text that must come back;
    `says_claimed` is how a person reads that a volunteer has their case."""

    telegram: Telegram
    rng: random.Random
    people: range
    answers: dict[str, str]
    says_claimed: str = ""
    group: int = GROUP
    group_is_away: bool = False
    """Whether nobody can write in the group: it is deleted, or the bot removed from it."""
    asked: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    alarms: dict[str, int] = field(default_factory=dict)
    alarmed_at_s: dict[str, float] = field(default_factory=dict)
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
        self.alarmed_at_s[name] = time.time()
        await self.telegram.write(person, person, f"ông chủ đánh em chảy máu, cứu em với {name}")

    async def volunteers_work(self) -> None:
        """Each alert and each copied alarm that is new is claimed, replied to, or left."""
        if self.group_is_away:
            return
        for message in self.from_bot(self.group):
            known = (self.group, message["message_id"])
            text = message.get("text", "")
            code, alarm = ALERT.search(text), NUMBERED.search(text)
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
        while self.telegram.chats[somebody := self.rng.choice(among)].blocked:
            pass
        return somebody

    def _name(self, what: str) -> str:
        self._number += 1
        return f"{what}-{self._number}"

    def from_bot(self, chat: int) -> list[dict[str, Any]]:
        """Return what the bot wrote in a chat, oldest first."""
        mine = self.telegram.bot.id
        messages = self.telegram.chats[chat].messages.values()
        return [each for each in messages if each["from"]["id"] == mine]


def add_people(telegram: Telegram, count: int) -> range:
    """Add people and the volunteers' group, which is a plain one still; return the people."""
    people = range(FIRST_PERSON, FIRST_PERSON + count)
    for person in people:
        telegram.add_person(User(person, "Somebody", "vi"))
    volunteers = [User(number, f"Volunteer{number}") for number in VOLUNTEERS]
    telegram.add_group(GROUP, "volunteers", volunteers, forum=False)
    return people
