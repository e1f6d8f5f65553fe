"""Messages that must reach somebody: written with what causes them, sent after the commit."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from dataclasses import dataclass

from sqlalchemy import and_, delete, insert, select, update

from storage.database import Transaction
from storage.tables import outbox, staff_chats

STAFF_LANE = "staff"
# The Bot API deletes so many messages in one call.
DELETED_AT_ONCE = 100

Keyboard = tuple[tuple[tuple[str, str], ...], ...]
"""Rows of buttons, each a label and its callback data."""


class Purpose(enum.StrEnum):
    """What a message is for; in a lane, smaller priorities go first."""

    ALERT = "alert"
    ANSWER = "answer"
    REPLY = "reply"
    COPY = "copy"
    NOTICE = "notice"
    FAREWELL = "farewell"
    """The last message to somebody who was erased: once sent, not even its row stays."""
    EDIT = "edit"

    @property
    def priority(self) -> int:
        return 0 if self is Purpose.ALERT else 1


@dataclass(frozen=True)
class Outgoing:
    """A message to a person (`to` is the chat id) or to the staff group (`to` is None).

    Exactly one of `text` (HTML) and `copy_of` (chat and message id) says what is sent; with
    `edits` (chat and message id) `text` and `keyboard` replace those of a message sent before;
    `deletes` are messages of the chat that go; `wipes` says that all of it goes that is known.
    """

    to: int | None
    purpose: Purpose
    text: str | None = None
    keyboard: Keyboard = ()
    copy_of: tuple[int, int] | None = None
    edits: tuple[int, int] | None = None
    deletes: tuple[int, ...] = ()
    case_id: int | None = None
    wipes: bool = False

    @property
    def is_new_on_phone(self) -> bool:
        """Whether a person has one message more once it is sent."""
        return self.to is not None and not (self.edits or self.deletes or self.wipes)


@dataclass(frozen=True)
class Due:
    """An outgoing message whose turn it is; `uncertain` when it may have arrived before, also
    because whoever was sending it never said what became of it."""

    id: int
    message: Outgoing
    attempts: int
    uncertain: bool
    created_at: dt.datetime
    state: str
    due_at: dt.datetime


UNSENT = outbox.c.state.in_(["waiting", "sending", "uncertain"])


async def enqueue(tx: Transaction, message: Outgoing, now: dt.datetime) -> None:
    """Write a message into the outbox; it is sent once the transaction is committed."""
    query = insert(outbox).values(
        lane=STAFF_LANE if message.to is None else tx.vault.hash(message.to),
        priority=message.purpose.priority,
        purpose=message.purpose.value,
        case_id=message.case_id,
        sealed_body=tx.vault.seal(dataclasses.asdict(message)),
        state="waiting",
        attempts=0,
        due_at=now,
        created_at=now,
    )
    await tx.connection.execute(query)


async def due_lanes(tx: Transaction, now: dt.datetime) -> list[str]:
    """Return the lanes that have something to send now, the staff's first."""
    query = select(outbox.c.lane).where(UNSENT, outbox.c.due_at <= now).distinct()
    lanes = list((await tx.connection.execute(query)).scalars())
    return sorted(lanes, key=lambda lane: lane != STAFF_LANE)


async def next_due(tx: Transaction, lane: str, now: dt.datetime) -> Due | None:
    """Return the lane's next message, or None if it has none or its first must still wait."""
    query = (
        select(outbox)
        .where(outbox.c.lane == lane, UNSENT)
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(1)
    )
    row = (await tx.connection.execute(query)).one_or_none()
    if row is None or row.due_at > now:
        return None
    body = tx.vault.open(row.sealed_body)
    keyboard = tuple(
        tuple((label, data) for label, data in buttons) for buttons in body["keyboard"]
    )
    message = Outgoing(
        to=body["to"],
        purpose=Purpose(body["purpose"]),
        text=body["text"],
        keyboard=keyboard,
        copy_of=_pair(body["copy_of"]),
        edits=_pair(body["edits"]),
        deletes=tuple(body.get("deletes", ())),
        case_id=body["case_id"],
        wipes=body.get("wipes", False),
    )
    return Due(
        id=row.id,
        message=message,
        attempts=row.attempts,
        uncertain=row.state != "waiting",
        created_at=row.created_at,
        state=row.state,
        due_at=row.due_at,
    )


async def claim(tx: Transaction, due: Due, until: dt.datetime) -> bool:
    """Take a message for sending; return False when another process was first.

    The order of a lane forbids to skip a locked row and send the next: a guarded update lets one
    process win on every database. Whoever dies while sending loses the claim at `until`.
    """
    guard = and_(outbox.c.id == due.id, outbox.c.state == due.state, outbox.c.due_at == due.due_at)
    query = update(outbox).where(guard).values(state="sending", due_at=until)
    return bool((await tx.connection.execute(query)).rowcount)


async def release_claims(tx: Transaction, now: dt.datetime) -> None:
    """Free what was being sent when the only process there is died."""
    query = update(outbox).where(outbox.c.state == "sending").values(state="uncertain", due_at=now)
    await tx.connection.execute(query)


async def staff_sent_at(tx: Transaction, since: dt.datetime) -> list[dt.datetime]:
    """Return the moments of the messages to the staff group since then, oldest first."""
    query = (
        select(outbox.c.sent_at)
        .where(outbox.c.lane == STAFF_LANE, outbox.c.state == "sent", outbox.c.sent_at >= since)
        .order_by(outbox.c.sent_at)
    )
    return list((await tx.connection.execute(query)).scalars())


def _pair(stored: list[int] | None) -> tuple[int, int] | None:
    return (stored[0], stored[1]) if stored else None


async def drop_unsent(tx: Transaction, chat_id: int) -> None:
    """Forget what waits to be sent to a person; what is being sent at this moment still goes."""
    waits = outbox.c.state.in_(["waiting", "uncertain"])
    query = delete(outbox).where(outbox.c.lane == tx.vault.hash(chat_id), waits)
    await tx.connection.execute(query)


async def mark_sent(tx: Transaction, outbox_id: int, now: dt.datetime) -> bool:
    """The message has arrived; its words are forgotten. Returns whether its row is kept."""
    farewell = and_(outbox.c.id == outbox_id, outbox.c.purpose == Purpose.FAREWELL.value)
    await tx.connection.execute(delete(outbox).where(farewell))
    return await _mark(tx, outbox_id, state="sent", sealed_body=None, sent_at=now)


async def mark_again(
    tx: Transaction, outbox_id: int, due_at: dt.datetime, failure: str, *, uncertain: bool
) -> None:
    """The message is tried again at `due_at`; `uncertain` says that it may have arrived."""
    await _mark(
        tx,
        outbox_id,
        state="uncertain" if uncertain else "waiting",
        due_at=due_at,
        failure=failure,
        attempts=outbox.c.attempts + 1,
    )


async def mark_failed(tx: Transaction, outbox_id: int, failure: str) -> None:
    """The message can never arrive; it is kept for a human to see, without its words."""
    await _mark(tx, outbox_id, state="failed", failure=failure, sealed_body=None)


async def unsent_count(tx: Transaction) -> int:
    """Return how many messages wait to be sent."""
    rows = await tx.connection.execute(select(outbox.c.id).where(UNSENT))
    return len(rows.all())


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


async def _mark(tx: Transaction, outbox_id: int, **values: object) -> bool:
    query = update(outbox).where(outbox.c.id == outbox_id).values(**values)
    return bool((await tx.connection.execute(query)).rowcount)
