"""What follows from a failed send. Pure.

Delivery is at least once: what may have arrived is sent again, marked as a possible repeat.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from storage.outbox import PERSON_WAIT_MAX, STAFF_WAIT_MAX

# Waits grow by doubling from the first to the longest; a person is tried for two days.
FIRST_WAIT_S = 1.0
PERSON_TRIED_FOR = dt.timedelta(days=2)


class Trouble(enum.StrEnum):
    """How a send failed."""

    RATE_LIMITED = "rate-limited"
    NOT_CONNECTED = "not-connected"
    """The request never left: it cannot have arrived."""
    UNCERTAIN = "uncertain"
    """No whole answer came back: it may have arrived."""
    BLOCKED = "blocked"
    """The person blocked the bot, or there is no such chat any more."""
    DEACTIVATED = "deactivated"
    """The person's account was deleted."""
    SHUT_OUT = "shut-out"
    """The bot is not in the group, or may not write there: a human can let it in again."""
    THREAD_GONE = "thread-gone"
    MOVED = "moved"
    """The group was upgraded and has a new id."""
    GONE = "gone"
    """The message to copy or edit no longer exists."""
    NOT_COPIED = "not-copied"
    """Telegram copies no message of this kind, or from a chat that protects its content."""
    TOO_LARGE = "too-large"
    REJECTED = "rejected"
    """Telegram will never take this message."""


_FOR_GOOD = (
    Trouble.REJECTED,
    Trouble.GONE,
    Trouble.NOT_COPIED,
    Trouble.TOO_LARGE,
    Trouble.BLOCKED,
    Trouble.DEACTIVATED,
)


@dataclass(frozen=True)
class Failure:
    """`wait_s` is what Telegram asks us to wait; `moved_to` a group's new id."""

    trouble: Trouble
    wait_s: float = 0.0
    moved_to: int | None = None


@dataclass(frozen=True)
class Again:
    """Try again in `wait_s` seconds; `uncertain` if the message may have arrived already."""

    wait_s: float
    uncertain: bool = False


@dataclass(frozen=True)
class GiveUp:
    """It can never arrive; a human must be told why."""

    reason: Trouble


def after(failure: Failure, attempts: int, age: dt.timedelta, *, to_staff: bool) -> Again | GiveUp:
    """Return what to do after a failed send.

    `attempts` counts the failures before this one, `age` is the message's. The staff group is
    tried for ever, and often: an alarm has nowhere else to go, and whoever let the bot in again
    tells nobody. No group blocks a bot: what is blocked on its way there is a copy, because of the
    person whose message it is.
    """
    trouble = failure.trouble
    if trouble in _FOR_GOOD:
        return GiveUp(trouble)
    if trouble in (Trouble.THREAD_GONE, Trouble.MOVED) and attempts < 3:
        return Again(0.0)
    if not to_staff and age > PERSON_TRIED_FOR:
        return GiveUp(trouble)
    longest_s = (STAFF_WAIT_MAX if to_staff else PERSON_WAIT_MAX).total_seconds()
    wait_s = max(failure.wait_s, FIRST_WAIT_S * 2 ** min(attempts, 20))
    return Again(min(longest_s, wait_s), uncertain=trouble is Trouble.UNCERTAIN)
