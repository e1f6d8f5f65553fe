"""How people and volunteers use this bot, and how they use the plain relay."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from benchmarks.shift import GROUP, Work
from cases.model import Outcome
from sandbox.telegram import Telegram

# So many of the newest that nobody seems to have are on a volunteer's screen.
ON_SCREEN = 10
# How long somebody waits for a button or for the answer to a press, looking this often.
PATIENCE_S = 120.0
CLOSES_WITHIN_S = 7200.0
LOOKS_EVERY_S = 2.0
CODE = re.compile(r"\b[A-Z2-9]{5}\b")
ALERT = re.compile(r"(?:🔴 ALARM|🔴 AGAIN|🟡) (\w{5})")
OFFERED = re.compile(r"case:(?:claim|close):(\w{5})")
NEXT = "queue:next"
NUMBERED = re.compile(r"\bmsg-\d+\b")

Message = dict[str, Any]


class _Group:
    """Reads the staff group as it grows."""

    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram
        self._messages = telegram.chats[GROUP].messages
        self._read = 0

    def news(self) -> Iterator[Message]:
        """Yield what was written since the last time."""
        new = list(islice(self._messages.values(), self._read, None))
        self._read += len(new)
        yield from new

    async def write(self, volunteer: int, text: str, to: Message | None, topic: int | None) -> None:
        reply_to = to["message_id"] if to is not None else None
        await self.telegram.write(GROUP, volunteer, text, reply_to=reply_to, topic_id=topic)


class KakekomiDesk:
    """The board's button deals the next case; before it stands there an alert is claimed.

    `kinds` are the kinds of danger as an alert names them, the most urgent first; `has_it` is what
    whoever may take a case is told.
    """

    def __init__(self, telegram: Telegram, kinds: Sequence[str], has_it: str) -> None:
        self._telegram = telegram
        self._has_it = has_it
        self._kinds = kinds
        self._group = _Group(telegram)
        self._alerts: dict[str, Message] = {}
        self._board: Message | None = None

    async def ask_for_human(self, person: int) -> None:
        """Ask by the command, and agree as soon as the bot asks whether to pass it on."""
        await self._telegram.write(person, person, "/human")
        messages = self._telegram.chats[person].messages

        def agree() -> int | None:
            shown = (each for each in messages.values() if _has_button(each, "human-yes"))
            return next((int(each["message_id"]) for each in shown), None)

        for _ in range(int(PATIENCE_S / LOOKS_EVERY_S)):
            if (message_id := agree()) is not None:
                await self._telegram.press(person, person, message_id, "human-yes")
                return
            await asyncio.sleep(LOOKS_EVERY_S)

    def on_screen(self, passed: set[int]) -> list[Work]:
        """Return the board, or the newest alerts below which a button offers the case."""
        self._read()
        if self._board is not None:
            return [Work("", self._board, 0)]
        offered = (
            Work(code, alert, self._risk(alert["text"]))
            for code, alert in reversed(self._alerts.items())
            if alert["message_id"] not in passed and _has_button(alert, f"case:claim:{code}")
        )
        return list(islice(offered, ON_SCREEN))

    async def take(self, volunteer: int, work: Work) -> Work | None:
        """Press Next or Claim; the pop-up says which case one has now, if any."""
        data = f"case:claim:{work.case}" if work.case else NEXT
        press = await self._telegram.press(GROUP, volunteer, int(work.post["message_id"]), data)
        for _ in range(int(PATIENCE_S / LOOKS_EVERY_S)):
            told = [each["text"] for each in self._telegram.popups if each["id"] == press]
            if told and work.case:
                return work if told[0] == self._has_it else None
            if told:
                dealt = CODE.search(told[0])
                return Work(dealt[0], work.post, 0) if dealt else None
            await asyncio.sleep(LOOKS_EVERY_S)
        return None

    async def reply(self, volunteer: int, work: Work, text: str) -> None:
        """Reply to the alert; a case may be dealt before its alert is there."""
        alert = await self._alert(work.case)
        await self._group.write(volunteer, text, alert, alert.get("message_thread_id"))

    async def _alert(self, case: str) -> Message:
        while case not in self._alerts:
            await asyncio.sleep(LOOKS_EVERY_S)
            self._read()
        return self._alerts[case]

    async def note(self, volunteer: int, work: Work, text: str) -> None:
        alert = await self._alert(work.case)
        await self._group.write(volunteer, text, None, alert.get("message_thread_id"))

    async def close(self, volunteer: int, work: Work) -> None:
        """Press Close, and what came of it once the buttons for that stand there."""
        alert = await self._alert(work.case)
        helped = f"case:outcome:{work.case}:{Outcome.HELPED.value}"
        post = int(alert["message_id"])
        await self._telegram.press(GROUP, volunteer, post, f"case:close:{work.case}")
        for _ in range(int(CLOSES_WITHIN_S / LOOKS_EVERY_S)):
            await asyncio.sleep(LOOKS_EVERY_S)
            if _has_button(alert, helped):
                await self._telegram.press(GROUP, volunteer, post, helped)
                return

    def _read(self) -> None:
        for message in self._group.news():
            if _has_button(message, NEXT):
                self._board = message
            offered = OFFERED.search(str(message.get("reply_markup", "")))
            if offered:
                # The newest alert, reminder or call of a case stands where the newest stand.
                self._alerts.pop(offered[1], None)
                self._alerts[offered[1]] = message

    def _risk(self, text: str) -> int:
        """Find the kind of danger that an alert names, or a reminder in brackets."""
        first = text.partition("\n")[0]
        named = (f": {kind}" in first or f"({kind})" in first for kind in self._kinds)
        return next((place for place, is_it in enumerate(named) if is_it), len(self._kinds))


class RelayDesk:
    """Topics of people; a topic in which no volunteer has written yet is answered.

    `cries` are the numbers of the messages of danger: a volunteer sees it as soon as they stand
    there, without an alert.
    """

    def __init__(self, telegram: Telegram, cries: frozenset[str]) -> None:
        self._telegram = telegram
        self._cries = cries
        self._group = _Group(telegram)
        self._unanswered: dict[int, Work] = {}
        self._answered: set[int] = set()

    async def ask_for_human(self, person: int) -> None:
        """Whoever writes to a relay writes to humans."""

    def on_screen(self, passed: set[int]) -> list[Work]:
        """Return the newest topics."""
        self._read()
        newest = reversed(self._unanswered.values())
        return list(islice((w for w in newest if w.post["message_id"] not in passed), ON_SCREEN))

    async def take(self, volunteer: int, work: Work) -> Work | None:  # noqa: ARG002 - of the protocol
        """Nothing says that somebody else is typing already."""
        return work

    async def reply(self, volunteer: int, work: Work, text: str) -> None:
        await self._group.write(volunteer, text, None, int(work.case))

    async def note(self, volunteer: int, work: Work, text: str) -> None:
        """A relay has no notes: what is written in a topic goes to the person."""

    async def close(self, volunteer: int, work: Work) -> None:
        """A relay has nothing to close."""

    def _read(self) -> None:
        for message in self._group.news():
            topic = message.get("message_thread_id")
            if topic is None or "forum_topic_created" in message:
                continue
            if message["from"]["id"] != self._telegram.bot.id:
                self._answered.add(topic)
                self._unanswered.pop(topic, None)
            elif topic not in self._answered:
                cry = bool(self._cries.intersection(NUMBERED.findall(message.get("text", ""))))
                new = Work(str(topic), message, 0 if cry else 1)
                self._unanswered.setdefault(topic, new)


def _has_button(message: Message, data: str) -> bool:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return any(button.get("callback_data") == data for row in rows for button in row)
