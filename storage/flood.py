"""Somebody who writes faster than the group may be written to: nothing is lost, but their texts
arrive as fewer messages."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import replace

from sqlalchemy import select, text, update

from storage.database import Transaction
from storage.lanes import is_staff_lane
from storage.outbox import Outgoing, Purpose, due_from_row, enqueue
from storage.relay import Words
from storage.tables import UNSENT, outbox

# So many of a case's messages wait alone; what comes then joins the last one.
SINGLY_MAX = 1
# Telegram takes 4096 in a message: this leaves room for what stands around the words.
MERGED_LENGTH_MAX = 3500
# What stands around one text: a bullet, a count, the end of the line.
_AROUND = 16


async def enqueue_copy(tx: Transaction, copy: Outgoing, now: dt.datetime) -> None:
    """Write a copy of a person's message into the outbox, or add its words to what still waits.

    Their order stays. A cry for help, what answers another message and what is no text never join.
    """
    if not await _joined(tx, copy):
        await enqueue(tx, copy, now)


async def _joined(tx: Transaction, copy: Outgoing) -> bool:
    if not _can_join(copy):
        return False
    query = (
        select(outbox)
        .where(
            text(f"outbox.{UNSENT}"),
            is_staff_lane(outbox.c.lane),
            outbox.c.case_id == copy.case_id,
            outbox.c.purpose == Purpose.COPY.value,
        )
        .order_by(outbox.c.id.desc())
        .limit(SINGLY_MAX + 1)
        # What is being sent at this moment is no longer joined.
        .with_for_update(skip_locked=True)
    )
    rows = (await tx.connection.execute(query)).all()
    if len(rows) <= SINGLY_MAX or rows[0].state != "waiting" or rows[0].attempts:
        return False
    last = due_from_row(tx, rows[0]).message
    said = (*last.relay.said, *copy.relay.said)
    if not _can_join(last) or _length(said) > MERGED_LENGTH_MAX:
        return False
    merged = replace(copy, relay=replace(copy.relay, said=said))
    sealed = tx.vault.seal(dataclasses.asdict(merged))
    change = update(outbox).where(outbox.c.id == rows[0].id).values(sealed_body=sealed)
    await tx.connection.execute(change)
    return True


def _can_join(copy: Outgoing) -> bool:
    relay = copy.relay
    return bool(relay.said) and relay.thread is None and not relay.is_urgent


def _length(said: tuple[Words, ...]) -> int:
    """Return how much of a message texts take, as Telegram counts it; a repeated one once."""
    different = {words.text for words in said}
    return sum(len(each.encode("utf-16-le", "surrogatepass")) // 2 + _AROUND for each in different)
