"""The case and its words."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass


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
    OFFER = "offer"
    """Whoever has it asks a colleague to take it over; until they accept it stays where it is."""
    ACCEPT = "accept"
    """The colleague takes it over."""
    DECLINE = "decline"
    """The colleague does not."""
    TAKE_OVER = "take-over"
    """A coordinator takes it from whoever has it."""
    CHECKLIST = "checklist"
    """A volunteer had the checklist for the kind of danger put into the topic."""
    CLOSE = "close"
    ASK_LATER = "ask-later"
    """A day after the close the bot asked whether the person is safe, as they had agreed."""
    IS_SAFE = "is-safe"
    """They answered that they are."""
    WITHDRAW = "withdraw"
    """The person asked that nothing more be passed on."""
    BLOCK = "block"
    """A coordinator keeps what the person writes from the volunteers."""
    UNBLOCK = "unblock"
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
    UNSAFE = "unsafe"
    """Asked after the close whether they are safe, the person said that they need somebody."""


class Outcome(enum.StrEnum):
    """What came of a case, as the volunteer says who closes it."""

    HELPED = "helped"
    HANDED_TO_POLICE = "handed-to-police"
    HANDED_TO_HOSPITAL = "handed-to-hospital"
    HANDED_TO_LABOUR_OFFICE = "handed-to-labour-office"
    HANDED_TO_TRAINEE_OFFICE = "handed-to-otit"
    """OTIT, or the office that has its place."""
    HANDED_TO_LAWYER = "handed-to-lawyer"
    """A lawyer, or another organisation that helps."""
    HANDED_TO_EMBASSY = "handed-to-embassy"
    HANDED_TO_ANOTHER = "handed-to-other"
    NO_ANSWER = "no-answer"
    NOT_NEEDED = "not-needed"
    ABUSE = "abuse"
    """Of the service."""

    @property
    def is_handed_on(self) -> bool:
        return self.value.startswith("handed-to-")


@dataclass(frozen=True)
class Claim:
    """Who has the case. `name` is shown to the staff only, never to the person."""

    staff_id: int
    name: str


@dataclass(frozen=True)
class Block:
    """Who keeps a person's messages from the volunteers, why and since when. `alarmed_at` is when
    an alarm of theirs last came through all the same."""

    by: Claim
    reason: str
    at: dt.datetime
    alarmed_at: dt.datetime | None = None


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
    offered_to: Claim | None = None
    """The colleague who is asked to take it over."""
    group_id: int | None = None
    """The group of the staff that it is in, by its id in the settings; None is the default one."""
