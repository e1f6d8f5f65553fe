"""The way out: takes due messages lane by lane, sends them, and keeps what became of them."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from telegram import Bot
from telegram.error import TelegramError

from cases.model import Case
from delivery import pacing
from delivery.retry import Again, Failure, GiveUp, Trouble, after
from delivery.send import send
from errors import StorageError
from metrics import Metrics, Outcome
from storage.cases import add_post, case_by_id, set_topic
from storage.chat_messages import forget_messages, newest_messages, remember_message
from storage.database import Database, Transaction
from storage.outbox import (
    DELETED_AT_ONCE,
    STAFF_LANE,
    Due,
    Outgoing,
    Purpose,
    claim,
    current_staff_chat,
    due_lanes,
    enqueue,
    mark_again,
    mark_failed,
    mark_sent,
    move_staff_chat,
    next_due,
    staff_sent_at,
)

log = structlog.get_logger()

LANES_AT_ONCE = 32
# How long a message that is due by the clock alone (a retry) may lie before it is looked for.
LOOK_AGAIN_S = 1.0
# After so long without an answer a message may have arrived or not.
SEND_MAX_S = 10.0
# So long nobody else sends a message that somebody is sending.
CLAIM = dt.timedelta(seconds=SEND_MAX_S + 3.0)


@dataclass(frozen=True)
class _Sent:
    """What became of a message, the chat that it was sent to, and its case."""

    outcome: int | Failure
    chat_id: int = 0
    case: Case | None = None


@dataclass
class StaffChat:
    """The staff group: the id in the settings, and the one it has now (it may be upgraded)."""

    configured_id: int
    id: int


class Outbox:
    """Sends until told to stop. One lane a chat: within it messages keep their order."""

    def __init__(
        self,
        database: Database,
        bot: Bot,
        staff_chat: StaffChat,
        clock: Callable[[], dt.datetime],
        staff_text: Callable[..., str],
        topic_name: Callable[[Case], str],
        metrics: Metrics,
    ) -> None:
        """`staff_text(key, **values)` says a fixed message in the staff's language, as HTML."""
        self._database = database
        self._bot = bot
        self._staff_chat = staff_chat
        self._clock = clock
        self._staff_text = staff_text
        self._topic_name = topic_name
        self._metrics = metrics
        self._news = asyncio.Event()
        self._news_while_pacing = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(LANES_AT_ONCE)
        self._is_forum: dict[int, bool] = {}

    def wake(self) -> None:
        """Say that there is something new to send."""
        self._news.set()
        self._news_while_pacing.set()

    async def run(self) -> None:
        """Send for ever; cancel to stop. What is being sent then stays due."""
        try:
            while True:
                self._news.clear()
                with self._metrics.step("outbox"):
                    await self._start_lanes()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), LOOK_AGAIN_S)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _start_lanes(self) -> None:
        try:
            async with self._database.begin() as tx:
                # Another process may have learnt that the group was upgraded.
                staff = self._staff_chat
                staff.id = await current_staff_chat(tx, staff.configured_id)
                lanes = await due_lanes(tx, self._clock())
        except StorageError:
            log.exception("the outbox cannot be read")
            return
        for lane in lanes:
            if lane not in self._running:
                self._running[lane] = asyncio.create_task(self._run_lane(lane))

    async def _run_lane(self, lane: str) -> None:
        try:
            if lane == STAFF_LANE:
                # The volunteers' lane never waits for a place behind the people's.
                await self._empty(lane)
            else:
                async with self._places:
                    await self._empty(lane)
        except StorageError:
            log.exception("the outbox cannot be kept; the lane is taken up again")
        finally:
            del self._running[lane]

    async def _empty(self, lane: str) -> None:
        while (wait_s := await self._send_next(lane)) is not None:
            if wait_s:
                # After news the lane looks again what is first: an alarm passes the copies.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news_while_pacing.wait(), wait_s)

    async def _send_next(self, lane: str) -> float | None:
        """Send the lane's next message, or return how long it must wait; None if there is none."""
        self._news_while_pacing.clear()
        now = self._clock()
        with self._metrics.step("outbox"):
            async with self._database.begin() as tx:
                due = await next_due(tx, lane, now)
                if due is None:
                    return None
                wait_s = await _staff_wait_s(tx, due.message, now) if lane == STAFF_LANE else 0.0
                if wait_s:
                    return wait_s
                if not await claim(tx, due, now + CLAIM):
                    return None
            await self._deliver(due)
        return 0.0

    async def _deliver(self, due: Due) -> None:
        try:
            async with asyncio.timeout(SEND_MAX_S):
                sent = await self._send(due)
        except TimeoutError:
            sent = _Sent(Failure(Trouble.UNCERTAIN))
        if isinstance(sent.outcome, Failure):
            await self._failed(due, sent.outcome, sent.case)
            return
        async with self._database.begin() as tx:
            is_kept = await mark_sent(tx, due.id, self._clock())
            if is_kept and due.message.is_new_on_phone:
                await remember_message(tx, sent.chat_id, sent.outcome, self._clock())
            stands_for_case = due.message.purpose in (Purpose.ALERT, Purpose.COPY)
            if due.message.to is None and sent.case is not None and stands_for_case:
                purpose = due.message.purpose.value
                await add_post(tx, sent.chat_id, sent.outcome, sent.case.id, purpose)
        self._metrics.sent(due.message.purpose, "sent")

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

    async def _send(self, due: Due) -> _Sent:
        message = due.message
        if message.wipes and message.to is not None:
            return _Sent(await self._wipe(message.to))
        async with self._database.begin() as tx:
            case = await case_by_id(tx, message.case_id) if message.case_id else None
        chat_id = self._staff_chat.id if message.to is None else message.to
        if _in_former_group(message, self._staff_chat.id):
            return _Sent(Failure(Trouble.GONE), chat_id, case)
        thread_id = await self._thread(case, chat_id) if message.to is None else None
        outcome = await send(
            self._bot,
            message,
            chat_id,
            thread_id,
            repeat_mark=self._staff_text("maybe-repeat") if due.uncertain else None,
        )
        return _Sent(outcome, chat_id, case)

    async def _thread(self, case: Case | None, chat_id: int) -> int | None:
        """Return the case's forum topic, made now if there is none; None in a plain group."""
        if case is None or case.topic_id is not None:
            return case.topic_id if case else None
        try:
            if chat_id not in self._is_forum:
                self._is_forum[chat_id] = bool((await self._bot.get_chat(chat_id)).is_forum)
            if not self._is_forum[chat_id]:
                return None
            topic = await self._bot.create_forum_topic(chat_id, self._topic_name(case))
        except TelegramError as error:
            # A topic is a convenience, the alert is not: without one it goes to the group itself.
            log.warning("no topic for the case", code=case.code, error=type(error).__name__)
            return None
        async with self._database.begin() as tx:
            await set_topic(tx, case.id, topic.message_thread_id)
        return topic.message_thread_id

    async def _failed(self, due: Due, failure: Failure, case: Case | None) -> None:
        now = self._clock()
        to_staff = due.message.to is None
        decision = after(failure, due.attempts, now - due.created_at, to_staff=to_staff)
        code = case.code if case else None
        trouble = failure.trouble.value
        log.warning("not sent", outbox_id=due.id, code=code, trouble=trouble, tries=due.attempts)
        async with self._database.begin() as tx:
            if failure.moved_to is not None:
                await move_staff_chat(tx, self._staff_chat.configured_id, failure.moved_to)
                self._staff_chat.id = failure.moved_to
            if failure.trouble is Trouble.THREAD_GONE and case is not None:
                await set_topic(tx, case.id, None)
            if isinstance(decision, Again):
                at = now + dt.timedelta(seconds=decision.wait_s)
                uncertain = decision.uncertain or due.uncertain
                await mark_again(tx, due.id, at, trouble, uncertain=uncertain)
            if isinstance(decision, GiveUp):
                await mark_failed(tx, due.id, trouble)
            notice = self._notice(due, decision, case)
            if notice is not None:
                await enqueue(tx, notice, now)
        self._metrics.sent(due.message.purpose, _outcome(decision))
        self.wake()

    def _notice(self, due: Due, decision: Again | GiveUp, case: Case | None) -> Outgoing | None:
        """Return what the volunteers must see of a failure, if anything."""
        if case is None or due.message.purpose in (Purpose.NOTICE, Purpose.EDIT):
            return None
        if isinstance(decision, Again):
            first = decision.uncertain and not due.uncertain
            text = self._staff_text("staff-uncertain", code=case.code) if first else None
        else:
            reason = self._staff_text(f"reason-{_REASONS.get(decision.reason, 'rejected')}")
            text = self._staff_text("staff-not-delivered", code=case.code, reason=reason)
        return Outgoing(None, Purpose.NOTICE, text, case_id=case.id) if text else None


def _in_former_group(message: Outgoing, staff_chat_id: int) -> bool:
    """Whether it edits or copies a message of the staff group before that got a new id.

    The upgraded group numbers its messages anew: the same number may be anything there.
    """
    meant = message.edits if message.to is None else message.copy_of
    return meant is not None and meant[0] != staff_chat_id


def _outcome(decision: Again | GiveUp) -> Outcome:
    if isinstance(decision, GiveUp):
        return "failed"
    return "uncertain" if decision.uncertain else "again"


async def _staff_wait_s(tx: Transaction, message: Outgoing, now: dt.datetime) -> float:
    """Return how long the staff group's budget makes this message wait."""
    sent_at = await staff_sent_at(tx, now - pacing.WINDOW)
    return pacing.wait_s(sent_at, now, alarm=message.purpose is Purpose.ALERT)


_REASONS = {Trouble.BLOCKED: "blocked", Trouble.GONE: "gone"}
