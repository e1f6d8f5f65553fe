"""What a person is told later, about their case as it stands then."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from storage.database import Transaction
from storage.tables import follow_ups


class Subject(enum.StrEnum):
    """What it is about."""

    STANDING = "standing"
    """How their case stands: it came about in their quiet hours."""
    SAFETY = "safety"
    """Whether they are safe, a day after the close."""


@dataclass(frozen=True)
class FollowUp:
    case_id: int
    subject: Subject


async def plan_follow_up(tx: Transaction, planned: FollowUp, due_at: dt.datetime) -> None:
    """Let the person be told then; what was planned of the same kind before is not."""
    await take_follow_up(tx, planned)
    values = {"case_id": planned.case_id, "subject": planned.subject.value, "due_at": due_at}
    await tx.connection.execute(insert(follow_ups).values(**values))


async def follow_ups_due(tx: Transaction, now: dt.datetime) -> list[FollowUp]:
    """Return what is due, what has been for longest first."""
    query = select(follow_ups).where(follow_ups.c.due_at <= now).order_by(follow_ups.c.due_at)
    rows = await tx.connection.execute(query)
    return [FollowUp(row.case_id, Subject(row.subject)) for row in rows]


async def take_follow_up(tx: Transaction, planned: FollowUp) -> bool:
    """Forget what is planned; of several who do it at once one gets True."""
    query = delete(follow_ups).where(
        follow_ups.c.case_id == planned.case_id, follow_ups.c.subject == planned.subject.value
    )
    return bool((await tx.connection.execute(query)).rowcount)


async def drop_follow_ups(tx: Transaction, case_id: int) -> None:
    """Forget all that is planned for a case."""
    await tx.connection.execute(delete(follow_ups).where(follow_ups.c.case_id == case_id))
