"""What the bot sends without having been asked: at a time, and in a form, that harms nobody.

Its first line says nothing, for whoever sees the lock screen; the rest is blurred until it is
touched. What can wait does not come in the quiet hours.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from conversation.content import JAPAN
from conversation.messages import Reply
from conversation.render import Voice
from conversation.state import PersonState, QuietHours

# Whoever wrote so short a time ago has the phone in hand.
AWAKE_FOR = dt.timedelta(minutes=15)


def discreet(voice: Voice, reply: Reply) -> Reply:
    """Return a message whose first line says nothing of what it is about."""
    text = f"{voice.say('unasked-first')}\n\n<tg-spoiler>{reply.text}</tg-spoiler>"
    return replace(reply, text=text)


def quiet_until(state: PersonState, seen_at: dt.datetime, now: dt.datetime) -> dt.datetime | None:
    """Return when the person's quiet hours end, or None where nothing must wait now.

    `seen_at` is when they last wrote.
    """
    if state.quiet is None or now - seen_at < AWAKE_FOR:
        return None
    begins_h, ends_h = state.quiet
    local = now.astimezone(JAPAN)
    is_quiet = (local.hour - begins_h) % 24 < (ends_h - begins_h) % 24
    if not is_quiet:
        return None
    end = local.replace(hour=ends_h, minute=0, second=0, microsecond=0)
    return end if end > local else end + dt.timedelta(days=1)


def hours(quiet: QuietHours) -> str:
    """Return quiet hours as clocks show them."""
    return f"{quiet[0]}:00–{quiet[1]}:00"
