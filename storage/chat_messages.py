"""Which messages stand on a person's phone, for as long as Telegram lets a bot delete them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from storage.database import Transaction
from storage.tables import chat_messages

# The Bot API deletes no message that is older.
DELETABLE_FOR = dt.timedelta(hours=48)


async def remember_messages(
    tx: Transaction, messages: Sequence[tuple[int, int]], now: dt.datetime
) -> None:
    """Remember that messages (chat and message id) stand in people's chats."""
    rows = [
        {
            "lane": tx.vault.hash(chat_id),
            "sealed_message": tx.vault.seal([chat_id, message_id]),
            "sent_at": now,
        }
        for chat_id, message_id in messages
    ]
    if rows:
        await tx.connection.execute(insert(chat_messages), rows)


async def newest_messages(
    tx: Transaction, chat_id: int, now: dt.datetime, at_most: int
) -> dict[int, int]:
    """Return the newest messages of a chat that can still be deleted: row id -> message id."""
    query = (
        select(chat_messages.c.id, chat_messages.c.sealed_message)
        .where(
            chat_messages.c.lane == tx.vault.hash(chat_id),
            chat_messages.c.sent_at > now - DELETABLE_FOR,
        )
        .order_by(chat_messages.c.id.desc())
        .limit(at_most)
    )
    rows = (await tx.connection.execute(query)).all()
    return {row.id: int(tx.vault.open(row.sealed_message)[1]) for row in rows}


async def forget_messages(tx: Transaction, row_ids: Sequence[int]) -> None:
    """Forget messages that were deleted, or that cannot be."""
    await tx.connection.execute(delete(chat_messages).where(chat_messages.c.id.in_(row_ids)))
