"""The pinned board of a staff group: which message it is, and a fingerprint of what it says."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, TextClause, select, text, update

from storage.database import Transaction, insert_new
from storage.lanes import IN_DANGER, staff_lane
from storage.outbox import Outgoing, Purpose
from storage.tables import UNSENT, boards, outbox

# Where so much goes to a group that its board has waited for so long, it waits behind all else no
# longer: nobody would see who waits.
LATE = dt.timedelta(minutes=3)


@dataclass(frozen=True)
class Board:
    """`message_id` is None before it is sent; `shown` the fingerprint of what it says, or will say
    once it is sent."""

    message_id: int | None
    shown: str | None


async def locked_board(tx: Transaction, chat_id: int) -> Board:
    """Return the group's board; no other process changes it before the transaction ends."""
    await tx.connection.execute(insert_new(tx, boards, "chat_id").values(chat_id=chat_id))
    query = select(boards.c.message_id, boards.c.shown)
    query = query.where(boards.c.chat_id == chat_id).with_for_update()
    row = (await tx.connection.execute(query)).one()
    return Board(row.message_id, row.shown)


async def note_shown(tx: Transaction, chat_id: int, shown: str) -> None:
    """Remember what the board says from now on."""
    await tx.connection.execute(
        update(boards).where(boards.c.chat_id == chat_id).values(shown=shown)
    )


async def board_is_at(tx: Transaction, chat_id: int, message_id: int | None) -> None:
    """Remember which message the board is; None when it is gone."""
    values = {"message_id": message_id} if message_id else {"message_id": None, "shown": None}
    await tx.connection.execute(update(boards).where(boards.c.chat_id == chat_id).values(values))


async def raise_late(tx: Transaction, group_id: int | None, now: dt.datetime) -> None:
    """Let a group's board that has waited for long go before all but danger."""
    late = (outbox.c.created_at < now - LATE, outbox.c.state != "sending")
    await tx.connection.execute(
        update(outbox).where(*_unsent_of(group_id), *late).values(priority=IN_DANGER)
    )


async def replace_unsent(tx: Transaction, board: Outgoing) -> bool | None:
    """Let the board of its group that waits to be sent, if one does, say this instead.

    Returns True where it does, False where none waits, None where one is being sent.
    """
    unsent = _unsent_of(board.group_id)
    body = tx.vault.seal(dataclasses.asdict(board))
    query = update(outbox).where(*unsent, outbox.c.state != "sending")
    if (await tx.connection.execute(query.values(sealed_body=body))).rowcount:
        return True
    found = await tx.connection.execute(select(outbox.c.id).where(*unsent))
    return None if found.first() else False


def _unsent_of(group_id: int | None) -> tuple[TextClause | ColumnElement[bool], ...]:
    return (
        text(f"outbox.{UNSENT}"),
        outbox.c.lane == staff_lane(group_id),
        outbox.c.purpose == Purpose.BOARD.value,
    )
