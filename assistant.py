"""A person's message: load, decide, save in one transaction, and let what follows be sent."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from cases.codes import new_code
from cases.deadlines import Limits
from cases.expected import LATELY, usual_wait
from cases.lifecycle import step
from cases.model import Case, Event, State
from cases.team import duty_is_known, next_duty
from conversation import alerts, menus
from conversation.content import JAPAN, Content
from conversation.messages import CaseAction, CaseWish, Incoming, Kind, Reply, Turn
from conversation.respond import respond
from conversation.state import Hiding, PersonState
from errors import StorageError
from metrics import Metrics
from storage.cases import case_of_person, open_case, save_step
from storage.chat_messages import remember_messages
from storage.database import Database, Transaction, aside
from storage.erase import copies_in_group, erase_person
from storage.flood import enqueue_copy
from storage.gaps import add_gap, erase_gaps
from storage.inbox import finish
from storage.outbox import DELETED_AT_ONCE, Outgoing, Purpose, drop_unsent, enqueue, enqueue_all
from storage.people import Person, add_person, find_person, save_block, save_person
from storage.queue import lately_waited_s
from storage.relay import Relay, Words
from storage.volunteers import whole_team

log = structlog.get_logger()


@dataclass(frozen=True)
class Assistant:
    """Serves the people. `sent` is called when there is something new in the outbox."""

    database: Database
    content: Content
    limits: Limits
    metrics: Metrics
    sent: Callable[[], None]

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
            turn = respond(
                incoming, person.language, state, case, code, key, self.content, now, person.block
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
            await enqueue(tx, Outgoing(chat_id, Purpose.EDIT, wipes=True), now)
        if turn.commands is not None:
            await enqueue(tx, Outgoing(chat_id, Purpose.EDIT, commands=turn.commands), now)
        await self._reply(tx, turn, chat_id, now)
        if case is None or case.state is not State.WAITING or has_hidden(person):
            return
        if before is None or before.state is not State.WAITING:
            await self._tell_expected_wait(tx, person, case, now)
        elif turn.staff_notice == "staff-back" and case.rung:
            # What was kept from them while they hid the chat.
            reply = menus.nobody_has_it(self.content.voice(person.language, now), case)
            await self._tell(tx, person, case, reply, now)

    async def _tell_expected_wait(
        self, tx: Transaction, person: Person, case: Case, now: dt.datetime
    ) -> None:
        """Tell somebody who begins to wait while nobody is on duty how long it may take.

        Where the team never says who is on duty, nobody knows whether anybody is: nothing is said.
        """
        try:
            # Nothing in here may cost an alarm.
            async with aside(tx):
                team = await whole_team(tx)
                on_duty = any(member.is_on_duty(now) for member in team)
                if on_duty or not duty_is_known(team, now):
                    return
                planned = next_duty(team, now)
                urgent = case.urgent_kind is not None
                waited = await lately_waited_s(tx, now - LATELY, urgent=urgent)
                from_time = planned.astimezone(JAPAN).strftime("%H:%M") if planned else None
                voice = self.content.voice(person.language, now)
                reply = menus.nobody_on_duty(voice, case, from_time, usual_wait(waited))
                await self._tell(tx, person, case, reply, now)
        except StorageError:
            log.exception("the expected wait was not told", code=case.code)

    async def _tell(
        self, tx: Transaction, person: Person, case: Case, reply: Reply, now: dt.datetime
    ) -> None:
        notice = Outgoing(
            person.chat_id,
            Purpose.NOTICE,
            reply.text,
            reply.buttons,
            case_id=case.id,
            language=person.language,
        )
        await enqueue(tx, notice, now)

    async def _forget(
        self, tx: Transaction, person: Person, case: Case | None, turn: Turn, now: dt.datetime
    ) -> None:
        """Erase the person; the volunteers' copies go too, as far as Telegram deletes them."""
        copies = await copies_in_group(tx, case.id) if case else []
        if case is not None:
            erased = step(case, Event.ERASE, now=now, limits=self.limits)
            await save_step(tx, case, erased, Event.ERASE, now)
        await erase_person(tx, person)
        if case is not None:
            await tell_staff(tx, self.content, "staff-erased", case, now)
        ids = tuple(message_id for _, message_id in copies)
        for at in range(0, len(ids), DELETED_AT_ONCE):
            gone = Outgoing(None, Purpose.EDIT, deletes=ids[at : at + DELETED_AT_ONCE])
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
            after = await open_case(
                tx, code, person.id, turn.language, wish.origin, kind, now, due_at
            )
        else:
            event = _event(wish, case)
            kind = wish.urgent_kind
            after = step(case, event, now=now, limits=self.limits, urgent_kind=kind)
            after = replace(after, language=turn.language)
            await save_step(tx, case, after, event, now)
        voice = self.content.staff_voice(now)
        key = _alert_key(wish, case)
        if key == "staff-withdrawn":
            await tell_staff(tx, self.content, key, after, now)
        elif key is not None:
            text = alerts.alert(voice, after, key, wish.phrasing)
            if person.block is not None:
                by, reason = person.block.by.name, person.block.reason
                text += "\n" + voice.say("staff-alarm-blocked", name=by, reason=reason)
                await save_block(tx, person.id, replace(person.block, alarmed_at=now))
            keyboard = alerts.buttons(voice, after)
            await enqueue(tx, Outgoing(None, Purpose.ALERT, text, keyboard, case_id=after.id), now)
        await pass_to_staff(tx, self.content, after, person.chat_id, wish, incoming, now)
        return after

    async def is_hidden(self, chat_id: int) -> bool:
        """Return whether the person of this chat has hidden it. Raises StorageError."""
        async with self.database.begin() as tx:
            person = await find_person(tx, chat_id)
        return person is not None and has_hidden(person)


