"""Who is helped first: by risk, then by how long they have waited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cases.lifecycle import risk
from cases.model import Case, Origin
from cases.team import Member

# In these minutes count: nobody waits for a volunteer of the right language.
LIFE_IN_DANGER = frozenset({"immediate-danger", "suicide-self-harm", "medical-emergency"})


@dataclass(frozen=True)
class Queued:
    """An open case, and since when its person waits for a human; None where they have been
    answered."""

    case: Case
    since: dt.datetime | None

    def waits_s(self, now: dt.datetime) -> float | None:
        """Return for how long the person waits, in seconds."""
        return None if self.since is None else max(0.0, (now - self.since).total_seconds())


def of_group(queue: Sequence[Queued], group_id: int | None) -> list[Queued]:
    """Return the cases that are in a group; None is the default one."""
    return [each for each in queue if each.case.group_id == group_id]


def by_risk(queue: Sequence[Queued]) -> list[Queued]:
    """Return the cases in the order in which they need a human: the kinds of danger stand in
    order of danger, a request comes last; of two alike first whoever said, asked after a close,
    that they need somebody, then whoever has waited longer."""

    def place(queued: Queued) -> tuple[int, bool, bool, float, int]:
        danger, since = risk(queued.case.urgent_kind), queued.since
        calm = queued.case.origin is not Origin.UNSAFE
        return -danger, calm, since is None, since.timestamp() if since else 0.0, queued.case.id

    return sorted(queue, key=place)


def dealt_to(
    member: Member, team: Sequence[Member], waiting: Sequence[Queued], now: dt.datetime
) -> list[Queued]:
    """Return the waiting cases that `/next` deals to a volunteer, the first first.

    Those in a language that they speak (in any, while they have said nothing), and a life in danger
    in another one where nobody on duty said that they speak it.
    """
    covered = {language for each in team if each.is_on_duty(now) for language in each.languages}
    return [
        queued
        for queued in by_risk(waiting)
        if member.may_speak(queued.case.language)
        or (queued.case.urgent_kind in LIFE_IN_DANGER and queued.case.language not in covered)
    ]
