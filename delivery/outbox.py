"""The way out: takes due messages lane by lane, sends them, and keeps what became of them."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog

from cases.model import Case
from delivery import pacing
from delivery.relay import keep_relayed, show_delivered, undelivered
from delivery.retry import Again, Failure, GiveUp, Trouble, after
from delivery.sender import Sender, Sent
from delivery.waiting import cancel_all
from errors import StorageError, UnavailableError
from metrics import Metrics, Outcome
from storage.boards import LATE, board_is_at
from storage.cases import WITH_BUTTONS, add_post, case_by_id, set_topic
from storage.chat_messages import remember_messages
from storage.database import Database, Transaction
from storage.lanes import staff_sent_at
from storage.outbox import (
    Due,
    Outgoing,
    Purpose,
    claim,
    enqueue,
    first_of_people,
    first_of_staff,
)
from storage.outcomes import mark_again, mark_failed, mark_sent
from storage.staff_chats import StaffChats

log = structlog.get_logger()

_FOR_STAFF_ALONE = (
    Purpose.NOTICE,
    Purpose.DEALT,
    Purpose.CARDS,
    Purpose.EDIT,
    Purpose.BUTTONS,
    Purpose.STANDING,
)
# So many people at once are sent to; the volunteers' lane never waits for a place behind them.
PEOPLE_AT_ONCE = 32
# How long a message that is due by the clock alone (a retry) may lie before it is looked for.
LOOK_AGAIN_S = 1.0


class Outbox:
    """Sends until told to stop. One lane a chat: within it messages keep their order.

    It works in rounds, each one transaction: what became of the messages sent meanwhile is kept,
    and the first message of each lane that is not busy is claimed. The more there is to do, the
    more a round does at once.
    """

    def __init__(
        self,
        database: Database,
        sender: Sender,
        chats: StaffChats,
        clock: Callable[[], dt.datetime],
        staff_text: Callable[..., str],
        shut_out: Callable[[Transaction, int, dt.datetime], Awaitable[None]],
        metrics: Metrics,
    ) -> None:
        """`staff_text(key, **values)` says a fixed message in the staff's language, as HTML.
        `shut_out` is done when the bot cannot write in a group other than the default one."""
        self._database = database
        self._sender = sender
        self._chats = chats
        self._clock = clock
        self._staff_text = staff_text
        self._shut_out = shut_out
        self._metrics = metrics
        self._news = asyncio.Event()
        self._sending: dict[int, asyncio.Task[None]] = {}
        self._sent: list[Sent] = []
        self._crowded: set[int | None] = set()

    def wake(self) -> None:
        """Say that there is something new to send."""
        self._news.set()

    async def run(self) -> None:
        """Send for ever; cancel to stop. What is being sent then stays due."""
        try:
            while True:
                self._news.clear()
                with self._metrics.step("outbox"):
                    wait_s = await self._round()
                # `wait_for` forgets, until Python 3.12, a cancellation that comes with the news.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._news.wait()
        finally:
            await cancel_all(self._sending.values())

    async def _round(self) -> float:
        """Keep what was sent, send what is due; return how long to wait without news."""
        sent, self._sent = self._sent, []
        try:
            async with self._database.begin() as tx:
                await self._keep(tx, sent)
                claimed, wait_s = await self._claim(tx, done={each.due.id for each in sent})
        except UnavailableError:
            log.exception("the outbox cannot be read or kept; trying again")
            self._sent = sent + self._sent
            return LOOK_AGAIN_S
        except StorageError:
            log.exception("the outbox refuses something; each is kept alone")
            claimed, wait_s = [], LOOK_AGAIN_S
            for each in sent:
                await self._keep_alone(each)
        for each in sent:
            self._sending.pop(each.due.id, None)
        for due, case in claimed:
            self._sending[due.id] = asyncio.create_task(self._send(due, case))
        return wait_s

    async def _claim(
        self, tx: Transaction, done: set[int]
    ) -> tuple[list[tuple[Due, Case | None]], float]:
        """Take what is to be sent now, each with its case; return how long the volunteers' next
        must wait besides. A group that is crowded holds up no other."""
        now = self._clock()
        places = PEOPLE_AT_ONCE - len(self._sending.keys() - done)
        found = await first_of_people(tx, now, places) if places > 0 else []
        wait_s = LOOK_AGAIN_S
        groups = (None, *self._chats.other_ids)
        firsts = [await first_of_staff(tx, now, each, locked=False) for each in groups]
        of_staff = [due for due in firsts if due is not None]
        if of_staff:
            # Another process may have learnt that a group was upgraded.
            await self._chats.load(tx)
        for due in of_staff:
            paced_s = await self._staff_wait_s(tx, due, now)
            if paced_s:
                wait_s = min(wait_s, paced_s)
            elif mine := await first_of_staff(tx, now, due.message.group_id):
                # What must wait is not held: meanwhile it may be put behind something else.
                found.append(mine)
        # Once the clock was set forward, what is being sent looks abandoned.
        free = [due for due in found if due.id not in self._sending]
        claimed = [
            (due, await case_by_id(tx, due.message.case_id) if due.message.case_id else None)
            for due in await claim(tx, free, now)
        ]
        return claimed, wait_s

    async def _staff_wait_s(self, tx: Transaction, due: Due, now: dt.datetime) -> float:
        """Return how long the budget of its group makes this message wait."""
        group_id = due.message.group_id
        sent_at, alarms = await staff_sent_at(tx, now - pacing.WINDOW, group_id)
        sent_at = sorted([*sent_at, *self._sender.topics_made_at[group_id]])
        if pacing.is_crowded(sent_at, now):
            self._crowded.add(group_id)
        else:
            self._crowded.discard(group_id)
        return pacing.wait_s(sent_at, now, kept=_kept(due, alarms, now))

    async def _send(self, due: Due, case: Case | None) -> None:
        crowded = due.message.group_id in self._crowded
        with self._metrics.step("outbox"):
            sent = await self._sender.send(due, case, crowded=crowded)
        self._sent += [sent, *sent.rest]
        self.wake()

    async def _keep(self, tx: Transaction, sent: Sequence[Sent]) -> None:
        now = self._clock()
        arrived = [each for each in sent if isinstance(each.outcome, int)]
        kept: set[int] = set()
        if arrived:
            kept = await mark_sent(tx, [each.due for each in arrived], now)
            await remember_messages(tx, _new_on_phones(arrived, kept), now)
        for each in sent:
            if isinstance(each.outcome, Failure):
                await self._failed(tx, each, each.outcome, now)
                continue
            self._metrics.sent(each.due.message.purpose, "sent")
            if each.case is not None and each.due.id in kept:
                here = (each.chat_id, each.outcome)
                message, said = each.due.message, self._staff_text
                await keep_relayed(tx, message, each.case, here, said, self._chats, now)
                if message.purpose is Purpose.REPLY and not each.follows:
                    await show_delivered(tx, message, now)
            if each.due.message.purpose is Purpose.BOARD:
                await board_is_at(tx, each.chat_id, each.outcome)
            if each.stands_for_case:
                await self._keep_post(tx, each, (each.chat_id, each.outcome), kept, now)

    async def _keep_post(
        self,
        tx: Transaction,
        sent: Sent,
        post: tuple[int, int],
        kept: Collection[int],
        now: dt.datetime,
    ) -> None:
        """Keep that a message in a group stands for its case, as the case may have changed while it
        was being sent."""
        message, case = sent.due.message, sent.case
        if case is None:
            return
        if sent.due.id not in kept and message.purpose is Purpose.COPY:
            # Whoever wrote it was erased meanwhile.
            if self._chats.chat_of(message.group_id) == post[0]:
                gone = Outgoing(None, Purpose.EDIT, deletes=post[1:], group_id=message.group_id)
                await enqueue(tx, gone, now)
            return
        await add_post(tx, *post, case.id, message.purpose.value)
        if message.purpose.value in WITH_BUTTONS:
            await self._mend_buttons(tx, case, post, now)

    async def _mend_buttons(
        self, tx: Transaction, sent: Case, post: tuple[int, int], now: dt.datetime
    ) -> None:
        """Change the buttons of an alert whose case was taken or closed while it was being sent."""
        case = await case_by_id(tx, sent.id)
        if case is not None and case.state is not sent.state:
            buttons = self._sender.buttons(case)
            edit = Outgoing(None, Purpose.EDIT, keyboard=buttons, edits=post, case_id=case.id)
            await enqueue(tx, edit, now)

    async def _keep_alone(self, sent: Sent) -> None:
        """What the database refuses even so is taken for abandoned, and sent again in a while."""
        try:
            async with self._database.begin() as tx:
                await self._keep(tx, [sent])
        except StorageError:
            log.exception("what became of a message was not kept", outbox_id=sent.due.id)

    async def _failed(
        self, tx: Transaction, sent: Sent, failure: Failure, now: dt.datetime
    ) -> None:
        due, case = sent.due, sent.case
        to_staff = due.message.to is None
        decision = after(failure, due.attempts, now - due.created_at, to_staff=to_staff)
        code = case.code if case else None
        trouble = failure.trouble.value
        log.warning("not sent", outbox_id=due.id, code=code, trouble=trouble, tries=due.attempts)
        if failure.moved_to is not None:
            await self._chats.move(tx, self._group_of(due.message), failure.moved_to)
        if sent.shut_out and due.message.group_id is not None:
            await self._shut_out(tx, due.message.group_id, now)
            decision = Again(0.0)
        if failure.trouble is Trouble.THREAD_GONE and case is not None:
            await set_topic(tx, case, None)
        if isinstance(decision, Again):
            at = now + dt.timedelta(seconds=decision.wait_s)
            uncertain = decision.uncertain or due.uncertain
            ours = await mark_again(tx, due, at, trouble, uncertain=uncertain)
        else:
            ours = await mark_failed(tx, due, trouble)
            if due.message.purpose is Purpose.BOARD and failure.trouble is Trouble.GONE:
                await board_is_at(tx, sent.chat_id, None)
        shows = ours and not sent.follows
        notice = self._notice(due, decision, case) if shows else None
        if notice is not None:
            await enqueue(tx, notice, now)
        self._metrics.sent(due.message.purpose, _outcome(decision))

    def _group_of(self, message: Outgoing) -> int:
        """Return the group that a message goes to, or is copied from."""
        if message.to is None:
            return message.group_id or self._chats.default_id
        copied_from = self._chats.group_at(message.copy_of[0]) if message.copy_of else None
        return copied_from or self._chats.default_id

    def _notice(self, due: Due, decision: Again | GiveUp, case: Case | None) -> Outgoing | None:
        """Return what the volunteers must see of a failure, if anything."""
        if case is None or due.message.purpose in _FOR_STAFF_ALONE:
            return None
        if isinstance(decision, Again):
            first = decision.uncertain and not due.uncertain and not due.message.relay.mirrors
            text = self._staff_text("staff-uncertain", code=case.code) if first else None
        else:
            return undelivered(due, decision, case, self._staff_text, self._chats)
        return Outgoing(None, Purpose.NOTICE, text, case_id=case.id) if text else None


def _new_on_phones(arrived: Sequence[Sent], kept: set[int]) -> list[tuple[int, int]]:
    """Return chat and message id of what people have on their phones now, and are not erased."""
    return [
        (each.chat_id, each.outcome)
        for each in arrived
        if isinstance(each.outcome, int)
        and each.due.id in kept
        and each.due.message.is_new_on_phone
    ]


def _outcome(decision: Again | GiveUp) -> Outcome:
    if isinstance(decision, GiveUp):
        return "failed"
    return "uncertain" if decision.uncertain else "again"


def _kept(due: Due, alarms: int, now: dt.datetime) -> int:
    """Return how much of the group's budget of a minute a message leaves to more urgent ones."""
    if due.message.purpose is Purpose.ALERT and due.message.risk:
        return 0
    waits_well = due.message.purpose is Purpose.BOARD and now - due.created_at < LATE
    return pacing.KEPT_FOR_ALL if waits_well else pacing.kept_for_alarms(alarms)
