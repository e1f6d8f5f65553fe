"""Forgetting what is no longer needed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete

from storage.database import Transaction
from storage.tables import inbox, outbox

# An update's id is kept so long, so that a late repeat of it is known; its words went at once.
UPDATES_KEPT = dt.timedelta(days=7)
# What became of a message is kept so long for a human to look at; its words went at once.
OUTCOMES_KEPT = dt.timedelta(days=30)


async def purge(tx: Transaction, now: dt.datetime) -> dict[str, int]:
    """Delete what is older than it is kept; return how many rows of each table went."""
    done = delete(inbox).where(inbox.c.state == "done", inbox.c.received_at < now - UPDATES_KEPT)
    ended = delete(outbox).where(
        outbox.c.state.in_(["sent", "failed"]), outbox.c.created_at < now - OUTCOMES_KEPT
    )
    return {
        "inbox": (await tx.connection.execute(done)).rowcount,
        "outbox": (await tx.connection.execute(ended)).rowcount,
    }
