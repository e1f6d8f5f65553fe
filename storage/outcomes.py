"""What became of messages of the outbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, update

from storage.database import Transaction
from storage.outbox import Due, Purpose
from storage.tables import outbox


async def mark_sent(tx: Transaction, sent: Sequence[Due], now: dt.datetime) -> set[int]:
    """The messages have arrived; their words are forgotten. Returns the ids of the rows that are
    kept: not those of who was erased meanwhile, nor of a farewell."""
    farewells = [due.id for due in sent if due.message.purpose is Purpose.FAREWELL]
    if farewells:
        await tx.connection.execute(delete(outbox).where(outbox.c.id.in_(farewells)))
    query = (
        update(outbox)
        .where(outbox.c.id.in_([due.id for due in sent]))
        .values(state="sent", sealed_body=None, sent_at=now)
        .returning(outbox.c.id)
    )
    return set((await tx.connection.execute(query)).scalars())


async def mark_again(
    tx: Transaction, claimed: Due, due_at: dt.datetime, failure: str, *, uncertain: bool
) -> bool:
    """The message is tried again at `due_at`; `uncertain` says that it may have arrived.

    Returns False, changing nothing, when the claim was lost: it is somebody else's now.
    """
    query = (
        update(outbox)
        .where(_unchanged(claimed))
        .values(
            state="uncertain" if uncertain else "waiting",
            due_at=due_at,
            failure=failure,
            attempts=outbox.c.attempts + 1,
        )
    )
    return bool((await tx.connection.execute(query)).rowcount)


async def mark_failed(tx: Transaction, claimed: Due, failure: str) -> bool:
    """The message can never arrive; it is kept for a human to see, without its words.

    Returns False, changing nothing, when the claim was lost: it is somebody else's now.
    """
    changes = {"state": "failed", "failure": failure, "sealed_body": None}
    query = update(outbox).where(_unchanged(claimed)).values(changes)
    return bool((await tx.connection.execute(query)).rowcount)


async def release_claims(tx: Transaction, now: dt.datetime) -> None:
    """Free what was being sent when the only process there is died."""
    query = update(outbox).where(outbox.c.state == "sending").values(state="uncertain", due_at=now)
    await tx.connection.execute(query)


def _unchanged(due: Due) -> ColumnElement[bool]:
    """Whether nobody else has taken or sent the message meanwhile."""
    return and_(outbox.c.id == due.id, outbox.c.state == due.state, outbox.c.due_at == due.due_at)
