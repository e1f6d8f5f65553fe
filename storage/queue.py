"""Who waits, since when, and for how long people waited lately."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, exists, func, select, text

from cases.deadlines import WORK
from cases.model import Case, Event, State
from cases.queue import Queued
from storage.backlog import BEGINS_TO_WAIT
from storage.cases import WITH_BUTTONS, case_from_row
from storage.database import Transaction
from storage.tables import ANSWERS, OPEN, UNSENT, case_events, cases, outbox, staff_posts

# What a person does that asks for an answer.
_ASKS = (Event.OPEN.value, Event.RAISE.value, Event.PERSON_WRITES.value)
# The newest so many waits tell how long people wait.
_WAITS_MAX = 200


async def open_queue(tx: Transaction) -> list[Queued]:
    """Return every open case, in no order.

    Its person has waited since it came to have nobody, also while somebody has it who has not
    replied yet; after a reply since the first message that followed.
    """
    began = _last(*BEGINS_TO_WAIT)
    replied = _last(case_events.c.event == Event.STAFF_REPLIES.value)
    later = case_events.alias()
    asked = (
        select(func.min(later.c.at))
        .where(later.c.case_id == cases.c.id, later.c.event.in_(_ASKS), later.c.at > replied)
        .correlate(cases)
        .scalar_subquery()
    )
    is_answered = and_(cases.c.state == State.CLAIMED.value, replied >= began)
    since = case((is_answered, asked), else_=began).label("since")
    query = select(cases, since).where(text(f"cases.{OPEN}"))
    rows = await tx.connection.execute(query)
    return [Queued(case_from_row(tx, row), row.since) for row in rows]


async def alerts_to_come(tx: Transaction) -> set[int]:
    """Return the ids of the cases of which no group has seen anything, as their alert still waits
    to be sent."""
    seen = exists().where(
        staff_posts.c.case_id == outbox.c.case_id, staff_posts.c.purpose.in_(WITH_BUTTONS)
    )
    is_to_come = (text(f"outbox.{UNSENT}"), outbox.c.purpose == "alert", ~seen)
    query = select(outbox.c.case_id).where(*is_to_come)
    return set((await tx.connection.execute(query)).scalars())


async def worked_at(tx: Transaction, case: Case) -> dt.datetime | None:
    """Return when a volunteer last did something for the case that renewed its lease."""
    work = [event.value for event in WORK]
    query = select(func.max(case_events.c.at)).where(
        case_events.c.case_id == case.id, case_events.c.event.in_(work)
    )
    found: dt.datetime | None = (await tx.connection.execute(query)).scalar_one()
    return found


async def lately_waited_s(tx: Transaction, since: dt.datetime, *, urgent: bool) -> list[float]:
    """Return for how many seconds each person waited who got a human since then, newest first."""
    events, before = case_events.c, case_events.alias()
    from_state, to_state = before.c.from_state, before.c.to_state
    began = (
        select(func.max(before.c.at))
        .where(
            before.c.case_id == events.case_id,
            before.c.id < events.id,
            to_state == State.WAITING.value,
            from_state.is_distinct_from(State.WAITING.value),
        )
        .correlate(case_events)
        .scalar_subquery()
    )
    kind = events.urgent_kind
    query = (
        select(events.at, began.label("began"))
        .where(
            text(f"case_events.{ANSWERS.replace(' AND ', ' AND case_events.')}"),
            events.at > since,
            kind.is_not(None) if urgent else kind.is_(None),
        )
        .order_by(events.at.desc())
        .limit(_WAITS_MAX)
    )
    rows = (await tx.connection.execute(query)).all()
    return [(row.at - row.began).total_seconds() for row in rows if row.began is not None]


def _last(*conditions: ColumnElement[bool]) -> ScalarSelect[dt.datetime]:
    """Select the last such event of the case that is selected around it."""
    found = select(func.max(case_events.c.at)).where(case_events.c.case_id == cases.c.id)
    return found.where(*conditions).correlate(cases).scalar_subquery()
