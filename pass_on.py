"""What goes between the two sides of a case: a person's messages for the volunteers, each in its
thread, and what the person is told of the case."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from cases.model import Case
from conversation.content import Content
from conversation.messages import CaseAction, CaseWish, Incoming, Kind, Reply
from storage.database import Transaction
from storage.flood import enqueue_copy
from storage.outbox import Outgoing, Purpose, enqueue
from storage.people import Person
from storage.relay import Relay, Words


async def pass_to_staff(
    tx: Transaction,
    content: Content,
    case: Case,
    chat_id: int,
    wish: CaseWish,
    incoming: Incoming,
    now: dt.datetime,
) -> None:
    """Copy the person's messages to the volunteers, each in its thread; a new form of one stands
    below the form that it replaces."""
    for message_id in wish.message_ids:
        is_this = message_id == incoming.message_id
        relay = Relay(is_urgent=wish.action is CaseAction.ALARM)
        if is_this:
            if not incoming.edited:
                relay = replace(relay, thread=incoming.replies_to, album=incoming.album)
                if incoming.kind is Kind.TEXT and not incoming.has_media:
                    words = Words(message_id, now.isoformat(), incoming.text)
                    relay = replace(relay, said=(words,))
            else:
                relay = replace(relay, thread=message_id)
                text = content.staff_voice(now).say("staff-edited", code=case.code)
                # It stands for the person's words, and goes where they go.
                said = Outgoing(None, Purpose.COPY, text, case_id=case.id, relay=relay)
                await enqueue(tx, said, now)
        copy = Outgoing(
            None, Purpose.COPY, copy_of=(chat_id, message_id), case_id=case.id, relay=relay
        )
        await enqueue_copy(tx, copy, now)


def notice_to(person: Person, case: Case, reply: Reply) -> Outgoing:
    """Return what tells the person something about their case."""
    return Outgoing(
        person.chat_id,
        Purpose.NOTICE,
        reply.text,
        reply.buttons,
        case_id=case.id,
        language=person.language,
    )
