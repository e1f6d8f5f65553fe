"""Sending one message that is due: where it goes, and what became of it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog
from telegram import Bot
from telegram.error import TelegramError

from cases.model import Case, State
from delivery.pacing import PER_MINUTE
from delivery.relay import threaded
from delivery.retry import Failure, Trouble
from delivery.send import may_write, send, send_album
from errors import StorageError
from storage.albums import claim_rest
from storage.cases import set_topic
from storage.chat_messages import forget_messages, newest_messages
from storage.database import Database
from storage.outbox import CLAIM, DELETED_AT_ONCE, Due, Keyboard, Outgoing, Purpose
from storage.relay import Words
from storage.staff_chats import StaffChats

log = structlog.get_logger()

# After so long without an answer a message may have arrived or not. Well within a claim.
SEND_MAX_S = CLAIM.total_seconds() - 3.0
# Telegram brings the parts of an album one by one, a moment apart.
ALBUM_GATHERED_S = 1.0

_OF_A_CASE = (Purpose.ALERT, Purpose.PING, Purpose.DEALT, Purpose.COPY, Purpose.CARDS)


def _needs_buttons(message: Outgoing, case: Case) -> bool:
    """Whether the buttons are those of the case as it is now. An alert has none until then; a call
    has those of who was dealt the case, unless it was given back meanwhile."""
    is_alert = message.purpose in (Purpose.ALERT, Purpose.PING)
    return is_alert or (message.purpose is Purpose.DEALT and case.state is not State.CLAIMED)


@dataclass(frozen=True)
class Sent:
    """What became of a message (its id on Telegram, or the failure), the chat that it was sent to,
    and its case. `rest` is what went together with it, each of which `follows` it. `shut_out` says
    that the bot can write nothing in that chat, a group."""

    due: Due
    outcome: int | Failure
    chat_id: int = 0
    case: Case | None = None
    rest: tuple[Sent, ...] = ()
    follows: bool = False
    shut_out: bool = False

    @property
    def stands_for_case(self) -> bool:
        """Whether what is done with it in the staff group (a reply, a press) is of its case."""
        message = self.due.message
        return message.to is None and message.purpose in _OF_A_CASE


class Sender:
    """Sends one message at a time for the outbox."""

    def __init__(
        self,
        database: Database,
        bot: Bot,
        chats: StaffChats,
        clock: Callable[[], dt.datetime],
        topic_name: Callable[[Case], str],
        repeat_mark: Callable[[str | None], str],
        merged: Callable[[Sequence[Words]], str],
        buttons: Callable[[Case], Keyboard],
    ) -> None:
        """`repeat_mark(language)` is what stands below a message that may have come before, in the
        language of whoever reads it (None is the staff's); `merged(said)` is one message, as HTML,
        of many texts of a person's; `buttons(case)` are those that an alert needs as its case
        stands.
        """
        self._database = database
        self._bot = bot
        self._chats = chats
        self._clock = clock
        self._topic_name = topic_name
        self._repeat_mark = repeat_mark
        self._merged = merged
        self.buttons = buttons
        self._is_forum: dict[int, bool] = {}
        # Telegram shows each as a message in the group, and may count it as one.
        self.topics_made_at: defaultdict[int | None, deque[dt.datetime]]
        self.topics_made_at = defaultdict(lambda: deque(maxlen=PER_MINUTE))

    async def send(self, due: Due, case: Case | None, *, crowded: bool) -> Sent:
        """Send a message, of this case if it is of one, and return what became of it.

        Where the group is `crowded` no alert waits for a topic.
        """
        try:
            async with asyncio.timeout(SEND_MAX_S):
                return await self._send(due, case, crowded=crowded)
        except TimeoutError:
            return Sent(due, Failure(Trouble.UNCERTAIN), case=case)
        except StorageError:
            log.exception("what is sent cannot be kept", outbox_id=due.id)
            return Sent(due, Failure(Trouble.NOT_CONNECTED), case=case)

    async def _send(self, due: Due, case: Case | None, *, crowded: bool) -> Sent:
        message = due.message
        if message.wipes and message.to is not None:
            return Sent(due, await self._wipe(message.to))
        chat_id = self._chats.chat_of(message.group_id) if message.to is None else message.to
        if self._in_former_group(message, chat_id):
            return Sent(due, Failure(Trouble.GONE), chat_id, case)
        may_make = not (crowded and message.purpose is Purpose.ALERT)
        is_there = message.to is None and case is not None and case.group_id == message.group_id
        thread_id = await self._thread(case, chat_id, may_make=may_make) if is_there else None
        if case is not None:
            message = await threaded(self._database, message, case, chat_id)
        if message.relay.mirrors is not None and message.edits is None:
            return Sent(due, Failure(Trouble.GONE), chat_id, case)
        if message.relay.album is not None and not due.uncertain:
            rest = await self._rest_of_album(due)
            if rest:
                return await self._album([due, *rest], chat_id, thread_id, case)
        if case is not None and _needs_buttons(message, case):
            message = replace(message, keyboard=self.buttons(case))
        if len(message.relay.said) > 1:
            message = replace(message, copy_of=None, text=self._merged(message.relay.said))
        mark = self._repeat_mark(message.language) if due.uncertain else None
        outcome = await send(self._bot, message, chat_id, thread_id, repeat_mark=mark)
        shut_out = await self._is_shut_out(message, chat_id, outcome)
        return Sent(due, outcome, chat_id, case, shut_out=shut_out)

    async def _is_shut_out(self, message: Outgoing, chat_id: int, outcome: object) -> bool:
        """Return whether a message failed because the bot cannot write in its group.

        Of a copy Telegram does not say which of the two chats it does not find.
        """
        if message.to is not None or not isinstance(outcome, Failure):
            return False
        if outcome.trouble is not Trouble.SHUT_OUT:
            return False
        return message.copy_of is None or not await may_write(self._bot, chat_id)

    async def _rest_of_album(self, first: Due) -> list[Due]:
        """Wait a moment for what Telegram brings one by one, and take what belongs together."""
        age_s = (self._clock() - first.created_at).total_seconds()
        await asyncio.sleep(min(ALBUM_GATHERED_S, max(0.0, ALBUM_GATHERED_S - age_s)))
        async with self._database.begin() as tx:
            return await claim_rest(tx, first, self._clock())

    async def _album(
        self, parts: list[Due], chat_id: int, thread_id: int | None, case: Case | None
    ) -> Sent:
        """Copy the parts of an album together. Telegram lets no such copy answer anything."""
        sources = {each.message.copy_of: each for each in parts if each.message.copy_of}
        order = sorted(sources)
        ids = [message_id for _, message_id in order]
        copied = await send_album(self._bot, order[0][0], ids, chat_id, thread_id)
        shut_out = await self._is_shut_out(parts[0].message, chat_id, copied)
        failed = isinstance(copied, Failure)
        outcomes: list[int | Failure]
        outcomes = [copied] * len(order) if isinstance(copied, Failure) else [*copied]
        # Of fewer copies than asked for nobody says which are missing.
        outcomes += [Failure(Trouble.GONE)] * (len(order) - len(outcomes))
        sent = [
            Sent(
                sources[source],
                outcome,
                chat_id,
                case,
                follows=at > 0 and (failed or isinstance(outcome, int)),
            )
            for at, (source, outcome) in enumerate(zip(order, outcomes, strict=True))
        ]
        return replace(sent[0], rest=tuple(sent[1:]), shut_out=shut_out)

    async def _wipe(self, chat_id: int) -> int | Failure:
        """Delete what stands in a person's chat, newest first; what Telegram keeps stays."""
        while True:
            async with self._database.begin() as tx:
                rows = await newest_messages(tx, chat_id, self._clock(), DELETED_AT_ONCE)
            if not rows:
                return 0
            ids = tuple(rows.values())
            outcome = await send(self._bot, Outgoing(chat_id, Purpose.EDIT, deletes=ids), chat_id)
            if isinstance(outcome, Failure) and outcome.trouble is not Trouble.REJECTED:
                return outcome
            async with self._database.begin() as tx:
                await forget_messages(tx, tuple(rows))

    async def _thread(self, case: Case | None, chat_id: int, *, may_make: bool) -> int | None:
        """Return the case's forum topic, made now if there is none and it may be made; None in a
        plain group."""
        if case is None or case.topic_id is not None or not may_make:
            return case.topic_id if case else None
        try:
            if chat_id not in self._is_forum:
                self._is_forum[chat_id] = bool((await self._bot.get_chat(chat_id)).is_forum)
            if not self._is_forum[chat_id]:
                return None
            topic = await self._bot.create_forum_topic(chat_id, self._topic_name(case))
            self.topics_made_at[case.group_id].append(self._clock())
        except TelegramError as error:
            # A topic is a convenience, the alert is not: without one it goes to the group itself.
            log.warning("no topic for the case", code=case.code, error=type(error).__name__)
            return None
        async with self._database.begin() as tx:
            await set_topic(tx, case, topic.message_thread_id)
        return topic.message_thread_id

    def _in_former_group(self, message: Outgoing, chat_id: int) -> bool:
        """Whether it edits or copies a message of a group before that got a new id, or edits one in
        a group that the case has left.

        The upgraded group numbers its messages anew: the same number may be anything there.
        """
        if message.to is None:
            return message.edits is not None and message.edits[0] != chat_id
        if message.copy_of is None:
            return False
        now = (self._chats.chat_of(group_id) for group_id in self._chats.ids)
        return message.copy_of[0] not in now
