"""People: found by the keyed hash of their chat id, with the language and where they are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from storage.database import Transaction
from storage.tables import people


@dataclass(frozen=True)
class Person:
    """`state` is what the conversation keeps between two messages, as JSON."""

    id: int
    chat_id: int
    language: str
    state: dict[str, Any]


async def find_person(tx: Transaction, chat_id: int) -> Person | None:
    """Return the person who writes from this chat, or None for a new one."""
    query = select(people).where(people.c.chat_hash == tx.vault.hash(chat_id))
    return _person(tx, (await tx.connection.execute(query)).one_or_none())


async def person_by_id(tx: Transaction, person_id: int) -> Person | None:
    """Return the person, or None when everything about them was erased."""
    query = select(people).where(people.c.id == person_id)
    return _person(tx, (await tx.connection.execute(query)).one_or_none())


async def add_person(tx: Transaction, chat_id: int, language: str, now: dt.datetime) -> Person:
    """Add a person whose conversation begins now, and return them."""
    query = insert(people).values(
        chat_hash=tx.vault.hash(chat_id),
        sealed_chat_id=tx.vault.seal(chat_id),
        language=language,
        sealed_state=tx.vault.seal({}),
        seen_at=now,
    )
    person_id = (await tx.connection.execute(query.returning(people.c.id))).scalar_one()
    return Person(person_id, chat_id, language, {})


async def save_person(
    tx: Transaction, person_id: int, language: str, state: dict[str, Any], now: dt.datetime
) -> None:
    """Keep the person's language and state."""
    query = (
        update(people)
        .where(people.c.id == person_id)
        .values(language=language, sealed_state=tx.vault.seal(state), seen_at=now)
    )
    await tx.connection.execute(query)


def _person(tx: Transaction, row: Any) -> Person | None:
    if row is None:
        return None
    chat_id = int(tx.vault.open(row.sealed_chat_id))
    return Person(row.id, chat_id, row.language, tx.vault.open(row.sealed_state))
