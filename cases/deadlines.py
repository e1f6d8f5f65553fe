"""How long a case may stand as it is: the lease of a claim, and the ladder of alarms.

A case has at most one deadline, `due_at`. While it waits, the next rung is climbed then; while
somebody has it, the lease runs out then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from cases.model import Case, Event, State

# Those on duty are called, then everybody, and then the administrators of the group.
RUNG_TOP = 3
# From the top the last alarm goes off again and again, each time after so many times what the whole
# ladder took: nobody is called every few minutes all night, and no case falls silent.
REPEATED_AFTER = 4
REPEATED_AFTER_MAX = dt.timedelta(hours=4)
# A deadline further ahead than so many times what the case may wait was set before the clock was
# set back. Once would let two machines, whose clocks differ a little, call each other's wrong.
PLAUSIBLE_WAITS = 2
# What a volunteer does with a case that renews its lease.
WORK = (Event.CLAIM, Event.STAFF_REPLIES, Event.ACCEPT, Event.TAKE_OVER)


@dataclass(frozen=True)
class Limits:
    """`ladders` holds, by urgent kind (None is a request), after how long without a human each rung
    is climbed."""

    lease: dt.timedelta
    ladders: Mapping[str | None, tuple[dt.timedelta, ...]]

    @classmethod
    def of_minutes(cls, lease_min: int, ladders: Mapping[str | None, tuple[int, ...]]) -> Limits:
        """Return the limits that are given in minutes."""
        rungs = {
            kind: tuple(dt.timedelta(minutes=minutes) for minutes in ladder)
            for kind, ladder in ladders.items()
        }
        return cls(dt.timedelta(minutes=lease_min), rungs)

    def rung_wait(self, urgent_kind: str | None, rung: int) -> dt.timedelta:
        """Return how long a case on `rung` waits for the next one; 0 is the ground, and on the top
        the next is the top again."""
        ladder = self.ladders[urgent_kind]
        if rung >= RUNG_TOP:
            return max(ladder[-1], min(REPEATED_AFTER * ladder[-1], REPEATED_AFTER_MAX))
        return ladder[rung] - (ladder[rung - 1] if rung else dt.timedelta())

    @property
    def shortest(self) -> dt.timedelta:
        """The shortest that any case may stand as it is."""
        waits = (
            self.rung_wait(kind, rung)
            for kind, ladder in self.ladders.items()
            for rung in range(len(ladder))
        )
        return min(self.lease, *waits)


def next_deadline(
    before: Case, after: Case, event: Event, now: dt.datetime, limits: Limits
) -> tuple[int, dt.datetime | None]:
    """Return the rung that a case is on after a step, and its deadline."""
    if after.state is State.CLOSED:
        return 0, None
    if after.state is State.CLAIMED:
        if event in WORK or before.due_at is None:
            return 0, now + limits.lease
        if event is Event.RAISE:
            # Who does not answer a new alarm loses the case as soon as one that nobody has would be
            # called out.
            return 0, min(before.due_at, now + limits.rung_wait(after.urgent_kind, 0))
        return 0, before.due_at
    if before.state is not State.WAITING:
        return 0, now + limits.rung_wait(after.urgent_kind, 0)
    if event is Event.CLIMB:
        rung = min(before.rung + 1, RUNG_TOP)
        return rung, now + limits.rung_wait(after.urgent_kind, rung)
    if event is Event.RAISE:
        # Whoever cries again from the top is not left there in silence.
        rung = min(before.rung, RUNG_TOP - 1)
        due_at = now + limits.rung_wait(after.urgent_kind, rung)
        return rung, min(due_at, before.due_at or due_at)
    return before.rung, before.due_at


def due_event(case: Case, now: dt.datetime, limits: Limits) -> Event | None:
    """Return what happens to the case by itself now, if anything.

    What was due at a moment that is implausibly far ahead is due: the clock was set back.
    """
    if case.due_at is None:
        return None
    is_claimed = case.state is State.CLAIMED
    wait = limits.lease if is_claimed else limits.rung_wait(case.urgent_kind, case.rung)
    if now < case.due_at <= now + PLAUSIBLE_WAITS * wait:
        return None
    return Event.LAPSE if is_claimed else Event.CLIMB
