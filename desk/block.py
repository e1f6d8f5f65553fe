"""A coordinator keeps somebody's messages from the volunteers, and lets them through again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from assistant import has_hidden, tell_staff
from cases.lifecycle import step
from cases.model import Block, Case, Event
from conversation import menus
from conversation.messages import Reply
from desk.asked import Said
from desk.cards import case_spoken_of
from desk.steps import Desk
from pass_on import notice_to
from storage.cases import locked_case, save_step
from storage.database import Transaction
from storage.inbox import finish
from storage.outbox import Outgoing, Purpose, enqueue
from storage.people import Person, person_of_case, save_block

REASON_LENGTH_MAX = 300


@dataclass(frozen=True)
class BlockDesk:
    """Serves the coordinators beside the desk, whose steps it uses."""

    desk: Desk

    async def block(self, said: Said, now: dt.datetime) -> None:
        """Block the person of a case, with the reason that was written; the case is closed.

        They are told. The group is told where nothing was done: no coordinator, no case, no
        reason, blocked before. Raises StorageError.
        """
        await self._do(said, Event.BLOCK, now)

    async def unblock(self, said: Said, now: dt.datetime) -> None:
        """Let the messages of the person of a case through again; they are told. Raises
        StorageError."""
        await self._do(said, Event.UNBLOCK, now)

    async def _do(self, said: Said, event: Event, now: dt.datetime) -> None:
        async with self.desk.database.begin() as tx:
            if not await finish(tx, said.update_id):
                return
            meant = await case_spoken_of(tx, said)
            case = await locked_case(tx, meant.id) if meant else None
            person = await person_of_case(tx, case) if case else None
            refused = _refused(said, event, person)
            if refused is not None:
                text = self.desk.content.staff_voice(now).say(refused)
                told = Outgoing(
                    None,
                    Purpose.NOTICE,
                    text,
                    case_id=case.id if case else None,
                    group_id=said.group_id,
                )
                await enqueue(tx, told, now)
            elif case is not None and person is not None and said.volunteer is not None:
                by, reason = said.volunteer.claim, said.words.strip()[:REASON_LENGTH_MAX]
                after = step(case, event, now=now, limits=self.desk.limits)
                await save_step(tx, case, after, event, now, by=by, reason=reason)
                block = Block(by, reason, now) if event is Event.BLOCK else None
                await save_block(tx, person.id, block)
                key = "staff-blocked" if block else "staff-unblocked"
                content = self.desk.content
                await tell_staff(tx, content, key, case, now, name=by.name, reason=reason)
                await self.desk.refresh_buttons(tx, after, now)
                voice = content.voice(person.language, now)
                reply = menus.plain(voice, "blocked") if block else menus.unblocked(voice)
                await self._tell_person(tx, case, person, reply, now)
        self.desk.sent()

    async def _tell_person(
        self, tx: Transaction, case: Case, person: Person, reply: Reply, now: dt.datetime
    ) -> None:
        if has_hidden(person):
            return
        await enqueue(tx, notice_to(person, case, reply), now)


def _refused(said: Said, event: Event, person: Person | None) -> str | None:
    """Return the key of why nothing is done, if nothing is."""
    if said.volunteer is None:
        return "staff-only"
    if not said.volunteer.is_coordinator:
        return "staff-block-coordinator"
    if person is None:
        return "staff-block-where"
    if event is Event.UNBLOCK:
        return None if person.block else "staff-unblock-before"
    if person.block:
        return "staff-block-before"
    return None if said.words.strip() else "staff-block-why"
