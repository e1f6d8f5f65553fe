"""Telegram takes 20 messages a minute for one group. Pure.

An alert of danger may use all of it; the rest leaves some room, so that danger never waits behind
what can; the board leaves more, so that nothing waits behind it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

PER_MINUTE = 20
KEPT_FOR_ALARMS, KEPT_FOR_ALARMS_MAX = 5, 10
KEPT_FOR_ALL = 12
# Once so many were sent within a minute, a new case gets its topic later.
CROWDED_FROM = 10
WINDOW = dt.timedelta(minutes=1)


def wait_s(sent_at: Sequence[dt.datetime], now: dt.datetime, *, kept: int) -> float:
    """Return how many seconds to wait before the next message to the group, which leaves `kept` of
    a minute's messages to others.

    `sent_at` are the moments of earlier messages, oldest first; those that are still to come were
    written before the clock was set back, and nothing waits for them.
    """
    budget = PER_MINUTE - kept
    recent = _within_window(sent_at, now)
    if len(recent) < budget:
        return 0.0
    return (recent[-budget] + WINDOW - now).total_seconds()


def kept_for_alarms(alarms: int) -> int:
    """Return how many of a minute's messages to keep for alerts of danger, of which the last minute
    had so many: where many come, many come at once."""
    return min(KEPT_FOR_ALARMS + alarms // 2, KEPT_FOR_ALARMS_MAX)


def is_crowded(sent_at: Sequence[dt.datetime], now: dt.datetime) -> bool:
    """Return whether so much goes to the group that no alert should cost more than one message."""
    return len(_within_window(sent_at, now)) >= CROWDED_FROM


def _within_window(sent_at: Sequence[dt.datetime], now: dt.datetime) -> list[dt.datetime]:
    return [moment for moment in sent_at if now - WINDOW < moment <= now]
