"""Gaps: what people asked that the bot could not answer, or did not answer well.

A gap names nobody. It leads to a person only from their side: what is kept of them, encrypted,
holds the ids of their gaps, so that `/forget` finds them.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

GAPS_KEPT = dt.timedelta(days=90)


class GapKind(enum.StrEnum):
    """Why something is a gap."""

    UNKNOWN = "unknown"
    """The bot did not know, or none of the topics that it suggested was meant."""
    NOT_HELPFUL = "not-helpful"
    """The person said that the answer did not help."""


@dataclass(frozen=True)
class Gap:
    """`id` is random to everybody but the person. `topic` is what was answered, for an answer that
    did not help. `text` is what was asked, masked, and `words` the same as bare words, by which
    those are counted together who asked alike; both are empty where somebody came by the menu.
    `day` is the day in Japan."""

    id: str
    kind: GapKind
    language: str
    topic: str | None
    text: str
    words: str
    day: dt.date


@dataclass(frozen=True)
class GapCount:
    """How many people had a gap, and since when; `text` is how one of them put it."""

    kind: GapKind
    language: str
    topic: str | None
    text: str
    first_day: dt.date
    count: int
