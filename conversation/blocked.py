"""Somebody whom a coordinator keeps from the volunteers: they are told so, are answered by the bot,
and always get the emergency card. Danger still reaches the volunteers, now and then."""

from __future__ import annotations

from conversation import menus
from conversation.messages import CaseWish, Turn
from conversation.moment import Moment

# So often an alarm of theirs comes through.
ALARM_EVERY_S = 3600


def told(moment: Moment) -> Turn:
    """Say that no volunteer gets what they write, and whom to call in danger."""
    return moment.turn(menus.plain(moment.voice, "blocked"))


def comes_through(moment: Moment, alarm: CaseWish | None) -> CaseWish | None:
    """Return the alarm as far as it reaches the volunteers: of theirs one an hour does."""
    if moment.block is None or not moment.is_kept_out or moment.block.alarmed_at is None:
        return alarm
    since_s = (moment.now - moment.block.alarmed_at).total_seconds()
    # A moment that is still to come was written before the clock was set back.
    return None if 0 <= since_s < ALARM_EVERY_S else alarm


def alarmed(moment: Moment, alarm: CaseWish) -> Turn:
    """Show the card, however often, and say whether the volunteers get to know."""
    wish = comes_through(moment, alarm)
    kind = alarm.urgent_kind
    assert kind is not None
    said = menus.plain(moment.voice, "blocked-alarm" if wish else "blocked-again")
    return moment.turn(menus.urgent(moment.voice, kind), said, case=wish)
