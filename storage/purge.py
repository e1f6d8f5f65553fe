"""Forgetting what is no longer needed: each kind of data has its time."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, exists, select, update

from cases.gaps import GAPS_KEPT
from storage.chat_messages import DELETABLE_FOR
from storage.database import Transaction
from storage.erase import erase_person
from storage.people import person_from_row
from storage.tables import (
    cases,
    chat_messages,
    gaps,
    held_messages,
    inbox,
    message_pairs,
    outbox,
    people,
    staff_posts,
    volunteers,
)

# The last messages of a person, kept to judge what belongs together.
RECENT_KEPT = dt.timedelta(hours=1)
# An update's id is kept so long, so that a late repeat of it is known; its words went at once.
UPDATES_KEPT = dt.timedelta(days=7)
# An update that could not be handled keeps its words, for somebody to look into it.
FAILED_UPDATES_KEPT = dt.timedelta(days=30)
# What became of a message is kept so long for a human to look at; its words went at once.
OUTCOMES_KEPT = dt.timedelta(days=30)
# What no code word has opened for so long is shown to nobody any more.
HELD_KEPT = dt.timedelta(days=30)
# So long after the close a reply in the staff group still finds its case.
POSTS_KEPT = dt.timedelta(days=90)
# Somebody who has not written for so long, and has no open case, is erased.
PEOPLE_KEPT = dt.timedelta(days=365)
# A volunteer who has done nothing for so long is forgotten; who comes back is met anew.
VOLUNTEERS_KEPT = dt.timedelta(days=365)


async def purge(tx: Transaction, now: dt.datetime) -> dict[str, int]:
    """Delete what is older than it is kept; return how many there were of each kind."""
    closed_long_ago = select(cases.c.id).where(cases.c.closed_at < now - POSTS_KEPT)
    queries = {
        "last messages": update(people)
        .where(people.c.sealed_recent.is_not(None), people.c.seen_at < now - RECENT_KEPT)
        .values(sealed_recent=None),
        "updates": delete(inbox).where(
            inbox.c.state == "done", inbox.c.received_at < now - UPDATES_KEPT
        ),
        "failed updates": delete(inbox).where(
            inbox.c.state == "failed", inbox.c.received_at < now - FAILED_UPDATES_KEPT
        ),
        "sent messages": delete(outbox).where(
            outbox.c.state.in_(["sent", "failed"]), outbox.c.created_at < now - OUTCOMES_KEPT
        ),
        "held messages": delete(held_messages).where(held_messages.c.held_at < now - HELD_KEPT),
        "message numbers": delete(chat_messages).where(
            chat_messages.c.sent_at < now - DELETABLE_FOR
        ),
        "gaps": delete(gaps).where(gaps.c.day <= (now - GAPS_KEPT).date()),
        "posts of closed cases": delete(staff_posts).where(
            staff_posts.c.case_id.in_(closed_long_ago)
        ),
        "pairs of messages": delete(message_pairs).where(
            message_pairs.c.case_id.in_(closed_long_ago)
        ),
        "volunteers": delete(volunteers).where(volunteers.c.seen_at < now - VOLUNTEERS_KEPT),
    }
    gone = {name: (await tx.connection.execute(query)).rowcount for name, query in queries.items()}
    return {**gone, "people": await _erase_long_unseen(tx, now)}


async def _erase_long_unseen(tx: Transaction, now: dt.datetime) -> int:
    has_open_case = exists().where(cases.c.person_id == people.c.id, cases.c.state != "closed")
    unseen = select(people).where(people.c.seen_at < now - PEOPLE_KEPT, ~has_open_case)
    rows = (await tx.connection.execute(unseen)).all()
    for row in rows:
        await erase_person(tx, person_from_row(tx, row))
    return len(rows)
