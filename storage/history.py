"""What happened with cases: the steps of one, and cases to look through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from cases.model import Case, Claim, Event, Outcome, State
from storage.cases import case_from_row
from storage.database import Transaction
from storage.tables import case_events, cases


@dataclass(frozen=True)
class Step:
    """One row of a case's history. `by` is the volunteer who took the step, None where nobody of
    the staff did; `outcome` belongs to a step that closes, `reason` to one that blocks."""

    event: Event
    after: State
    urgent_kind: str | None
    by: Claim | None
    outcome: Outcome | None
    at: dt.datetime
    reason: str | None = None


async def steps_of_case(tx: Transaction, case_id: int) -> list[Step]:
    """Return every step of a case, oldest first."""
    query = select(case_events).where(case_events.c.case_id == case_id).order_by(case_events.c.id)
    return [
        Step(
            Event(row.event),
            State(row.to_state),
            row.urgent_kind,
            Claim(*by[:2]) if by else None,
            Outcome(row.outcome) if row.outcome else None,
            row.at,
            by[2] if len(by) > 2 else None,
        )
        for row in await tx.connection.execute(query)
        for by in [tx.vault.open(row.sealed_by) if row.sealed_by else []]
    ]


async def last_outcome(tx: Transaction, case_id: int) -> Outcome | None:
    """Return what came of a case when it was closed last, or None."""
    query = (
        select(case_events.c.outcome)
        .where(case_events.c.case_id == case_id, case_events.c.outcome.is_not(None))
        .order_by(case_events.c.id.desc())
        .limit(1)
    )
    outcome = (await tx.connection.execute(query)).scalar_one_or_none()
    return Outcome(outcome) if outcome else None


async def was_answered_since_claim(tx: Transaction, case_id: int) -> bool:
    """Return whether the staff have written to the person since the case was claimed last."""
    either = (Event.CLAIM.value, Event.STAFF_REPLIES.value)
    query = (
        select(case_events.c.event)
        .where(case_events.c.case_id == case_id, case_events.c.event.in_(either))
        .order_by(case_events.c.id.desc())
        .limit(1)
    )
    last = (await tx.connection.execute(query)).scalar_one_or_none()
    return last == Event.STAFF_REPLIES.value


async def cases_of_codes(tx: Transaction, codes: Sequence[str]) -> list[Case]:
    """Return the cases that have one of these codes, in no order."""
    rows = await tx.connection.execute(select(cases).where(cases.c.code.in_(codes)))
    return [case_from_row(tx, row) for row in rows]


async def newest_cases(tx: Transaction, group_id: int | None, closed_at_most: int) -> list[Case]:
    """Return all open cases of a group, the longest open first, then those closed last."""
    is_open = cases.c.closed_at.is_(None)
    mine = select(cases).where(cases.c.group_id.is_not_distinct_from(group_id))
    opened = mine.where(is_open).order_by(cases.c.opened_at)
    closed = mine.where(~is_open).order_by(cases.c.closed_at.desc()).limit(closed_at_most)
    return [
        case_from_row(tx, row)
        for query in (opened, closed)
        for row in await tx.connection.execute(query)
    ]
