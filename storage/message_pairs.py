"""Which message of the staff group and which of a person's chat are the same, one a copy of the
other: so that replies keep their thread and edits find what they change."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select

from storage.database import Transaction
from storage.tables import message_pairs


async def add_pairs(
    tx: Transaction, case_id: int, pairs: Sequence[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    """Remember pairs, each of a post in the staff group and a message of the person's chat, both by
    chat and message id."""
    rows = [
        {
            "case_id": case_id,
            "chat_id": post[0],
            "message_id": post[1],
            "person_hash": tx.vault.hash(theirs[1]),
            "sealed_message": tx.vault.seal(theirs),
        }
        for post, theirs in pairs
    ]
    if rows:
        await tx.connection.execute(insert(message_pairs), rows)


async def post_of(tx: Transaction, case_id: int, message_id: int) -> tuple[int, int] | None:
    """Return the newest post in the staff group that is the same as a message of the person's."""
    pairs = message_pairs.c
    query = (
        select(pairs.chat_id, pairs.message_id)
        .where(pairs.case_id == case_id, pairs.person_hash == tx.vault.hash(message_id))
        .order_by(pairs.id.desc())
        .limit(1)
    )
    row = (await tx.connection.execute(query)).one_or_none()
    return (row.chat_id, row.message_id) if row else None


async def message_of_person(
    tx: Transaction, case_id: int, chat_id: int, message_id: int
) -> int | None:
    """Return the newest message in the person's chat that is the same as a post in the staff
    group."""
    pairs = message_pairs.c
    query = (
        select(pairs.sealed_message)
        .where(pairs.chat_id == chat_id, pairs.message_id == message_id, pairs.case_id == case_id)
        .order_by(pairs.id.desc())
        .limit(1)
    )
    sealed = (await tx.connection.execute(query)).scalar_one_or_none()
    return int(tx.vault.open(sealed)[1]) if sealed else None
