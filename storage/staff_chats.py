"""The staff group: where it is now (Telegram gives a group a new id when it is upgraded), and what
the self-test told it."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from storage.database import Transaction, insert_new
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


async def flaws_told(tx: Transaction, configured_id: int) -> str:
    """Return what the self-test told the group last; nobody else tells it anything before the
    transaction ends."""
    values = {"configured_id": configured_id, "current_id": configured_id}
    known = insert_new(tx, staff_chats, "configured_id").values(values)
    await tx.connection.execute(known)
    query = select(staff_chats.c.flaws_told).where(staff_chats.c.configured_id == configured_id)
    told: str = (await tx.connection.execute(query.with_for_update())).scalar_one()
    return told


async def note_flaws_told(tx: Transaction, configured_id: int, told: str) -> None:
    """Remember what the self-test tells the group now."""
    change = (
        update(staff_chats)
        .where(staff_chats.c.configured_id == configured_id)
        .values(flaws_told=told)
    )
    await tx.connection.execute(change)
