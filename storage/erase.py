"""Erasing a person: everything about them goes at once; their case stays as a count."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from storage.database import Transaction
from storage.lanes import is_staff_lane
from storage.people import Person
from storage.tables import (
    case_events,
    cases,
    chat_messages,
    follow_ups,
    held_messages,
    inbox,
    message_pairs,
    outbox,
    people,
    staff_posts,
)

# What stands in place of a lane that led to a person.
ERASED = "erased"


async def erase_person(tx: Transaction, person: Person) -> dict[int, list[int]]:
    """Delete the person, what waits to be sent to them or of theirs, and every link to their case;
    return what of theirs was copied to the staff, chat id -> message ids.

    Update ids stay, so that a repeated update is known; kind, language and times of the case stay
    for the counts.
    """
    lane = tx.vault.hash(person.chat_id)
    mine = select(cases.c.id).where(cases.c.person_id == person.id).scalar_subquery()
    # Once no copy can be sent any more, those that were are known.
    for query in (
        delete(held_messages).where(held_messages.c.case_id == mine),
        delete(follow_ups).where(follow_ups.c.case_id == mine),
        delete(outbox).where(outbox.c.lane == lane),
        delete(outbox).where(is_staff_lane(outbox.c.lane), outbox.c.case_id == mine),
    ):
        await tx.connection.execute(query)
    columns = (staff_posts.c.chat_id, staff_posts.c.message_id, staff_posts.c.purpose)
    posts = delete(staff_posts).where(staff_posts.c.case_id == mine).returning(*columns)
    copies: dict[int, list[int]] = {}
    for row in sorted((await tx.connection.execute(posts)).all()):
        if row.purpose == "copy":
            copies.setdefault(row.chat_id, []).append(row.message_id)
    for change in (
        delete(chat_messages).where(chat_messages.c.lane == lane),
        # Why somebody was blocked says something about them.
        update(case_events)
        .where(case_events.c.case_id == mine, case_events.c.event.in_(["block", "unblock"]))
        .values(sealed_by=None),
        delete(message_pairs).where(message_pairs.c.case_id == mine),
        # What was written after this and still waits is somebody's who is new.
        update(inbox)
        .where(inbox.c.lane == lane, inbox.c.state != "waiting")
        .values(lane=ERASED, sealed_body=None, state="done"),
        update(cases).where(cases.c.person_id == person.id).values(person_id=None),
        delete(people).where(people.c.id == person.id),
    ):
        await tx.connection.execute(change)
    return copies
