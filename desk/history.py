"""What volunteers look up: a case, its history, the cases that fit some words. Changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cases.codes import codes_meant
from cases.model import Case
from conversation import history
from conversation.render import Voice
from desk.asked import Said
from desk.cards import case_spoken_of
from desk.steps import Desk
from storage.backlog import waited_s
from storage.database import Transaction
from storage.history import cases_of_codes, last_outcome, newest_cases, steps_of_case
from storage.inbox import finish
from storage.outbox import Outgoing, Purpose, enqueue

# So many of the cases closed last are looked through.
CLOSED_SEARCHED_MAX = 500

Told = Callable[[Transaction, Voice, Said, dt.datetime], Awaitable[str]]


@dataclass(frozen=True)
class HistoryDesk:
    """Answers the staff where they ask: in a case's topic, or in the group itself."""

    desk: Desk

    async def case(self, said: Said, now: dt.datetime) -> None:
        """Say how a case stands. Raises StorageError."""
        await self._answer(said, now, _standing)

    async def history(self, said: Said, now: dt.datetime) -> None:
        """Say every step of a case. Raises StorageError."""
        await self._answer(said, now, _steps)

    async def search(self, said: Said, now: dt.datetime) -> None:
        """Say which cases fit the words. Raises StorageError."""
        await self._answer(said, now, _found)

    async def _answer(self, said: Said, now: dt.datetime, told: Told) -> None:
        voice = self.desk.content.staff_voice(now)
        async with self.desk.database.begin() as tx:
            if not await finish(tx, said.update_id):
                return
            asked_in = await case_spoken_of(tx, said)
            if said.volunteer is None:
                text = voice.say("staff-only")
            else:
                text = await told(tx, voice, said, now)
            case_id = asked_in.id if asked_in else None
            told_there = Outgoing(
                None, Purpose.NOTICE, text, case_id=case_id, group_id=said.group_id
            )
            await enqueue(tx, told_there, now)
        self.desk.sent()


async def _standing(tx: Transaction, voice: Voice, said: Said, now: dt.datetime) -> str:
    case = await _case(tx, voice, said)
    if isinstance(case, str):
        return case
    outcome = await last_outcome(tx, case.id)
    return history.standing(voice, case, await waited_s(tx, case, now), outcome)


async def _steps(tx: Transaction, voice: Voice, said: Said, _now: dt.datetime) -> str:
    case = await _case(tx, voice, said)
    if isinstance(case, str):
        return case
    return history.steps(voice, case, await steps_of_case(tx, case.id))


async def _found(tx: Transaction, voice: Voice, said: Said, _now: dt.datetime) -> str:
    if not said.words.strip():
        return voice.say("staff-search-how")
    newest = await newest_cases(tx, said.group_id, CLOSED_SEARCHED_MAX)
    return history.found(voice, said.words, newest)


async def _case(tx: Transaction, voice: Voice, said: Said) -> Case | str:
    """Return the case whose code was written, or in whose topic; else what is said instead."""
    if not said.words.strip():
        return await case_spoken_of(tx, said) or voice.say("staff-case-which")
    found = await cases_of_codes(tx, codes_meant(said.words))
    cases = [case for case in found if case.group_id == said.group_id]
    exact = [case for case in cases if case.code == said.words.strip().upper()]
    if len(exact or cases) == 1:
        return (exact or cases)[0]
    if cases:
        return voice.say("staff-case-several", codes=", ".join(sorted(each.code for each in cases)))
    return voice.say("staff-other-group" if found else "staff-no-case")
