"""A person's message: load, decide, save in one transaction, and let what follows be sent."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from cases.codes import new_code
from cases.deadlines import Limits
from cases.lifecycle import risk, step
from cases.model import Case, Event, State
from conversation import alerts, answers
from conversation.content import Content
from conversation.messages import CaseAction, CaseWish, Incoming, Turn
from conversation.respond import respond
from conversation.state import Hiding, PersonState
from expected_wait import tell_waiting
from metrics import Metrics
from pass_on import pass_to_staff
from storage.cases import case_of_person, open_case, save_step
from storage.chat_messages import remember_messages
from storage.database import Database, Transaction
from storage.erase import erase_person
from storage.follow_ups import FollowUp, Subject, drop_follow_ups, plan_follow_up
from storage.gaps import add_gap, erase_gaps
from storage.held import drop_held, has_held, release_held
from storage.inbox import finish
from storage.outbox import DELETED_AT_ONCE, Outgoing, Purpose, drop_unsent, enqueue, enqueue_all
from storage.people import Person, add_person, find_person, save_block, save_person
from storage.staff_chats import StaffChats

log = structlog.get_logger()

# So long after the close a person is asked whether they are safe.
ASKED_AFTER = dt.timedelta(days=1)
# After these steps of the person's, what was planned for the case before fits no more.
_MAKES_ANEW = (Event.OPEN, Event.RAISE, Event.WITHDRAW)


@dataclass(frozen=True)
class Assistant:
    """Serves the people. `sent` is called when there is something new in the outbox."""

    database: Database
    content: Content
    limits: Limits
    metrics: Metrics
    sent: Callable[[], None]
    chats: StaffChats

    async def handle(
        self, update_id: int, chat_id: int, incoming: Incoming, now: dt.datetime
    ) -> None:
        """Decide on a message; keep its effects and what must be sent, all or nothing.

        Does nothing for an update that was done before. Raises StorageError.
        """
        async with self.database.begin() as tx:
            if not await finish(tx, update_id):
                return
            person = await find_person(tx, chat_id)
            if person is None:
                language = self.content.first_language(incoming.account_language)
                person = await add_person(tx, chat_id, language, now)
            case = await case_of_person(tx, person.id)
            code = case.code if case else new_code()
            state = PersonState.from_json(person.state, person.recent)
            key = secrets.token_hex(16)
            held = case is not None and bool(state.code_hash) and await has_held(tx, case.id)
            turn = respond(
                incoming,
                person.language,
                state,
                case,
                code,
                key,
                self.content,
                now,
                person.block,
                held,
            )
            if turn.gap is not None:
                await add_gap(tx, turn.gap)
            await erase_gaps(tx, state.gaps if turn.forget else state.gaps.keys() - turn.state.gaps)
            if turn.forget:
                await self._forget(tx, person, case, turn, now)
            else:
                await self._keep(tx, person, case, code, turn, incoming, now)
        if turn.decision is not None:
            self.metrics.judged(turn.decision, turn.language)
        if turn.case is not None and turn.case.urgent_kind is not None:
            self.metrics.alarmed(turn.case.urgent_kind)
        self.sent()

    async def _keep(
        self,
        tx: Transaction,
        person: Person,
        case: Case | None,
        code: str,
        turn: Turn,
        incoming: Incoming,
        now: dt.datetime,
    ) -> None:
        """Keep what follows for the person and their case, and what must be sent."""
        chat_id, person, before = person.chat_id, _after(person, turn), case
        await save_person(tx, person, now)
        if turn.case is not None:
            case = await self._act(tx, turn.case, person, case, code, turn, incoming, now)
        if turn.staff_notice is not None and case is not None:
            await tell_staff(tx, self.content, turn.staff_notice, case, now)
        if incoming.message_id is not None and not incoming.edited:
            await remember_messages(tx, [(chat_id, incoming.message_id)], now)
        if turn.hide:
            await drop_unsent(tx, chat_id)
            if case is not None:
                await drop_held(tx, case.id)
            await enqueue(tx, Outgoing(chat_id, Purpose.EDIT, wipes=True), now)
        if turn.commands is not None:
            await enqueue(tx, Outgoing(chat_id, Purpose.EDIT, commands=turn.commands), now)
        await self._reply(tx, turn, chat_id, now)
        if case is not None:
            await self._follow(tx, person, case, turn, now)
            if case.state is State.WAITING and not has_hidden(person):
                await tell_waiting(tx, self.content, person, before, case, turn, now)

    async def _follow(
        self, tx: Transaction, person: Person, case: Case, turn: Turn, now: dt.datetime
    ) -> None:
        """Do what follows for the case beside its step: show what was held back, plan the question
        after a day, offer the volunteers an answer."""
        if turn.shows_held:
            await release_held(tx, case.id, person.chat_id, now)
        if turn.asks_later:
            await plan_follow_up(tx, FollowUp(case.id, Subject.SAFETY), now + ASKED_AFTER)
        if turn.suggests is not None:
            offer = answers.suggested(self.content.staff_voice(now), case, turn.suggests)
            if offer is not None:
                shown = Outgoing(None, Purpose.CARDS, offer.text, offer.buttons, case_id=case.id)
                await enqueue(tx, shown, now)

    async def _forget(
        self, tx: Transaction, person: Person, case: Case | None, turn: Turn, now: dt.datetime
    ) -> None:
        """Erase the person; the volunteers' copies go too, as far as Telegram deletes them."""
        if case is not None:
            erased = step(case, Event.ERASE, now=now, limits=self.limits)
            await save_step(tx, case, erased, Event.ERASE, now)
        copies = await erase_person(tx, person)
        if case is not None:
            await tell_staff(tx, self.content, "staff-erased", case, now)
        for chat_id, message_ids in copies.items():
            group_id = self.chats.other(chat_id)
            # In a group that was upgraded since, the same numbers are other messages.
            if self.chats.chat_of(group_id) != chat_id:
                continue
            for at in range(0, len(message_ids), DELETED_AT_ONCE):
                some = tuple(message_ids[at : at + DELETED_AT_ONCE])
                gone = Outgoing(None, Purpose.EDIT, deletes=some, group_id=group_id)
                await enqueue(tx, gone, now)
        for reply in turn.replies:
            farewell = Outgoing(
                person.chat_id, Purpose.FAREWELL, reply.text, language=turn.language
            )
            await enqueue(tx, farewell, now)

    async def refuse_elsewhere(
        self, update_id: int, chat_id: int, account_language: str | None, now: dt.datetime
    ) -> None:
        """Say, in a group that is not the staff's, that the bot does nothing there."""
        async with self.database.begin() as tx:
            if not await finish(tx, update_id):
                return
            language = self.content.first_language(account_language)
            text = self.content.voice(language, now).say("only-private")
            await enqueue(tx, Outgoing(chat_id, Purpose.ANSWER, text, language=language), now)
        self.sent()

    async def _reply(self, tx: Transaction, turn: Turn, chat_id: int, now: dt.datetime) -> None:
        messages = [
            Outgoing(chat_id, Purpose.ANSWER, reply.text, reply.buttons, language=turn.language)
            for reply in turn.replies
        ]
        await enqueue_all(tx, messages, now)
        for name in turn.uncovered:
            log.error("no value for today", name=name)
            text = self.content.staff_voice(now).say("staff-uncovered", name=name)
            await enqueue(tx, Outgoing(None, Purpose.NOTICE, text), now)

    async def _act(
        self,
        tx: Transaction,
        wish: CaseWish,
        person: Person,
        case: Case | None,
        code: str,
        turn: Turn,
        incoming: Incoming,
        now: dt.datetime,
    ) -> Case:
        """Do what the conversation wants of the case: its step, its alert, the copies."""
        if case is None:
            kind, due_at = wish.urgent_kind, now + self.limits.rung_wait(wish.urgent_kind, 0)
            group_id = await self.chats.group_for(tx, turn.language)
            after = await open_case(
                tx, code, person.id, turn.language, wish.origin, kind, now, due_at, group_id
            )
        else:
            event = _event(wish, case)
            kind = wish.urgent_kind
            after = step(case, event, now=now, limits=self.limits, urgent_kind=kind)
            origin = wish.origin if event is Event.OPEN else case.origin
            after = replace(after, language=turn.language, origin=origin)
            await save_step(tx, case, after, event, now)
            if event in _MAKES_ANEW:
                await drop_follow_ups(tx, case.id)
        voice = self.content.staff_voice(now)
        key = _alert_key(wish, case)
        if key in ("staff-withdrawn", "staff-is-safe"):
            await tell_staff(tx, self.content, key, after, now)
        elif key is not None:
            text = alerts.alert(voice, after, key, wish.phrasing)
            if person.block is not None:
                by, reason = person.block.by.name, person.block.reason
                text += "\n" + voice.say("staff-alarm-blocked", name=by, reason=reason)
                await save_block(tx, person.id, replace(person.block, alarmed_at=now))
            danger = risk(after.urgent_kind)
            message = Outgoing(None, Purpose.ALERT, text, case_id=after.id, risk=danger)
            await enqueue(tx, message, now)
        await pass_to_staff(tx, self.content, after, person.chat_id, wish, incoming, now)
        return after

    async def is_hidden(self, chat_id: int) -> bool:
        """Return whether the person of this chat has hidden it. Raises StorageError."""
        async with self.database.begin() as tx:
            person = await find_person(tx, chat_id)
        return person is not None and has_hidden(person)


