"""What people are told later: as their case stands then, and whether they are safe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from assistant import has_hidden
from cases.lifecycle import step
from cases.model import Case, Event, State
from conversation import unasked
from desk.looking import look_for_ever
from desk.reach import ask_safety, state_of, tell_standing
from desk.steps import Desk
from errors import StorageError, UnavailableError
from storage.cases import locked_case, save_step
from storage.database import Transaction
from storage.follow_ups import FollowUp, Subject, follow_ups_due, plan_follow_up, take_follow_up
from storage.people import Person, person_of_case

log = structlog.get_logger()

LOOK_EVERY_S = 30.0


@dataclass(frozen=True)
class FollowUps:
    """Of several processes each may look: one does what is due."""

    desk: Desk

    async def run(self, clock: Callable[[], dt.datetime]) -> None:
        """Look for ever at what is due; cancel to stop."""
        await look_for_ever(self.look, clock, LOOK_EVERY_S)

    async def look(self, now: dt.datetime) -> None:
        """Do all that is due; what the database refuses holds up nothing else.

        Raises UnavailableError.
        """
        metrics = self.desk.metrics
        with metrics.step("follow-ups"):
            async with self.desk.database.begin() as tx:
                found = await follow_ups_due(tx, now)
        for planned in found:
            try:
                with metrics.step("follow-ups"):
                    async with self.desk.database.begin() as tx:
                        await self._act(tx, planned, now)
            except UnavailableError:
                raise
            except StorageError:
                log.exception("what is due with somebody was not done")
        if found:
            self.desk.sent()

    async def _act(self, tx: Transaction, planned: FollowUp, now: dt.datetime) -> None:
        case = await locked_case(tx, planned.case_id)
        if not await take_follow_up(tx, planned) or case is None:
            return
        person = await person_of_case(tx, case)
        if person is None or has_hidden(person):
            return
        if planned.subject is Subject.STANDING and case.state is not State.CLAIMED:
            # Whoever has taken it meanwhile was told of at once.
            await tell_standing(tx, self.desk.content, case, person, now)
        if planned.subject is Subject.SAFETY and case.state is State.CLOSED:
            await self._ask_safety(tx, planned, case, person, now)

    async def _ask_safety(
        self, tx: Transaction, planned: FollowUp, case: Case, person: Person, now: dt.datetime
    ) -> None:
        quiet_until = unasked.quiet_until(state_of(person), person.seen_at, now)
        if quiet_until is not None:
            await plan_follow_up(tx, planned, quiet_until)
            return
        after = step(case, Event.ASK_LATER, now=now, limits=self.desk.limits)
        await save_step(tx, case, after, Event.ASK_LATER, now)
        await ask_safety(tx, self.desk.content, case, person, now)
