"""Whoever writes again and again is answered less often; an alarm and its card never wait."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from conversation.moment import Moment

# What only says that a message came is not said again within this time.
ACKNOWLEDGED_AGAIN_S = 60
# A place that moves is passed on again after this time.
PLACE_AGAIN_S = 120


def says_again(moment: Moment) -> bool:
    """Whether a text is the one before once more, and that was answered a moment ago."""
    recent, answered_at = moment.state.recent, moment.state.answered_at
    if len(recent) < 2 or answered_at is None:
        return False
    return recent[-2].text == recent[-1].text and answered_at >= recent[-2].at


def answered(moment: Moment) -> Moment:
    return replace(moment, state=replace(moment.state, answered_at=moment.now))


def is_acknowledged(moment: Moment) -> bool:
    """Whether the person has just been told that what they send comes in."""
    return _lately(moment.state.acknowledged_at, moment.now, ACKNOWLEDGED_AGAIN_S)


def acknowledged(moment: Moment) -> Moment:
    return replace(moment, state=replace(moment.state, acknowledged_at=moment.now))


def has_place(moment: Moment) -> bool:
    """Whether the volunteers have just got the place that moves."""
    return _lately(moment.state.place_at, moment.now, PLACE_AGAIN_S)


def placed(moment: Moment) -> Moment:
    return replace(moment, state=replace(moment.state, place_at=moment.now))


def _lately(at: dt.datetime | None, now: dt.datetime, within_s: float) -> bool:
    # A moment that is still to come was written before the clock was set back.
    return at is not None and 0 <= (now - at).total_seconds() < within_s
