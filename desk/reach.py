"""How what volunteers write, and what the bot says of a case, reaches the person: now, once their
code word has come, or after their quiet hours."""

from __future__ import annotations

import datetime as dt

from assistant import has_hidden
from cases.model import Case, Outcome, State
from conversation import codeword, menus, unasked
from conversation.content import Content
from conversation.messages import Reply
from conversation.render import Voice
from conversation.state import PersonState
from pass_on import notice_to
from storage.database import Transaction
from storage.follow_ups import FollowUp, Subject, plan_follow_up
from storage.held import has_held, hold
from storage.history import last_outcome
from storage.outbox import Outgoing, enqueue
from storage.people import Person


def state_of(person: Person) -> PersonState:
    """Return where the person is in the dialogue, without their last messages."""
    return PersonState.from_json(person.state, [])


def is_silent(person: Person, now: dt.datetime) -> bool:
    """Whether the person has not written for so long that the phone may be in other hands."""
    return now - person.seen_at > codeword.SILENCE


async def send_or_hold(
    tx: Transaction,
    content: Content,
    case: Case,
    person: Person,
    message: Outgoing,
    now: dt.datetime,
) -> bool:
    """Send a message to the person; return False where it is kept back until they write their word.

    They are asked for it once, in a line that says nothing else.
    """
    is_asked = await has_held(tx, case.id)
    if not is_asked and not codeword.is_needed(state_of(person), now):
        await enqueue(tx, message, now)
        return True
    await hold(tx, case.id, message, now)
    if not is_asked:
        asked = menus.asks_code(content.voice(person.language, now))
        await enqueue(tx, notice_to(person, case, asked), now)
    return False


async def tell_standing(
    tx: Transaction, content: Content, case: Case, person: Person | None, now: dt.datetime
) -> None:
    """Tell the person how their case stands, unless they hide the chat.

    That somebody has it, or that nobody comes in a danger, is told at once; the rest waits until
    their quiet hours are over.
    """
    if person is None or has_hidden(person):
        return
    quiet_until = unasked.quiet_until(state_of(person), person.seen_at, now)
    can_wait = case.state is State.CLOSED or (
        case.state is State.WAITING and case.urgent_kind is None
    )
    if can_wait and quiet_until is not None:
        await plan_follow_up(tx, FollowUp(case.id, Subject.STANDING), quiet_until)
        return
    voice = content.voice(person.language, now)
    said = _standing(voice, case, person, await last_outcome(tx, case.id))
    message = notice_to(person, case, unasked.discreet(voice, said))
    await send_or_hold(tx, content, case, person, message, now)


async def ask_safety(
    tx: Transaction, content: Content, case: Case, person: Person, now: dt.datetime
) -> None:
    """Ask the person whether they are safe."""
    voice = content.voice(person.language, now)
    asked = unasked.discreet(voice, menus.are_you_safe(voice))
    await send_or_hold(tx, content, case, person, notice_to(person, case, asked), now)


def _standing(voice: Voice, case: Case, person: Person, outcome: Outcome | None) -> Reply:
    if case.state is State.CLOSED and person.block is not None:
        return menus.plain(voice, "blocked")
    if case.state is State.CLOSED:
        return menus.closed(voice, asks_later=outcome is not Outcome.ABUSE)
    if case.state is State.CLAIMED:
        return menus.plain(voice, "claimed")
    return menus.nobody_has_it(voice, case)
