"""Messages that Telegram shows together: taken together from the outbox, as far as they are there.
Each keeps a row of its own, so that nothing is lost where they cannot go together."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, text

from storage.database import Transaction
from storage.lanes import staff_lane
from storage.outbox import Due, claim, due_from_row
from storage.tables import UNSENT, outbox

# Telegram shows so many messages together.
ALBUM_MAX = 10


async def claim_rest(tx: Transaction, first: Due, now: dt.datetime) -> list[Due]:
    """Take for sending what belongs with the first message of an album and was never tried, oldest
    first, and return it."""
    message = first.message
    lane = staff_lane(message.group_id) if message.to is None else tx.vault.hash(message.to)
    query = (
        select(outbox)
        .where(
            text(f"outbox.{UNSENT}"),
            outbox.c.lane == lane,
            outbox.c.case_id == message.case_id,
            outbox.c.id > first.id,
            outbox.c.state == "waiting",
            outbox.c.attempts == 0,
        )
        .order_by(outbox.c.id)
        .with_for_update(skip_locked=True)
    )
    rows = [due_from_row(tx, row) for row in await tx.connection.execute(query)]
    same = [due for due in rows if _together(due, first)][: ALBUM_MAX - 1]
    return await claim(tx, same, now)


def _together(due: Due, first: Due) -> bool:
    mine, theirs = due.message, first.message
    is_copy = mine.copy_of is not None and mine.copy_of != theirs.copy_of
    return is_copy and mine.relay.album == theirs.relay.album
