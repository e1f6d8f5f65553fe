"""The times that volunteers write: until when on duty or away. None is what nobody understands."""

from __future__ import annotations

import datetime as dt
import re

# Who forgets to end a duty is not counted on for longer.
DUTY_USUAL = dt.timedelta(hours=12)
DUTY_MAX = dt.timedelta(hours=24)
# Who forgets to come back is called again after a week.
AWAY_USUAL = dt.timedelta(days=7)
AWAY_MAX = dt.timedelta(days=366)

_DAY = dt.timedelta(days=1)
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_LENGTH = re.compile(r"(\d{1,3})([hd])")


def duty_shift(words: str, now: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """Return from when until when somebody is on duty who writes `words` (nothing, `23:00`, `3h`,
    `08:00-12:00`). `now` is in the time zone in which times of the day are meant."""
    begin, dash, end = words.strip().partition("-")
    if not dash:
        until = _until(words, now, DUTY_USUAL, DUTY_MAX)
        return (now, until) if until else None
    begins, ends = _at(begin, now - _DAY), _at(end, now)
    if begins is None or ends is None:
        return None
    # One that has begun already ends at the next such time; else it is the next to come.
    if begins >= ends - _DAY:
        return begins, ends
    begins = _at(begin, now)
    assert begins is not None
    return begins, _next(ends, begins)


def away_until(words: str, now: dt.datetime) -> dt.datetime | None:
    """Return until when somebody is away who writes `words` (nothing, `23:00`, `8h`, `3d`)."""
    return _until(words, now, AWAY_USUAL, AWAY_MAX)


def _until(
    words: str, now: dt.datetime, usual: dt.timedelta, longest: dt.timedelta
) -> dt.datetime | None:
    if not words.strip():
        return now + usual
    length = _LENGTH.fullmatch(words.strip().lower())
    if length is None:
        return _at(words, now)
    hours = int(length[1]) * (24 if length[2] == "d" else 1)
    wanted = dt.timedelta(hours=hours)
    return now + wanted if dt.timedelta() < wanted <= longest else None


def _at(words: str, after: dt.datetime) -> dt.datetime | None:
    """Return the next moment after `after` at which the clock shows this time of the day."""
    time = _TIME.fullmatch(words.strip())
    if time is None:
        return None
    moment = after.replace(hour=int(time[1]), minute=int(time[2]), second=0, microsecond=0)
    return _next(moment, after)


def _next(moment: dt.datetime, after: dt.datetime) -> dt.datetime:
    return moment if moment > after else moment + _DAY
