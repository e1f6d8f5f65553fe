"""Updates from Telegram: stored before they are acknowledged, done once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, text, update

from storage.database import Transaction, insert_new
from storage.locks import CLOCKS_DIFFER
from storage.tables import WAITING, inbox
from storage.vault import Vault

ATTEMPTS_MAX = 3
NO_CHAT = "no-chat"

_IS_WAITING = text(f"inbox.{WAITING}")


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
    tx: Transaction, updates: Mapping[int, tuple[str, dict[str, Any]]], now: dt.datetime
) -> int:
    """Keep updates (id -> lane and body); return how many were not here before, the others are left
    as they are."""
    rows = [
        {
            "update_id": update_id,
            "lane": lane,
            "sealed_body": tx.vault.seal(body),
            "state": "waiting",
            "attempts": 0,
            "received_at": now,
        }
        for update_id, (lane, body) in updates.items()
    ]
    # Telegram repeats an update until it is acknowledged.
    query = insert_new(tx, inbox, "update_id").returning(inbox.c.update_id)
    return len((await tx.connection.execute(query, rows)).all())


async def waiting_lanes(tx: Transaction, now: dt.datetime, older_than: dt.timedelta) -> list[str]:
    """Return the lanes that have updates to do that came so long ago, oldest first.

    What came in the future came before the clock was set back, nobody knows how long ago.
    """
    received_at = inbox.c.received_at
    old = or_(received_at <= now - older_than, received_at > now + CLOCKS_DIFFER)
    query = (
        select(inbox.c.lane)
        .where(_IS_WAITING, old)
        .group_by(inbox.c.lane)
        .order_by(func.min(inbox.c.id))
    )
    return list((await tx.connection.execute(query)).scalars())


async def first_in_lanes(tx: Transaction, lanes: Collection[str]) -> dict[str, Stored]:
    """Return the oldest update that waits in each of the lanes that have one."""
    # Telegram numbers updates in order, but may bring two at once.
    oldest = (
        select(func.min(inbox.c.update_id))
        .where(inbox.c.lane.in_(lanes), _IS_WAITING)
        .group_by(inbox.c.lane)
    )
    rows = await tx.connection.execute(select(inbox).where(inbox.c.update_id.in_(oldest)))
    return {
        row.lane: Stored(
            row.update_id, tx.vault.open(row.sealed_body), row.attempts, row.received_at
        )
        for row in rows
    }


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
