"""Cases that leave their group for the default one."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select, update

from cases.model import Case, State
from storage.cases import WITH_BUTTONS, case_from_row
from storage.database import Transaction
from storage.tables import cases, staff_posts


async def leave_group(tx: Transaction, group_id: int) -> list[Case]:
    """Move the cases of a group to the default one; return the open ones of which an alert stood in
    the group.

    They get new topics, and the old alerts move them no more.
    """
    mine = select(cases.c.id).where(cases.c.group_id == group_id)
    alerts = (staff_posts.c.case_id.in_(mine), staff_posts.c.purpose.in_((*WITH_BUTTONS, "cards")))
    query = select(staff_posts.c.case_id).where(*alerts).distinct()
    alerted = set((await tx.connection.execute(query)).scalars())
    await tx.connection.execute(delete(staff_posts).where(*alerts))
    change = (
        update(cases)
        .where(cases.c.group_id == group_id)
        .values(group_id=None, topic_id=None)
        .returning(cases)
    )
    moved = [case_from_row(tx, row) for row in await tx.connection.execute(change)]
    return [each for each in moved if each.state is not State.CLOSED and each.id in alerted]


async def groups_of_cases(tx: Transaction, known: Collection[int]) -> set[int]:
    """Return the groups that have cases, other than those that are known."""
    query = select(cases.c.group_id).where(cases.c.group_id.is_not(None)).distinct()
    return set((await tx.connection.execute(query)).scalars()) - set(known)
