"""Messages that must reach somebody: written with what causes them, sent after the commit."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, text, update

from storage.database import Transaction
from storage.lanes import (
    ASKS,
    AWAITED,
    BOARD,
    REMINDERS,
    STANDING,
    WORDS,
    group_of_lane,
    is_staff_lane,
    lane_of_message,
    priority_of_message,
    staff_lane,
)
from storage.locks import CLOCKS_DIFFER
from storage.relay import PLAIN, Relay
from storage.tables import UNSENT, outbox

# The longest that a message waits before it is tried again: an alarm is never further away.
STAFF_WAIT_MAX = dt.timedelta(seconds=30)
PERSON_WAIT_MAX = dt.timedelta(minutes=5)
# So long nobody else sends a message that somebody is sending.
CLAIM = dt.timedelta(seconds=13)
# The Bot API deletes so many messages in one call.
DELETED_AT_ONCE = 100

Commands = tuple[tuple[str, str], ...]
"""A list of commands, each with what it is for."""

Keyboard = tuple[tuple[tuple[str, str], ...], ...]
"""Rows of buttons, each a label and its callback data."""


class Purpose(enum.StrEnum):
    """What a message is for."""

    ALERT = "alert"
    PING = "ping"
    """A case has waited for too long: it passes what can wait, and no alert waits for it."""
    ANSWER = "answer"
    REPLY = "reply"
    COPY = "copy"
    NOTICE = "notice"
    DEALT = "dealt"
    """A volunteer is told which case they have now, in its topic, with its buttons."""
    CARDS = "cards"
    """Phrase cards for a volunteer to choose from."""
    FAREWELL = "farewell"
    """The last message to somebody who was erased: once sent, not even its row stays."""
    EDIT = "edit"
    BUTTONS = "buttons"
    """An edit of buttons that nobody waits for."""
    STANDING = "standing"
    """How a case stands, for the volunteers."""
    BOARD = "board"
    """The group's board, which is pinned: everything else passes it."""


