"""Telegram takes 20 messages a minute for one group. Pure.

Alarms may use all of it; the rest leaves some room, so that an alarm never waits behind copies.
"""

from __future__ import annotations

from collections.abc import Sequence

PER_MINUTE = 20
KEPT_FOR_ALARMS = 5
MINUTE_S = 60.0


def wait_s(sent_at_s: Sequence[float], now_s: float, *, alarm: bool) -> float:
    """Return how many seconds to wait before the next message to the group.

    `sent_at_s` are the moments of earlier messages, oldest first, on the same clock as `now_s`.
    """
    budget = PER_MINUTE if alarm else PER_MINUTE - KEPT_FOR_ALARMS
    recent = [moment for moment in sent_at_s if now_s - moment < MINUTE_S]
    if len(recent) < budget:
        return 0.0
    return recent[-budget] + MINUTE_S - now_s
