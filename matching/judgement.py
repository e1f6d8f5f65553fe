"""What the matching says of a message, and why."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from knowledge.schema import UrgentKind


class Urgency(enum.StrEnum):
    """`escalate` goes to a human at once, `offer` offers one, `none` is nothing of the kind."""

    ESCALATE = "escalate"
    OFFER = "offer"
    NONE = "none"


class Decision(enum.StrEnum):
    """What to do about the question in a message."""

    ANSWER = "answer"
    SUGGEST = "suggest"
    UNKNOWN = "unknown"
    SMALLTALK = "smalltalk"


@dataclass(frozen=True)
class Candidate:
    """A topic, and how well it fits: about 0 where not, 1 and more where surely."""

    topic: str
    score: float


@dataclass(frozen=True)
class Judgement:
    """`language` is the message's own; `candidates` are best first, and the first is `margin` ahead
    of whatever comes next, a topic or small talk. `urgent_score` (0 to 1) and `urgent_phrasing`
    explain the urgency; `smalltalk` is its kind, where the decision is that."""

    language: str
    urgency: Urgency
    urgent_kind: UrgentKind | None
    urgent_score: float
    urgent_phrasing: str | None
    decision: Decision
    candidates: tuple[Candidate, ...]
    margin: float
    smalltalk: str | None = None

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None
