"""Lanes of the outbox: one for each person, one for each group of the staff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    String,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    select,
    text,
    update,
)

from cases.model import Case, State
from storage.database import Transaction
from storage.tables import UNSENT, cases, outbox

# The lane of the default group; those of the others begin with it, those of people never do.
STAFF_LANE = "staff"

# Priorities in a group's lane, behind alerts of danger (below 0): what else is of a case in danger;
# what a volunteer waits for, because they asked for it or have the case; alerts of who just asks;
# reminders; words that nobody answers yet; how cases stand; the board.
IN_DANGER, AWAITED, ASKS, REMINDERS, WORDS, STANDING, BOARD = range(7)

_IS_UNSENT = text(f"outbox.{UNSENT}")


def staff_lane(group_id: int | None) -> str:
    """Return the lane of a group by its configured id; None is the default group."""
    return STAFF_LANE if group_id is None else f"{STAFF_LANE}{group_id}"


def group_of_lane(lane: str) -> int | None:
    """Return the configured id of the group that a lane leads to; None for any other lane."""
    return int(lane.removeprefix(STAFF_LANE)) if lane.startswith(f"{STAFF_LANE}-") else None


def is_staff_lane(lane: Column[str]) -> ColumnElement[bool]:
    """Whether a lane leads to a group of the staff."""
    return lane.startswith(STAFF_LANE)


def lane_of_message() -> ColumnElement[str]:
    """Return the lane as an INSERT works it out: `known_lane`, else that of the group that has the
    case `of_case`, else that of the default group."""
    of_group = literal(STAFF_LANE).concat(cast(cases.c.group_id, String))
    of_case = select(of_group).where(cases.c.id == bindparam("of_case")).scalar_subquery()
    return func.coalesce(cast(bindparam("known_lane"), String), of_case, STAFF_LANE)


def priority_of_message() -> ColumnElement[int]:
    """Return the priority as an INSERT works it out: `known_priority`, unless the case `of_case` is
    one of danger or somebody has it."""
    known = cast(bindparam("known_priority"), Integer)
    mine = cases.c.id == bindparam("of_case")
    is_in_danger = exists().where(
        mine, cases.c.urgent_kind.is_not(None), cases.c.state != State.CLOSED.value
    )
    is_claimed = exists().where(mine, cases.c.state == State.CLAIMED.value)
    return case(
        (and_(known.between(AWAITED, WORDS), is_in_danger), IN_DANGER),
        (and_(known == WORDS, is_claimed), AWAITED),
        else_=known,
    )


async def reorder(tx: Transaction, before: Case, of: Case) -> None:
    """Let what its group is still to get of a case go as the case stands now, after a step: who has
    it waits for it, of whom is closed nobody does. What told how it stood before goes nowhere."""
    query = (
        select(outbox.c.id, outbox.c.purpose, outbox.c.priority, outbox.c.state)
        .where(outbox.c.case_id == of.id, is_staff_lane(outbox.c.lane), _IS_UNSENT)
        # What is being sent at this moment goes as it goes; nobody waits for it here.
        .with_for_update(skip_locked=True)
    )
    rows = (await tx.connection.execute(query)).all()
    words = [row.id for row in rows if row.purpose == "copy" and row.priority >= IN_DANGER]
    await _set_priority(tx, words, _of_words(of))
    if of.state is State.CLAIMED:
        alerts = [row.id for row in rows if row.purpose == "alert" and row.priority > AWAITED]
        await _set_priority(tx, alerts, AWAITED)
    old = {"standing", "dealt"} if (of.state, of.claim) != (before.state, before.claim) else set()
    if of.state is not State.WAITING:
        old.add("ping")
    gone = [row.id for row in rows if row.purpose in old and row.state != "sending"]
    if gone:
        await tx.connection.execute(delete(outbox).where(outbox.c.id.in_(gone)))


async def _set_priority(tx: Transaction, ids: Collection[int], priority: int) -> None:
    if ids:
        query = update(outbox).where(outbox.c.id.in_(ids)).values(priority=priority)
        await tx.connection.execute(query)


def _of_words(of: Case) -> int:
    if of.state is State.CLOSED:
        return WORDS
    if of.urgent_kind is not None:
        return IN_DANGER
    return AWAITED if of.state is State.CLAIMED else WORDS


async def staff_sent_at(
    tx: Transaction, since: dt.datetime, group_id: int | None = None
) -> tuple[list[dt.datetime], int]:
    """Return the moments of the messages to a group since then, oldest first, and how many of them
    were alerts of danger."""
    query = (
        select(outbox.c.sent_at, outbox.c.purpose, outbox.c.priority)
        .where(
            outbox.c.lane == staff_lane(group_id),
            outbox.c.state == "sent",
            outbox.c.sent_at >= since,
        )
        .order_by(outbox.c.sent_at)
    )
    rows = (await tx.connection.execute(query)).all()
    alarms = sum(row.purpose == "alert" and row.priority < IN_DANGER for row in rows)
    return [row.sent_at for row in rows], alarms


async def move_lane(tx: Transaction, group_id: int) -> None:
    """Let what waits for a group go to the default group, in the same order.

    There it answers nothing: the number of the message that it answers may be any other's. What
    would change messages of the group goes nowhere.
    """
    mine = (outbox.c.lane == staff_lane(group_id), _IS_UNSENT)
    changes = outbox.c.purpose.in_(("edit", "buttons", "board"))
    await tx.connection.execute(delete(outbox).where(*mine, changes))
    for row in (await tx.connection.execute(select(outbox).where(*mine))).all():
        body = tx.vault.open(row.sealed_body)
        relay = body.get("relay")
        if relay and relay["reply_to"]:
            sealed = tx.vault.seal({**body, "relay": {**relay, "reply_to": None}})
            change = update(outbox).where(outbox.c.id == row.id).values(sealed_body=sealed)
            await tx.connection.execute(change)
    await tx.connection.execute(update(outbox).where(*mine).values(lane=STAFF_LANE))


async def groups_of_lanes(tx: Transaction, known: Collection[int]) -> set[int]:
    """Return the groups for which something waits, other than those that are known."""
    query = select(outbox.c.lane).where(_IS_UNSENT, is_staff_lane(outbox.c.lane)).distinct()
    found = {group_of_lane(lane) for lane in (await tx.connection.execute(query)).scalars()}
    return {group_id for group_id in found if group_id is not None} - set(known)
