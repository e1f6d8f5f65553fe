"""What volunteers read of one another and of the queue: names, times, links, cases in a line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from html import escape

from cases.model import Claim
from cases.queue import Queued
from conversation.alerts import kind_name
from conversation.content import JAPAN
from conversation.render import Voice

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def duration(voice: Voice, seconds: float) -> str:
    """Return a time in one unit, so coarse that it does not change at every look."""
    if seconds < _HOUR_S:
        return voice.label("staff-minutes", count=str(max(1, int(seconds // _MINUTE_S))))
    if seconds < 2 * _DAY_S:
        return voice.label("staff-hours", count=str(int(seconds // _HOUR_S)))
    return voice.label("staff-days", count=str(int(seconds // _DAY_S)))


def clock_time(moment: dt.datetime, now: dt.datetime) -> str:
    """Return the time of the day in Japan, with the date where it is not within a day."""
    in_japan = moment.astimezone(JAPAN)
    is_near = abs(moment - now) <= dt.timedelta(days=1)
    return in_japan.strftime("%H:%M" if is_near else "%Y-%m-%d %H:%M")


def link(text: str, chat_id: int, topic_id: int | None, message_id: int | None = None) -> str:
    """Return a link to a forum topic or to a message of the group; in a small group, where
    Telegram has none, the text alone. `text` is HTML."""
    number = str(chat_id).removeprefix("-100")
    places = [str(place) for place in (topic_id, message_id) if place is not None]
    if number == str(chat_id) or not places:
        return text
    return f'<a href="https://t.me/c/{number}/{"/".join(places)}">{text}</a>'


def line(voice: Voice, queued: Queued, chat_id: int, now: dt.datetime) -> str:
    """Return a case in one line, as HTML: code, kind, language, for how long its person waits, and
    who has it."""
    case = queued.case
    waits_s = queued.waits_s(now)
    waits = voice.label("staff-answered") if waits_s is None else duration(voice, waits_s)
    parts = [
        link(case.code, chat_id, case.topic_id),
        escape(kind_name(voice, case), quote=False),
        case.language,
        escape(waits, quote=False),
        *([f"👤 {escape(case.claim.name, quote=False)}"] if case.claim else []),
    ]
    return f"{'🔴' if case.urgent_kind else '🟡'} {' · '.join(parts)}"


def names(claims: Iterable[Claim]) -> str:
    """Return names as plain text, or a dash for nobody."""
    return ", ".join(claim.name for claim in claims) or "–"
