"""The case and its words."""

from __future__ import annotations

import datetime as dt
import enum
import secrets
from dataclasses import dataclass

# Without letters and digits that are misread for one another (0 O, 1 I L).
_CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


class State(enum.StrEnum):
    """Where a case stands."""

    WAITING = "waiting"
    """Nobody has taken it."""
    CLAIMED = "claimed"
    """A volunteer has it."""
    CLOSED = "closed"
    """Nothing more is to be done; writing again reopens it."""


class Event(enum.StrEnum):
    """What can happen to a case."""

    OPEN = "open"
    RAISE = "raise"
    CLAIM = "claim"
    PERSON_WRITES = "person-writes"
    STAFF_REPLIES = "staff-replies"
    RELEASE = "release"
    """Whoever has it, or a coordinator, gives it back to all."""
    LAPSE = "lapse"
    """The lease ran out without work on the case."""
    CLIMB = "climb"
    """Nobody has answered for so long that the next alarm goes off."""
    CHECKLIST = "checklist"
    """A volunteer had the checklist for the kind of danger put into the topic."""
    CLOSE = "close"
    WITHDRAW = "withdraw"
    """The person asked that nothing more be passed on."""
    ERASE = "erase"
    """The person had everything about them erased."""


class Audience(enum.StrEnum):
    """Who may read a message of a case. What has no audience named is for the staff alone."""

    STAFF = "staff"
    PERSON = "person"


class Origin(enum.StrEnum):
    """Why there is a case."""

    ALARM = "alarm"
    """A message was judged urgent; the case opened by itself."""
    REQUEST = "request"
    """The person asked for a human."""


@dataclass(frozen=True)
class Claim:
    """Who has the case. `name` is shown to the staff only, never to the person."""

    staff_id: int
    name: str


@dataclass(frozen=True)
class Case:
    """One person's need of a human. `urgent_kind` is None where the person just asked."""

    id: int
    code: str
    person_id: int | None
    """None once the person had everything about them erased."""
    language: str
    state: State
    origin: Origin
    urgent_kind: str | None
    claim: Claim | None
    opened_at: dt.datetime
    topic_id: int | None = None
    """The forum topic in the staff group; None in a plain group or before the first alert."""
    rung: int = 0
    """How many alarms have gone off since it began to wait."""
    due_at: dt.datetime | None = None
    """When something happens by itself, unless somebody acts; see `deadlines`."""


def new_code() -> str:
    """Return a case code, such as `K7QMW`, that says nothing about the person."""
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(5))
