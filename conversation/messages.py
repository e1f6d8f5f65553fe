"""The values that go into and come out of a conversation; no Telegram types."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

from cases.gaps import Gap
from cases.model import Origin
from conversation.state import PersonState
from knowledge.schema import UrgentKind
from matching.judgement import Decision


class Kind(enum.StrEnum):
    """What somebody sent."""

    TEXT = "text"
    COMMAND = "command"
    BUTTON = "button"
    OTHER = "other"
    """A photo, a voice message, a sticker, a place: the bot cannot read it."""


@dataclass(frozen=True)
class Incoming:
    """A message from a person.

    `text` is what they wrote (also a caption), the command with its slash, or the button's data.
    `has_media` says that there is more than text. `replies_to` is the message of the chat that it
    replies to; `album` what Telegram calls the group of messages that it is part of. `names_sender`
    says that it shows who sends it, such as their own contact card; `is_live` that it is a place
    that moves. `answers_volunteer` says that it replies to what a volunteer sent.
    """

    kind: Kind
    text: str
    message_id: int | None
    account_language: str | None = None
    edited: bool = False
    has_media: bool = False
    replies_to: int | None = None
    album: str | None = None
    names_sender: bool = False
    is_live: bool = False
    answers_volunteer: bool = False


class Button(NamedTuple):
    """`data` comes back when it is pressed: 1 to 64 bytes."""

    label: str
    data: str


class Command(NamedTuple):
    """What Telegram lists for a chat; `what` says what it is for."""

    name: str
    what: str


@dataclass(frozen=True)
class Reply:
    """A message to the person. `text` is HTML as Telegram takes it, at most 4096 characters."""

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()


class CaseAction(enum.StrEnum):
    """What the conversation wants of the person's case."""

    ALARM = "alarm"
    REQUEST = "request"
    WRITE = "write"
    WITHDRAW = "withdraw"
    IS_SAFE = "is-safe"
    IS_UNSAFE = "is-unsafe"


@dataclass(frozen=True)
class CaseWish:
    """`urgent_kind` and `phrasing` (which one fired) belong to an alarm. `message_ids` are the
    person's messages to pass on, oldest first."""

    action: CaseAction
    urgent_kind: UrgentKind | None = None
    phrasing: str | None = None
    message_ids: tuple[int, ...] = ()

    @property
    def origin(self) -> Origin:
        if self.action is CaseAction.IS_UNSAFE:
            return Origin.UNSAFE
        return Origin.ALARM if self.action is CaseAction.ALARM else Origin.REQUEST


@dataclass(frozen=True)
class Turn:
    """What follows from a message: replies, where the person is now, perhaps a case.

    `uncovered` are the facts that have no value today: a human must look at them. `forget` says
    that the person wants everything about them erased, `hide` that all on their phone goes before
    the replies come. `staff_notice` is what the staff are told besides. `commands` are all that
    the chat lists from now on, with none it lists the usual ones again; None changes nothing.
    `shows_held` says that what is held back until their word comes may be shown, `asks_later` that
    they agreed to be asked after a day whether they are safe.
    `suggests` is the topic whose answer the volunteers are offered to send.
    `decision` is what was decided about the question in a text; None for whatever is no text, and
    for who hides. `gap` is what the bot did not know, or did not answer well.
    """

    replies: tuple[Reply, ...]
    language: str
    state: PersonState
    case: CaseWish | None = None
    uncovered: tuple[str, ...] = ()
    forget: bool = False
    hide: bool = False
    staff_notice: str | None = None
    commands: tuple[Command, ...] | None = None
    shows_held: bool = False
    asks_later: bool = False
    suggests: str | None = None
    decision: Decision | None = None
    gap: Gap | None = None
