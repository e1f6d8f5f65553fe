"""What waits at this moment, as counts and ages: for those who watch the bot."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, text

from cases.model import Case, State
from storage.database import Transaction
from storage.outbox import Purpose
from storage.tables import UNSENT, WAITING, case_events, cases, inbox, outbox


@dataclass(frozen=True)
class Waiting:
    """How many wait, and for how long the oldest has; 0 where none does."""

    count: int = 0
    oldest_s: float = 0.0


@dataclass(frozen=True)
class Backlog:
    """`cases` by whether they are of danger."""

    inbox: Waiting
    outbox: dict[Purpose, Waiting]
    cases: dict[bool, Waiting]


# The steps by which a case comes to have nobody.
BEGINS_TO_WAIT = (
    case_events.c.to_state == State.WAITING.value,
    or_(case_events.c.from_state.is_(None), case_events.c.from_state != State.WAITING.value),
)


async def read_backlog(tx: Transaction, now: dt.datetime) -> Backlog:
    """Return what waits: a query each for the inbox, the outbox and the cases."""

    def waiting(row: Any) -> Waiting:
        return Waiting(row.count, (now - row.oldest).total_seconds()) if row.count else Waiting()

    count = func.count().label("count")
    updates = select(count, func.min(inbox.c.received_at).label("oldest"))
    updates = updates.where(text(f"inbox.{WAITING}"))
    messages = select(outbox.c.purpose, count, func.min(outbox.c.created_at).label("oldest"))
    messages = messages.where(text(f"outbox.{UNSENT}")).group_by(outbox.c.purpose)
    since = (
        select(
            cases.c.urgent_kind.is_not(None).label("urgent"),
            func.max(case_events.c.at).label("since"),
        )
        .join(case_events, case_events.c.case_id == cases.c.id)
        .where(text(f"cases.{WAITING}"), *BEGINS_TO_WAIT)
        .group_by(cases.c.id, cases.c.urgent_kind)
        .subquery()
    )
    open_cases = select(since.c.urgent, count, func.min(since.c.since).label("oldest"))
    open_cases = open_cases.group_by(since.c.urgent)

    in_inbox = waiting((await tx.connection.execute(updates)).one())
    in_outbox = dict.fromkeys(Purpose, Waiting())
    for row in await tx.connection.execute(messages):
        in_outbox[Purpose(row.purpose)] = waiting(row)
    of_cases = {True: Waiting(), False: Waiting()}
    for row in await tx.connection.execute(open_cases):
        of_cases[bool(row.urgent)] = waiting(row)
    return Backlog(in_inbox, in_outbox, of_cases)


async def waited_s(tx: Transaction, case: Case, now: dt.datetime) -> float | None:
    """Return for how long a case has had nobody; None where somebody has it, or it is closed."""
    if case.state is not State.WAITING:
        return None
    query = select(func.max(case_events.c.at)).where(
        case_events.c.case_id == case.id, *BEGINS_TO_WAIT
    )
    since: dt.datetime = (await tx.connection.execute(query)).scalar_one()
    return (now - since).total_seconds()
