"""People: found by the keyed hash of their chat id, with the language and where they are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from cases.model import Block, Case, Claim
from storage.database import Transaction
from storage.tables import people


@dataclass(frozen=True)
class Person:
    """`state` is what the conversation keeps between two messages, as JSON; `recent` the last
    messages, for some minutes; `seen_at` when they last did something; `block` keeps them from the
    volunteers, if set."""

    id: int
    chat_id: int
    language: str
    state: dict[str, Any]
    recent: list[Any]
    seen_at: dt.datetime
    block: Block | None = None


async def find_person(tx: Transaction, chat_id: int) -> Person | None:
    """Return the person who writes from this chat, or None for a new one."""
    query = select(people).where(people.c.chat_hash == tx.vault.hash(chat_id))
    return _person(tx, (await tx.connection.execute(query)).one_or_none())


async def person_of_case(tx: Transaction, case: Case) -> Person | None:
    """Return whose case it is, or None when everything about them was erased."""
    query = select(people).where(people.c.id == case.person_id)
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
    return Person(person_id, chat_id, language, {}, [], now)


async def save_person(tx: Transaction, person: Person, now: dt.datetime) -> None:
    """Keep the person's language, state and last messages."""
    query = (
        update(people)
        .where(people.c.id == person.id)
        .values(
            language=person.language,
            sealed_state=tx.vault.seal(person.state),
            sealed_recent=tx.vault.seal(person.recent) if person.recent else None,
            seen_at=now,
        )
    )
    await tx.connection.execute(query)


async def save_block(tx: Transaction, person_id: int, block: Block | None) -> None:
    """Keep who blocks the person and why; None lets their messages through again."""
    sealed = None
    if block is not None:
        last = block.alarmed_at.isoformat() if block.alarmed_at else None
        by = [block.by.staff_id, block.by.name]
        sealed = tx.vault.seal([by, block.reason, block.at.isoformat(), last])
    query = update(people).where(people.c.id == person_id).values(sealed_block=sealed)
    await tx.connection.execute(query)


def _block(tx: Transaction, sealed: str | None) -> Block | None:
    if sealed is None:
        return None
    by, reason, at, last = tx.vault.open(sealed)
    moment = dt.datetime.fromisoformat
    return Block(Claim(*by), reason, moment(at), moment(last) if last else None)


def _person(tx: Transaction, row: Any) -> Person | None:
    return None if row is None else person_from_row(tx, row)


def person_from_row(tx: Transaction, row: Any) -> Person:
    """Return the person that a row of `people` holds."""
    recent = tx.vault.open(row.sealed_recent) if row.sealed_recent else []
    state = tx.vault.open(row.sealed_state)
    block = _block(tx, row.sealed_block)
    chat_id = int(tx.vault.open(row.sealed_chat_id))
    return Person(row.id, chat_id, row.language, state, recent, row.seen_at, block)
