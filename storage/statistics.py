"""What happened with the cases in a period: of nobody, for counting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import and_, case, func, or_, select, text

from cases.model import Event, Outcome, State
from cases.statistics import Ending, Opening, Statistics, summed_up
from storage.database import Transaction
from storage.tables import WAITING, case_events, cases

# The steps by which a human comes.
_HUMAN_CAME = (Event.CLAIM, Event.STAFF_REPLIES)


async def read_statistics(
    tx: Transaction, start: dt.datetime, end: dt.datetime, languages: Iterable[str]
) -> Statistics:
    """Return what happened from `start` until before `end`; each of `languages` has its count."""
    opened = await _openings(tx, start, end)
    return summed_up(opened, languages, await _endings(tx, start, end), await _waiting(tx))


async def _openings(tx: Transaction, start: dt.datetime, end: dt.datetime) -> list[Opening]:
    """Return the cases opened or opened again from `start` until before `end`, with what followed
    until now."""
    began, ended, passed = case_events.alias(), case_events.alias(), case_events.alias()
    end_id = (
        select(func.min(passed.c.id))
        .where(
            passed.c.case_id == began.c.case_id,
            passed.c.id > began.c.id,
            passed.c.to_state != State.WAITING.value,
        )
        .scalar_subquery()
    )
    alarms = (
        select(func.count())
        .where(
            passed.c.case_id == began.c.case_id,
            passed.c.id > began.c.id,
            passed.c.event == Event.CLIMB.value,
            or_(ended.c.id.is_(None), passed.c.id < ended.c.id),
        )
        .scalar_subquery()
    )
    # What it turned out to be while it waited.
    kind = case((ended.c.id.is_(None), cases.c.urgent_kind), else_=ended.c.urgent_kind)
    query = (
        select(
            cases.c.language,
            kind.label("urgent_kind"),
            began.c.at.label("began_at"),
            ended.c.event.label("ended_by"),
            ended.c.at.label("ended_at"),
            alarms.label("alarms"),
        )
        .join(cases, cases.c.id == began.c.case_id)
        .outerjoin(ended, and_(ended.c.case_id == began.c.case_id, ended.c.id == end_id))
        .where(
            began.c.at >= start,
            began.c.at < end,
            began.c.to_state == State.WAITING.value,
            or_(began.c.from_state.is_(None), began.c.from_state == State.CLOSED.value),
        )
    )
    return [
        Opening(
            row.language,
            row.urgent_kind,
            (row.ended_at - row.began_at).total_seconds() if row.ended_by in _HUMAN_CAME else None,
            row.alarms,
        )
        for row in await tx.connection.execute(query)
    ]


async def _endings(tx: Transaction, start: dt.datetime, end: dt.datetime) -> dict[Ending, int]:
    """Return how many cases ended from `start` until before `end`, by how."""
    query = (
        select(case_events.c.event, case_events.c.outcome, func.count().label("cases"))
        .where(
            case_events.c.at >= start,
            case_events.c.at < end,
            case_events.c.to_state == State.CLOSED.value,
            case_events.c.from_state != State.CLOSED.value,
        )
        .group_by(case_events.c.event, case_events.c.outcome)
    )
    return {
        Outcome(row.outcome) if row.outcome else Event(row.event): row.cases
        for row in await tx.connection.execute(query)
    }


async def _waiting(tx: Transaction) -> dict[str | None, int]:
    """Return how many cases have nobody now, by kind of danger (None: asks for a human)."""
    query = (
        select(cases.c.urgent_kind, func.count().label("cases"))
        .where(text(f"cases.{WAITING}"))
        .group_by(cases.c.urgent_kind)
    )
    return {row.urgent_kind: row.cases for row in await tx.connection.execute(query)}