@dataclass(frozen=True)
class Outgoing:
    """A message to a person (`to` is the chat id) or to the staff (`to` is None).

    `group_id` is the group of the staff by its configured id; None is that of the case, and the
    default group where there is none.
    Exactly one of `text` (HTML) and `copy_of` (chat and message id) says what is sent; with
    `edits` (chat and message id) `keyboard`, and `text` if there is one, replace those of a message
    sent before; `deletes` are messages of the chat that go; `wipes` says that all of it goes that
    is known. `commands` are all that the chat lists from then on, with none it lists the usual ones
    again. `photo` is a picture in base64, sent with `text` below it. `language` is that of whoever
    reads it; None is the staff's. `risk` is that of an alert's case.
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
    language: str | None = None
    commands: Commands | None = None
    relay: Relay = PLAIN
    photo: str | None = None
    risk: int = 0
    group_id: int | None = None

    @property
    def priority(self) -> int:
        """In a lane, smaller ones go first. How a message stands to its case may lower it yet; see
        `priority_of_message`."""
        if self.risk or self.relay.is_urgent:
            return -1 - self.risk
        return _PRIORITIES.get(self.purpose, AWAITED)

    @property
    def is_new_on_phone(self) -> bool:
        """Whether a person has one message more once it is sent."""
        changes = self.edits or self.deletes or self.wipes or self.commands is not None
        return self.to is not None and not (changes or self.relay.mirrors or self.relay.mark)


_PRIORITIES = {
    Purpose.ALERT: ASKS,
    Purpose.PING: REMINDERS,
    Purpose.COPY: WORDS,
    Purpose.STANDING: STANDING,
    Purpose.BUTTONS: STANDING,
    Purpose.BOARD: BOARD,
}


_IS_UNSENT = text(f"outbox.{UNSENT}")


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


def _is_due(now: dt.datetime) -> ColumnElement[bool]:
    """Whether a message's time has come, also when the clock was set back meanwhile.

    What was never tried does not wait for a time, and a moment further ahead than anything waits
    was written before the clock was set back.
    """
    state, lane, due_at = outbox.c.state, outbox.c.lane, outbox.c.due_at
    soon = now + CLOCKS_DIFFER
    return or_(
        and_(state == "waiting", outbox.c.attempts == 0),
        due_at <= now,
        and_(state == "sending", due_at > soon + CLAIM),
        and_(state != "sending", is_staff_lane(lane), due_at > soon + STAFF_WAIT_MAX),
        due_at > soon + PERSON_WAIT_MAX,
    )


async def enqueue(tx: Transaction, message: Outgoing, now: dt.datetime) -> None:
    """Write a message into the outbox; it is sent once the transaction is committed. An edit takes
    the place of earlier ones of the same message that are still to be sent."""
    if message.edits is not None and message.case_id is not None:
        await _drop_overwritten(tx, message)
    await enqueue_all(tx, [message], now)


async def _drop_overwritten(tx: Transaction, newer: Outgoing) -> None:
    """Forget what was to be shown in the same message before, also what would be tried again."""
    query = (
        select(outbox)
        .where(
            outbox.c.case_id == newer.case_id,
            outbox.c.purpose.in_((Purpose.EDIT.value, Purpose.BUTTONS.value)),
            _IS_UNSENT,
        )
        .with_for_update(skip_locked=True)
    )
    unsent = [due_from_row(tx, row) for row in await tx.connection.execute(query)]
    unseen = [each.id for each in unsent if _overwrites(newer, each)]
    if unseen:
        await tx.connection.execute(delete(outbox).where(outbox.c.id.in_(unseen)))


def _overwrites(newer: Outgoing, due: Due) -> bool:
    """Whether an older edit is not to be seen: the newer one says all, and may come before it."""
    older = due.message
    comes_behind = due.state == "sending" and newer.priority >= older.priority
    says_all = newer.text is not None or older.text is None
    return newer.edits == older.edits and says_all and not comes_behind


async def enqueue_all(tx: Transaction, messages: Sequence[Outgoing], now: dt.datetime) -> None:
    """Write messages into the outbox, in this order."""
    rows = [
        {
            "known_lane": _known_lane(tx, message),
            "known_priority": message.priority,
            "of_case": message.case_id,
            "purpose": message.purpose.value,
            "case_id": message.case_id,
            "sealed_body": tx.vault.seal(dataclasses.asdict(message)),
            "state": "waiting",
            "attempts": 0,
            "due_at": now,
            "created_at": now,
        }
        for message in messages
    ]
    if rows:
        worked_out = {"lane": lane_of_message(), "priority": priority_of_message()}
        await tx.connection.execute(insert(outbox).values(worked_out), rows)


def _known_lane(tx: Transaction, message: Outgoing) -> str | None:
    if message.to is not None:
        return tx.vault.hash(message.to)
    return None if message.group_id is None else staff_lane(message.group_id)


async def first_of_people(tx: Transaction, now: dt.datetime, at_most: int) -> list[Due]:
    """Return the first message of each person's lane whose turn it is now, oldest first.

    They are this transaction's until it ends: PostgreSQL skips what another one has.
    """
    # A person's messages all have the same priority. Grouping reads what is unsent once; to look
    # for an earlier one of each would read it as often as there are messages.
    firsts = (
        select(func.min(outbox.c.id))
        .where(_IS_UNSENT, ~is_staff_lane(outbox.c.lane))
        .group_by(outbox.c.lane)
    )
    query = (
        select(outbox)
        .where(outbox.c.id.in_(firsts), _IS_UNSENT, _is_due(now))
        .order_by(outbox.c.id)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    )
    return [due_from_row(tx, row) for row in await tx.connection.execute(query)]


async def first_of_staff(
    tx: Transaction, now: dt.datetime, group_id: int | None = None, *, locked: bool = True
) -> Due | None:
    """Return the first message to a group (None is the default one); None if there is none, it must
    still wait, or another transaction has it. With `locked` it is this transaction's."""
    first = (
        select(outbox.c.id)
        .where(outbox.c.lane == staff_lane(group_id), _IS_UNSENT)
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(1)
    )
    query = select(outbox).where(outbox.c.id == first.scalar_subquery(), _IS_UNSENT, _is_due(now))
    if locked:
        query = query.with_for_update(skip_locked=True)
    row = (await tx.connection.execute(query)).one_or_none()
    return None if row is None else due_from_row(tx, row)


def due_from_row(tx: Transaction, row: Any) -> Due:
    body = tx.vault.open(row.sealed_body)
    commands = body.get("commands")
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
        language=body.get("language"),
        commands=None if commands is None else tuple((name, what) for name, what in commands),
        relay=Relay.from_json(body.get("relay")),
        risk=body.get("risk", 0),
        group_id=group_of_lane(row.lane),
        photo=body.get("photo"),
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


async def claim(tx: Transaction, found: Sequence[Due], now: dt.datetime) -> list[Due]:
    """Take messages that this transaction has found for sending; return them as claimed.

    Whoever dies while sending loses the claim after `CLAIM`.
    """
    until = now + CLAIM
    query = (
        update(outbox)
        .where(outbox.c.id.in_([due.id for due in found]))
        .values(state="sending", due_at=until)
    )
    if found:
        await tx.connection.execute(query)
    return [replace(due, state="sending", due_at=until) for due in found]


def _pair(stored: list[int] | None) -> tuple[int, int] | None:
    return (stored[0], stored[1]) if stored else None


async def drop_unsent(tx: Transaction, chat_id: int) -> None:
    """Forget what waits to be sent to a person; what is being sent at this moment still goes."""
    waits = outbox.c.state.in_(["waiting", "uncertain"])
    query = delete(outbox).where(outbox.c.lane == tx.vault.hash(chat_id), waits)
    await tx.connection.execute(query)