async def tell_staff(
    tx: Transaction,
    content: Content,
    key: str,
    case: Case,
    now: dt.datetime,
    purpose: Purpose = Purpose.NOTICE,
    **values: str,
) -> None:
    """Write a notice about a case for the volunteers; `values` are filled in beside its code."""
    text = content.staff_voice(now).say(key, code=case.code, **values)
    await enqueue(tx, Outgoing(None, purpose, text, case_id=case.id), now)


def has_hidden(person: Person) -> bool:
    """Return whether nothing may be sent to the person but what hides them."""
    return PersonState.from_json(person.state, []).hiding is Hiding.HIDDEN


def _after(person: Person, turn: Turn) -> Person:
    return replace(
        person,
        language=turn.language,
        state=turn.state.to_json(),
        recent=turn.state.recent_to_json(),
    )


def _event(wish: CaseWish, case: Case) -> Event:
    if wish.action is CaseAction.WITHDRAW:
        return Event.WITHDRAW
    if wish.action is CaseAction.IS_SAFE:
        return Event.IS_SAFE
    if wish.action is CaseAction.ALARM:
        return Event.RAISE
    return Event.OPEN if case.state is State.CLOSED else Event.PERSON_WRITES


def _alert_key(wish: CaseWish, case: Case | None) -> str | None:
    """Return which alert the staff group gets, if any."""
    if wish.action is CaseAction.WITHDRAW:
        return "staff-withdrawn"
    if wish.action is CaseAction.IS_SAFE:
        return "staff-is-safe"
    if wish.action is CaseAction.IS_UNSAFE:
        return "staff-unsafe"
    if wish.action is CaseAction.ALARM:
        return "staff-alarm" if case is None else "staff-raised"
    if case is None:
        return "staff-request"
    return "staff-reopened" if case.state is State.CLOSED else None
