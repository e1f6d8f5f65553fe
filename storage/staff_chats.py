"""Where the staff group is now: Telegram gives a group a new id when it is upgraded."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from storage.database import Transaction
from storage.tables import staff_chats


async def current_staff_chat(tx: Transaction, configured_id: int) -> int:
    """Return the id that the configured staff group has now."""
    query = select(staff_chats.c.current_id).where(staff_chats.c.configured_id == configured_id)
    return (await tx.connection.execute(query)).scalar_one_or_none() or configured_id


async def move_staff_chat(tx: Transaction, configured_id: int, current_id: int) -> None:
    """Remember that Telegram has given the staff group a new id."""
    change = (
        update(staff_chats)
        .where(staff_chats.c.configured_id == configured_id)
        .values(current_id=current_id)
    )
    if not (await tx.connection.execute(change)).rowcount:
        values = {"configured_id": configured_id, "current_id": current_id}
        await tx.connection.execute(insert(staff_chats).values(values))
