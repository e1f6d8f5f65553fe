"""The self-test: what is wrong with the bot's surroundings, said in the group once."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from conversation.render import Voice
from desk.groups import Groups
from desk.steps import Desk
from errors import StorageError
from storage.locks import holding
from storage.outbox import Outgoing, Purpose, enqueue
from storage.staff_chats import flaws_told, note_flaws_told

log = structlog.get_logger()

# What waits from before the start is sent first.
FIRST_AFTER_S = 3.0
# So soon is said that something is mended.
LOOK_EVERY_S = 300.0
# Deadlines are in minutes: less makes no difference.
CLOCK_OFF_MAX = dt.timedelta(seconds=30)
_OF_THE_MACHINE = ("not-loaded", "clock-slow", "clock-fast")


@dataclass(frozen=True)
class Surroundings:
    """What Telegram says of the group and of the bot in it. `rights` are those that the bot has as
    an administrator, by the Bot API's names, None where it is none; `reads_all` says that privacy
    mode is off; `telegram_time` is what time it is there."""

    is_forum: bool
    rights: frozenset[str] | None
    reads_all: bool
    telegram_time: dt.datetime | None


@dataclass(frozen=True)
class Flaw:
    """Something that somebody must mend: `kind` names its text, `what` is filled in."""

    kind: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.what}"


def flaws(seen: Surroundings, not_loaded: Sequence[str], now: dt.datetime) -> tuple[Flaw, ...]:
    """Return what is wrong, what the group can mend first; `not_loaded` are languages of the
    settings that nobody is offered."""
    found = [] if seen.is_forum else ["not-a-forum"]
    if seen.rights is None:
        found += ["no-administrator"] if seen.reads_all else ["no-administrator", "privacy-mode"]
    else:
        needed = [("can_delete_messages", "no-delete"), ("can_pin_messages", "no-pin")]
        needed += [("can_manage_topics", "no-topics")] if seen.is_forum else []
        found += [kind for right, kind in needed if right not in seen.rights]
    all_found = [Flaw(kind) for kind in found]
    if not_loaded:
        all_found.append(Flaw("not-loaded", ", ".join(not_loaded)))
    if seen.telegram_time is not None and abs(now - seen.telegram_time) > CLOCK_OFF_MAX:
        all_found.append(Flaw("clock-fast" if now > seen.telegram_time else "clock-slow"))
    return tuple(all_found)


def told(voice: Voice, found: Sequence[Flaw]) -> str:
    """Return what the group reads, as HTML: each flaw with how to mend it."""
    if not found:
        return voice.say("staff-self-test-mended")
    lines = [f"• {voice.say(f'staff-flaw-{each.kind}', what=each.what)}" for each in found]
    return "\n\n".join([f"<b>{voice.say('staff-self-test')}</b>", *lines])


@dataclass(frozen=True)
class SelfTest:
    """Looks in the background and ends no process.

    `look_round` asks Telegram about a chat, None while it does not say; `may_write` whether the bot
    can write there.
    """

    desk: Desk
    groups: Groups
    look_round: Callable[[int], Awaitable[Surroundings | None]]
    may_write: Callable[[int], Awaitable[bool]]
    not_loaded: Sequence[str]
    clock: Callable[[], dt.datetime]

    async def run(self) -> None:
        """Look for ever; cancel to stop. Of several processes one does."""
        await asyncio.sleep(FIRST_AFTER_S)
        while True:
            async with holding(self.desk.database, "self-test") as held:
                while await held():
                    try:
                        await self.look()
                    except StorageError:
                        log.exception("the self-test was not kept; trying again later")
                    await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Tell each group what is wrong, unless it was told so last; use one that lets the bot
        write again. Raises StorageError."""
        chats = self.groups.chats
        async with self.desk.database.begin() as tx:
            await chats.load(tx)
        for group_id in chats.ids:
            chat_id = chats.chat_of(group_id)
            if chats.is_away(group_id):
                if not await self.may_write(chat_id):
                    continue
                async with self.desk.database.begin() as tx:
                    await self.groups.let_in(tx, group_id, self.clock())
            seen = await self.look_round(chat_id)
            if seen is not None:
                await self._tell(group_id, seen)
        self.desk.sent()

    async def _tell(self, group_id: int, seen: Surroundings) -> None:
        now, other = self.clock(), self.groups.chats.other(group_id)
        found = flaws(seen, self.not_loaded, now)
        if other is not None:
            # Of the machine and the settings the default group is told.
            found = tuple(each for each in found if each.kind not in _OF_THE_MACHINE)
        kept = " ".join(sorted(map(str, found)))
        async with self.desk.database.begin() as tx:
            if await flaws_told(tx, group_id) == kept:
                return
            await note_flaws_told(tx, group_id, kept)
            text = told(self.desk.content.staff_voice(now), found)
            await enqueue(tx, Outgoing(None, Purpose.NOTICE, text, group_id=other), now)
        log.info("self-test", flaws=[each.kind for each in found])