async def tell_staff(
    tx: Transaction, content: Content, key: str, case: Case, now: dt.datetime, **values: str
) -> None:
    """Write a notice about a case for the volunteers; `values` are filled in beside its code."""
    text = content.staff_voice(now).say(key, code=case.code, **values)
    await enqueue(tx, Outgoing(None, Purpose.NOTICE, text, case_id=case.id), now)


async def pass_to_staff(
    tx: Transaction,
    content: Content,
    case: Case,
    chat_id: int,
    wish: CaseWish,
    incoming: Incoming,
    now: dt.datetime,
) -> None:
    """Copy the person's messages to the volunteers, each in its thread; a new form of one stands
    below the form that it replaces."""
    for message_id in wish.message_ids:
        is_this = message_id == incoming.message_id
        relay = Relay(is_urgent=wish.action is CaseAction.ALARM)
        if is_this:
            if not incoming.edited:
                relay = replace(relay, thread=incoming.replies_to, album=incoming.album)
                if incoming.kind is Kind.TEXT and not incoming.has_media:
                    words = Words(message_id, now.isoformat(), incoming.text)
                    relay = replace(relay, said=(words,))
            else:
                relay = replace(relay, thread=message_id)
                text = content.staff_voice(now).say("staff-edited", code=case.code)
                notice = Outgoing(None, Purpose.NOTICE, text, case_id=case.id, relay=relay)
                await enqueue(tx, notice, now)
        copy = Outgoing(
            None, Purpose.COPY, copy_of=(chat_id, message_id), case_id=case.id, relay=relay
        )
        await enqueue_copy(tx, copy, now)


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
    if wish.action is CaseAction.ALARM:
        return Event.RAISE
    return Event.OPEN if case.state is State.CLOSED else Event.PERSON_WRITES


def _alert_key(wish: CaseWish, case: Case | None) -> str | None:
    """Return which alert the staff group gets, if any."""
    if wish.action is CaseAction.WITHDRAW:
        return "staff-withdrawn"
    if wish.action is CaseAction.ALARM:
        return "staff-alarm" if case is None else "staff-raised"
    if case is None:
        return "staff-request"
    return "staff-reopened" if case.state is State.CLOSED else None
