"""Messages to a person that wait until their code word comes."""

from __future__ import annotations

import dataclasses
import datetime as dt

from sqlalchemy import delete, insert, select

from storage.database import Transaction
from storage.lanes import AWAITED
from storage.outbox import Outgoing
from storage.tables import held_messages, outbox


async def hold(tx: Transaction, case_id: int, message: Outgoing, now: dt.datetime) -> None:
    """Keep a message to the person of a case back."""
    query = insert(held_messages).values(
        case_id=case_id,
        purpose=message.purpose.value,
        sealed_body=tx.vault.seal(dataclasses.asdict(message)),
        held_at=now,
    )
    await tx.connection.execute(query)


async def has_held(tx: Transaction, case_id: int) -> bool:
    """Return whether anything is kept back in a case."""
    query = select(held_messages.c.id).where(held_messages.c.case_id == case_id).limit(1)
    return (await tx.connection.execute(query)).one_or_none() is not None


async def release_held(tx: Transaction, case_id: int, chat_id: int, now: dt.datetime) -> None:
    """Let what is kept back in a case be sent to its person, in the order in which it came."""
    mine = held_messages.c.case_id == case_id
    query = select(held_messages).where(mine).order_by(held_messages.c.id)
    rows = [
        {
            "lane": tx.vault.hash(chat_id),
            "priority": AWAITED,
            "purpose": row.purpose,
            "case_id": case_id,
            "sealed_body": row.sealed_body,
            "state": "waiting",
            "attempts": 0,
            "due_at": now,
            "created_at": now,
        }
        for row in await tx.connection.execute(query)
    ]
    if rows:
        await tx.connection.execute(insert(outbox), rows)
        await tx.connection.execute(delete(held_messages).where(mine))


async def drop_held(tx: Transaction, case_id: int) -> None:
    """Forget what is kept back in a case."""
    await tx.connection.execute(delete(held_messages).where(held_messages.c.case_id == case_id))
