"""What somebody who waits for a volunteer is told of how long it may take."""

from __future__ import annotations

import datetime as dt

import structlog

from cases.expected import LATELY, usual_wait
from cases.model import Case, State
from cases.team import duty_is_known, next_duty
from conversation import menus
from conversation.content import JAPAN, Content
from conversation.messages import Turn
from errors import StorageError
from pass_on import notice_to
from storage.database import Transaction, aside
from storage.outbox import enqueue
from storage.people import Person
from storage.queue import lately_waited_s
from storage.volunteers import whole_team

log = structlog.get_logger()


async def tell_waiting(
    tx: Transaction,
    content: Content,
    person: Person,
    before: Case | None,
    case: Case,
    turn: Turn,
    now: dt.datetime,
) -> None:
    """Tell somebody whose case waits what they must know of it: how long it may take where it
    begins to wait, what was kept from them where they are back from hiding the chat."""
    if before is None or before.state is not State.WAITING:
        await _tell_expected_wait(tx, content, person, case, now)
    elif turn.staff_notice == "staff-back" and case.rung:
        reply = menus.nobody_has_it(content.voice(person.language, now), case)
        await enqueue(tx, notice_to(person, case, reply), now)


async def _tell_expected_wait(
    tx: Transaction, content: Content, person: Person, case: Case, now: dt.datetime
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
            voice = content.voice(person.language, now)
            reply = menus.nobody_on_duty(voice, case, from_time, usual_wait(waited))
            await enqueue(tx, notice_to(person, case, reply), now)
    except StorageError:
        log.exception("the expected wait was not told", code=case.code)
