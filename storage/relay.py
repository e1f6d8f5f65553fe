"""What passes between a person and the volunteers, beside what it says: which message it answers,
what belongs together, what is marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Words:
    """A text of the person's, kept until it is sent: its message id and moment (ISO)."""

    message_id: int
    at: str
    text: str


@dataclass(frozen=True)
class Relay:
    """`thread` is the message that a copied one replies to, or replaces, by its id in the chat that
    the copy is of; `reply_to` one in the chat that it goes to. `album` is what Telegram calls the
    group of messages that it is part of. `said` are the words of a copied text: of more than one
    text, they are what is sent. `mirrors` (chat and message id) is the volunteer's message whose
    copy at the person changes to the new text, a caption if `is_caption`. `mark` is the reaction
    that the message `reply_to` gets. `is_urgent` lets the words that alarmed pass what can wait."""

    thread: int | None = None
    reply_to: int | None = None
    album: str | None = None
    said: tuple[Words, ...] = ()
    mirrors: tuple[int, int] | None = None
    is_caption: bool = False
    mark: str | None = None
    is_urgent: bool = False

    @classmethod
    def from_json(cls, content: dict[str, Any] | None) -> Relay:
        """Return what `dataclasses.asdict` gave; what an earlier version kept has nothing."""
        if not content:
            return cls()
        mirrors = content["mirrors"]
        said = tuple(Words(**each) for each in content["said"])
        return cls(**{**content, "said": said, "mirrors": tuple(mirrors) if mirrors else None})


PLAIN = Relay()
"""Of a message that stands for itself."""
