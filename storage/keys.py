"""Keys: is it the one by which people are found, and changing it."""

from __future__ import annotations

from sqlalchemy import Column, Table, insert, select, update

from errors import KeyMismatchError
from storage.database import Transaction
from storage.inbox import lane_of
from storage.lanes import is_staff_lane
from storage.tables import (
    case_events,
    cases,
    chat_messages,
    gaps,
    held_messages,
    inbox,
    look_up_key,
    message_pairs,
    outbox,
    people,
    volunteers,
)
from storage.vault import Vault

# Every encrypted column there is.
SEALED: dict[Table, tuple[Column[str], ...]] = {
    people: (
        people.c.sealed_chat_id,
        people.c.sealed_state,
        people.c.sealed_recent,
        people.c.sealed_block,
    ),
    inbox: (inbox.c.sealed_body,),
    outbox: (outbox.c.sealed_body,),
    cases: (cases.c.sealed_claim, cases.c.sealed_offer),
    case_events: (case_events.c.sealed_by,),
    chat_messages: (chat_messages.c.sealed_message,),
    message_pairs: (message_pairs.c.sealed_message,),
    volunteers: (volunteers.c.sealed_profile,),
    held_messages: (held_messages.c.sealed_body,),
    gaps: (gaps.c.sealed_question,),
}
# The lane of what is done: it leads to nobody.
PAST = "past"


async def check_look_up_key(tx: Transaction) -> None:
    """Remember the key by which people are found. Raises KeyMismatchError when it is another."""
    fingerprint = tx.vault.hash(0)
    known = (await tx.connection.execute(select(look_up_key.c.fingerprint))).scalar_one_or_none()
    if known is None:
        await tx.connection.execute(insert(look_up_key).values(id=1, fingerprint=fingerprint))
    elif known != fingerprint:
        raise KeyMismatchError


async def rekey(tx: Transaction, to: Vault) -> int:
    """Seal everything anew with the key of `to`, find people by it, and return how many values.

    Nothing else may use the database meanwhile. Raises StorageError when something cannot be
    opened with the present keys; nothing is changed then.
    """
    count = 0
    for table, columns in SEALED.items():
        for row in (await tx.connection.execute(select(table))).all():
            sealed = {each.name: getattr(row, each.name) for each in columns}
            values = {name: tx.vault.open(text) for name, text in sealed.items() if text}
            if values:
                new = {name: to.seal(value) for name, value in values.items()}
                new |= _found_by(table, values, to)
                await tx.connection.execute(update(table).where(table.c.id == row.id).values(new))
                count += len(values)
    for table in (inbox, outbox):
        past = update(table).where(table.c.sealed_body.is_(None), ~is_staff_lane(table.c.lane))
        await tx.connection.execute(past.values(lane=PAST))
    await tx.connection.execute(update(look_up_key).values(fingerprint=to.hash(0)))
    return count


def _found_by(table: Table, values: dict[str, object], to: Vault) -> dict[str, str]:
    """Return the new hash by which the row is found, where it has one."""
    if table is people:
        return {"chat_hash": to.hash(int(str(values["sealed_chat_id"])))}
    profile = values.get("sealed_profile")
    if isinstance(profile, dict):
        return {"staff_hash": to.hash(profile["staff_id"])}
    question = values.get("sealed_question")
    if isinstance(question, list):
        return {"words_hash": to.hash(str(question[1]))}
    message = values.get("sealed_message")
    if isinstance(message, list) and table is message_pairs:
        return {"person_hash": to.hash(message[1])}
    if isinstance(message, list):
        return {"lane": to.hash(message[0])}
    body = values.get("sealed_body")
    if table is outbox and isinstance(body, dict) and body["to"] is not None:
        return {"lane": to.hash(body["to"])}
    if table is inbox and isinstance(body, dict):
        return {"lane": lane_of(body, to)}
    return {}
