"""What happens to cases by itself as time passes: leases run out, alarms climb. Load, decide, save
in one transaction, and let what follows be sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

import structlog

from cases.deadlines import PLAUSIBLE_WAITS, RUNG_TOP, due_event
from cases.lifecycle import step
from cases.model import Case, Claim, Event
from cases.team import called
from conversation import alerts
from desk.looking import look_for_ever
from desk.steps import Desk
from errors import StorageError, UnavailableError
from storage.backlog import waited_s
from storage.cases import cases_due, locked_case, save_step
from storage.database import Transaction
from storage.outbox import Outgoing, Purpose, enqueue
from storage.people import person_of_case
from storage.queue import worked_at
from storage.volunteers import forget_member, whole_team

log = structlog.get_logger()

LOOK_EVERY_S = 3.0


@dataclass(frozen=True)
class Ladder:
    """Of several processes each may look: one does what is due.

    `coordinators` asks who the administrators of a group of the staff are (None: the default one),
    `who_left` which of these volunteers, by their Telegram ids, are in it no more. With `one_group`
    these are forgotten; with several they may be in another.
    """

    desk: Desk
    coordinators: Callable[[int | None], Awaitable[Sequence[Claim]]]
    who_left: Callable[[int | None, Sequence[int]], Awaitable[Collection[int]]]
    one_group: bool

    async def run(self, clock: Callable[[], dt.datetime]) -> None:
        """Look for ever at what is due; cancel to stop."""
        await look_for_ever(self.look, clock, LOOK_EVERY_S)

    async def look(self, now: dt.datetime) -> None:
        """Do what is due with every case; one that the database refuses holds up no other.

        Raises UnavailableError.
        """
        limits, metrics = self.desk.limits, self.desk.metrics
        with metrics.step("ladder"):
            async with self.desk.database.begin() as tx:
                found = await cases_due(tx, now, far=now + PLAUSIBLE_WAITS * limits.shortest)
        for case in found:
            if due_event(case, now, limits):
                try:
                    # A step each: with many cases and a silent Telegram all take long, none hangs.
                    with metrics.step("ladder"):
                        await self.act(case, now)
                except UnavailableError:
                    raise
                except StorageError:
                    log.exception("what is due with a case was not done", code=case.code)

    async def act(self, found: Case, now: dt.datetime) -> None:
        """Do what is due with a case, unless somebody acted since it was found.

        Raises StorageError.
        """
        # Telegram is asked before the transaction: nobody waits for the database meanwhile.
        whom, left = await self._whom_to_call(found, now)
        async with self.desk.database.begin() as tx:
            case = await locked_case(tx, found.id)
            event = due_event(case, now, self.desk.limits) if case else None
            if case is None or event is None:
                return
            after = step(case, event, now=now, limits=self.desk.limits)
            if not await save_step(tx, case, after, event, now):
                return
            if event is Event.LAPSE:
                await self._lapsed(tx, case, after, now)
            else:
                await self._climbed(tx, after, whom, now)
            for staff_id in left if self.one_group else ():
                await forget_member(tx, staff_id)
        if event is Event.CLIMB:
            self.desk.metrics.climbed(after.rung)
        self.desk.sent()

    async def _whom_to_call(
        self, case: Case, now: dt.datetime
    ) -> tuple[Sequence[Claim], Collection[int]]:
        """Return whom the next alarm of a case calls by name, and who has left the group: they are
        called no more."""
        if due_event(case, now, self.desk.limits) is not Event.CLIMB:
            return (), ()
        rung = min(case.rung + 1, RUNG_TOP)
        if rung == RUNG_TOP:
            return await self.coordinators(case.group_id), ()
        async with self.desk.database.begin() as tx:
            team = await whole_team(tx)
        asked = called(team, case, rung, now)[: alerts.MENTIONED_MAX]
        left = await self.who_left(case.group_id, [member.claim.staff_id for member in asked])
        there = [member for member in team if member.claim.staff_id not in left]
        return [member.claim for member in called(there, case, rung, now)], left

    async def _lapsed(self, tx: Transaction, case: Case, after: Case, now: dt.datetime) -> None:
        """Tell everybody that the case is back with all."""
        name = case.claim.name if case.claim else ""
        # A new alarm ends a lease early.
        worked = await worked_at(tx, case) or case.opened_at
        minutes = _minutes((now - worked).total_seconds())
        await self.desk.tell_group(tx, case, "staff-lapsed", now, name=name, minutes=minutes)
        await self.desk.refresh_buttons(tx, after, now)
        await self.desk.tell_person(tx, after, await person_of_case(tx, after), now)

    async def _climbed(
        self, tx: Transaction, case: Case, whom: Sequence[Claim], now: dt.datetime
    ) -> None:
        """Ping the group, and on the first rung tell the person."""
        voice = self.desk.content.staff_voice(now)
        minutes = _minutes(await waited_s(tx, case, now) or 0.0)
        text = alerts.ping(voice, case, minutes, whom)
        await enqueue(tx, Outgoing(None, Purpose.PING, text, case_id=case.id), now)
        if case.rung == 1:
            await self.desk.tell_person(tx, case, await person_of_case(tx, case), now)


def _minutes(seconds: float) -> str:
    """Return seconds as whole minutes; where the clock was set back since, at least one."""
    return str(max(1, int(seconds // 60)))
