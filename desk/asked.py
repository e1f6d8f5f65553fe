"""What a volunteer asks for, as the handlers pass it on.

`group_id` is everywhere the group in which it is asked, as cases name it: None is the default one.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.model import Claim


@dataclass(frozen=True)
class Volunteer:
    """A member of the staff group who acts. `language` is the one that their Telegram is set to."""

    claim: Claim
    is_coordinator: bool
    language: str | None = None
    username: str | None = None

    @property
    def is_somebody(self) -> bool:
        """Whether Telegram says who it is: not for who writes in the group's own name."""
        return self.claim.staff_id > 0


@dataclass(frozen=True)
class RepliedTo:
    """The message that a volunteer replies to; `ours` if the bot sent it, `code` of the case that
    its buttons are for, `author` the colleague who wrote it."""

    message_id: int
    ours: bool
    code: str | None
    author: Claim | None = None


@dataclass(frozen=True)
class Pressed:
    """A button that a volunteer pressed: `post` is its message, by chat and message id; the rest
    is what stands in its callback data, `item` empty where nothing does."""

    update_id: int
    volunteer: Volunteer
    post: tuple[int, int]
    action: str
    code: str
    item: str
    group_id: int | None = None


@dataclass(frozen=True)
class Said:
    """A command of a volunteer's: who, the words after it, where it stands (chat and message id,
    forum topic) and the message replied to, if any. `volunteer` is None where the author may not
    act."""

    update_id: int
    volunteer: Volunteer | None
    words: str
    post: tuple[int, int]
    topic_id: int | None
    to: RepliedTo | None
    group_id: int | None = None


@dataclass(frozen=True)
class Wrote:
    """What a volunteer wrote or sent in the group, no command: where it stands, as in `Said`, and
    the message replied to. `text` is what they wrote, a caption if `has_media`; `album` what
    Telegram calls the group of messages that it is part of. `names_somebody` says that it would
    show who a volunteer is."""

    update_id: int
    volunteer: Volunteer | None
    post: tuple[int, int]
    to: RepliedTo
    text: str = ""
    has_media: bool = False
    album: str | None = None
    names_somebody: bool = False
    group_id: int | None = None
