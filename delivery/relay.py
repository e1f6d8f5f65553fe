"""What passes between a person and the volunteers: what it answers is found before it is sent, and
what became of it is kept and shown afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from cases.model import Case
from delivery.retry import GiveUp, Trouble
from storage.database import Database, Transaction
from storage.message_pairs import add_pairs, message_of_person, post_of
from storage.outbox import Due, Outgoing, Purpose, enqueue
from storage.relay import Relay
from storage.staff_chats import StaffChats

# A reaction that Telegram lets bots use, on a volunteer's message that the person has.
DELIVERED_MARK = "👌"

REASONS = {
    Trouble.BLOCKED: "blocked",
    Trouble.SHUT_OUT: "blocked",
    Trouble.DEACTIVATED: "deactivated",
    Trouble.GONE: "gone",
    Trouble.NOT_COPIED: "not-copied",
    Trouble.TOO_LARGE: "too-large",
}


async def threaded(database: Database, message: Outgoing, case: Case, chat_id: int) -> Outgoing:
    """Return the message with what it answers, or changes, in the chat that it goes to.

    What is not known there any more is not answered. Raises StorageError.
    """
    relay, source = message.relay, message.copy_of
    if relay.mirrors is not None and message.to is not None:
        async with database.begin() as tx:
            theirs = await message_of_person(tx, case.id, *relay.mirrors)
        return replace(message, edits=(message.to, theirs)) if theirs else message
    if relay.thread is None:
        return message
    async with database.begin() as tx:
        if message.to is not None and source is not None:
            reply_to = await message_of_person(tx, case.id, source[0], relay.thread)
        else:
            post = await post_of(tx, case.id, relay.thread)
            # The numbers of a group before it was upgraded mean nothing in it now.
            reply_to = post[1] if post and post[0] == chat_id else None
    return replace(message, relay=replace(relay, reply_to=reply_to))


async def keep_relayed(
    tx: Transaction,
    message: Outgoing,
    case: Case,
    here: tuple[int, int],
    staff_text: Callable[..., str],
    chats: StaffChats,
    now: dt.datetime,
) -> None:
    """Keep that a message which has arrived (`here`, by chat and message id) is the same as the one
    that it is a copy of; say below a volunteer's edit that it has arrived."""
    source, relay = message.copy_of, message.relay
    if relay.mirrors is not None:
        text = staff_text("staff-reply-mirrored", code=case.code)
        await enqueue(tx, _below(relay.mirrors, case, text, chats), now)
    elif source is not None and message.purpose is Purpose.COPY:
        ids = [words.message_id for words in relay.said] or [source[1]]
        await add_pairs(tx, case.id, [(here, (source[0], each)) for each in ids])
    elif source is not None and message.purpose is Purpose.REPLY:
        await add_pairs(tx, case.id, [(source, here)])


async def show_delivered(tx: Transaction, reply: Outgoing, now: dt.datetime) -> None:
    """Mark a volunteer's message that the person has.

    The mark's lane is the group's as a chat, not the staff's: no alarm and no copy waits behind
    it, and it takes nothing of what Telegram lets a bot write to the group in a minute.
    """
    if reply.copy_of is not None:
        chat_id, message_id = reply.copy_of
        mark = Relay(reply_to=message_id, mark=DELIVERED_MARK)
        await enqueue(tx, Outgoing(chat_id, Purpose.EDIT, relay=mark), now)


def undelivered(
    due: Due, decision: GiveUp, case: Case, staff_text: Callable[..., str], chats: StaffChats
) -> Outgoing:
    """Return what the volunteers must see of a message that can never arrive, below the one that it
    is of, with the reason."""
    message, code = due.message, case.code
    if message.relay.mirrors is not None:
        text = staff_text("staff-reply-edited", code=code)
        return _below(message.relay.mirrors, case, text, chats)
    reason = staff_text(f"reason-{REASONS.get(decision.reason, 'rejected')}")
    text = staff_text("staff-not-delivered", code=code, reason=reason)
    if message.to is not None and message.copy_of is not None:
        return _below(message.copy_of, case, text, chats)
    return Outgoing(None, Purpose.NOTICE, text, case_id=case.id)


def _below(post: tuple[int, int], case: Case, text: str, chats: StaffChats) -> Outgoing:
    """Return a notice that answers a volunteer's message (chat and message id), in its group."""
    group_id, answered = chats.other(post[0]), Relay(reply_to=post[1])
    return Outgoing(None, Purpose.NOTICE, text, case_id=case.id, relay=answered, group_id=group_id)
