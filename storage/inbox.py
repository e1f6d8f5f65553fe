"""Updates from Telegram: stored before they are acknowledged, done once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.database import Transaction
from storage.tables import inbox
from storage.vault import Vault

ATTEMPTS_MAX = 3
NO_CHAT = "no-chat"


def lane_of(body: dict[str, Any], vault: Vault) -> str:
    """Return the lane of an update: that of the chat that it comes from, if it names one."""
    for what in body.values():
        if isinstance(what, dict):
            chat = what.get("chat") or (what.get("message") or {}).get("chat")
            if chat:
                return vault.hash(int(chat["id"]))
    return NO_CHAT


@dataclass(frozen=True)
class Stored:
    """An update that waits; `body` is the Bot API's JSON."""

    update_id: int
    body: dict[str, Any]
    attempts: int
    received_at: dt.datetime


async def store(
    tx: Transaction, update_id: int, lane: str, body: dict[str, Any], now: dt.datetime
) -> bool:
    """Keep an update; return False when it was here before (then nothing is changed)."""
    query = insert(inbox).values(
        update_id=update_id,
        lane=lane,
        sealed_body=tx.vault.seal(body),
        state="waiting",
        attempts=0,
        received_at=now,
    )
    try:
        async with tx.connection.begin_nested():
            await tx.connection.execute(query)
    except IntegrityError:
        return False
    return True


async def waiting_lanes(tx: Transaction, received_before: dt.datetime) -> list[str]:
    """Return the lanes that have updates to do that came by then, oldest first."""
    query = (
        select(inbox.c.lane)
        .where(inbox.c.state == "waiting", inbox.c.received_at <= received_before)
        .group_by(inbox.c.lane)
        .order_by(func.min(inbox.c.id))
    )
    return list((await tx.connection.execute(query)).scalars())


async def next_in_lane(tx: Transaction, lane: str) -> Stored | None:
    """Return the lane's oldest update that waits, or None."""
    query = (
        select(inbox)
        .where(inbox.c.lane == lane, inbox.c.state == "waiting")
        # Telegram numbers updates in order, but may bring two at once.
        .order_by(inbox.c.update_id)
        .limit(1)
    )
    row = (await tx.connection.execute(query)).one_or_none()
    if row is None:
        return None
    body = tx.vault.open(row.sealed_body)
    return Stored(row.update_id, body, row.attempts, row.received_at)


async def finish(tx: Transaction, update_id: int) -> bool:
    """Mark an update done and forget its words; return False when it was done before."""
    query = (
        update(inbox)
        .where(inbox.c.update_id == update_id, inbox.c.state == "waiting")
        .values(state="done", sealed_body=None)
    )
    return bool((await tx.connection.execute(query)).rowcount)


async def fail(tx: Transaction, update_id: int, *, for_good: bool = False) -> bool:
    """Count a failed attempt; return True when it was the last, and the update is given up.

    `for_good` says that no further attempt can succeed.

    What is given up keeps its body, so that it can be looked into and done again.
    """
    query = select(inbox.c.attempts).where(inbox.c.update_id == update_id)
    attempts = ((await tx.connection.execute(query)).scalar_one_or_none() or 0) + 1
    given_up = for_good or attempts >= ATTEMPTS_MAX
    change = (
        update(inbox)
        .where(inbox.c.update_id == update_id, inbox.c.state == "waiting")
        .values(attempts=attempts, state="failed" if given_up else "waiting")
    )
    changed = bool((await tx.connection.execute(change)).rowcount)
    return given_up and changed
