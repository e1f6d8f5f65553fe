"""Where a person is in the dialogue; small and storable as JSON."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

# Messages of one person within this time are one message, cut by a thumb.
TOGETHER_S = 180
TOGETHER_MAX = 6


class Hiding(enum.StrEnum):
    """How far the person is with hiding the chat."""

    NO = "no"
    ASKED = "asked"
    """They were asked for the word that will end it."""
    READY = "ready"
    """They have a word and were asked once more."""
    HIDDEN = "hidden"


class CodeStep(enum.StrEnum):
    """Which word the next message is, where the person was asked for one."""

    NO = "no"
    SETTING = "setting"
    CONFIRMING = "confirming"
    """The new word once more: until then it holds nothing back."""
    REMOVING = "removing"


QuietHours = tuple[int, int]
"""From and until which hour in Japan."""

NIGHT: QuietHours = (22, 7)


@dataclass(frozen=True)
class Recent:
    """Something the person wrote a moment ago."""

    at: dt.datetime
    text: str
    message_id: int | None


@dataclass(frozen=True)
class PersonState:
    """`language_chosen` says that the person picked the language. `bot_only` says that they asked
    that nothing more be passed on. `phone_noted` says that they had the note on who else may see
    their phone. `answered_at` is when a text was last answered, `acknowledged_at` when they were
    last told that what they send comes in, `place_at` when a place of theirs was last passed on.
    `card_kind` and `card_at` are the last urgent card shown.
    `word_hash` is the hash of the word that ends hiding, by `word_key`, the person's own;
    `code_hash` and `code_key` are those of the code word, `code_at` is when it was surely them who
    wrote last, `code_wrong` how often somebody wrote another since. `quiet` is from and until which
    hour in Japan nothing comes that can wait. `suggested_at` is when the volunteers were last
    offered an answer to a question of theirs. `gaps` are what the list of gaps has of the
    person: ids, each with its day; `gap_key` makes the ids."""

    language_chosen: bool = False
    welcomed: bool = False
    bot_only: bool = False
    phone_noted: bool = False
    recent: tuple[Recent, ...] = ()
    card_kind: str | None = None
    card_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    acknowledged_at: dt.datetime | None = None
    place_at: dt.datetime | None = None
    hiding: Hiding = Hiding.NO
    word_key: str = ""
    word_hash: str = ""
    code_step: CodeStep = CodeStep.NO
    code_key: str = ""
    code_hash: str = ""
    code_at: dt.datetime | None = None
    code_wrong: int = 0
    quiet: QuietHours | None = NIGHT
    suggested_at: dt.datetime | None = None
    gap_key: str = ""
    gaps: Mapping[str, dt.date] = field(default_factory=dict)

    def with_recent(self, text: str, message_id: int | None, now: dt.datetime) -> PersonState:
        """Return the state with one more message, and without those that are too old."""
        known = tuple(
            each
            for each in self.recent
            if (now - each.at).total_seconds() <= TOGETHER_S and each.message_id != message_id
        )
        recent = (*known, Recent(now, text, message_id))[-TOGETHER_MAX:]
        return replace(self, recent=recent)

    def text_of(self, message_id: int) -> str | None:
        """Return what the person wrote in a message of the last moments; None for an older one."""
        texts = (each.text for each in self.recent if each.message_id == message_id)
        return next(texts, None)

    def to_json(self) -> dict[str, Any]:
        """Return the state without the last messages, which are kept apart and for less long."""
        return {
            "language_chosen": self.language_chosen,
            "welcomed": self.welcomed,
            "bot_only": self.bot_only,
            "phone_noted": self.phone_noted,
            "card_kind": self.card_kind,
            "card_at": _written(self.card_at),
            "answered_at": _written(self.answered_at),
            "acknowledged_at": _written(self.acknowledged_at),
            "place_at": _written(self.place_at),
            "hiding": self.hiding.value,
            "word_key": self.word_key,
            "word_hash": self.word_hash,
            "code_step": self.code_step.value,
            "code_key": self.code_key,
            "code_hash": self.code_hash,
            "code_at": _written(self.code_at),
            "code_wrong": self.code_wrong,
            "quiet": self.quiet,
            "suggested_at": _written(self.suggested_at),
            "gap_key": self.gap_key,
            "gaps": {gap_id: day.isoformat() for gap_id, day in self.gaps.items()},
        }

    def recent_to_json(self) -> list[Any]:
        return [[each.at.isoformat(), each.text, each.message_id] for each in self.recent]

    @classmethod
    def from_json(cls, content: dict[str, Any], recent: list[Any]) -> PersonState:
        """Return the state that the two gave; a new one for an empty mapping."""
        if not content:
            return cls()
        quiet = content.get("quiet", NIGHT)
        return cls(
            language_chosen=content["language_chosen"],
            welcomed=content["welcomed"],
            bot_only=content["bot_only"],
            recent=tuple(
                Recent(dt.datetime.fromisoformat(at), text, message_id)
                for at, text, message_id in recent
            ),
            card_kind=content["card_kind"],
            card_at=_read(content["card_at"]),
            # Kept by an earlier version, a state knows nothing of what follows.
            phone_noted=content.get("phone_noted", False),
            answered_at=_read(content.get("answered_at")),
            acknowledged_at=_read(content.get("acknowledged_at")),
            place_at=_read(content.get("place_at")),
            hiding=Hiding(content.get("hiding", "no")),
            word_key=content.get("word_key", ""),
            word_hash=content.get("word_hash", ""),
            code_step=CodeStep(content.get("code_step", "no")),
            code_key=content.get("code_key", ""),
            code_hash=content.get("code_hash", ""),
            code_at=_read(content.get("code_at")),
            code_wrong=content.get("code_wrong", 0),
            quiet=(quiet[0], quiet[1]) if quiet else None,
            suggested_at=_read(content.get("suggested_at")),
            gap_key=content.get("gap_key", ""),
            gaps={
                gap_id: dt.date.fromisoformat(day)
                for gap_id, day in content.get("gaps", {}).items()
            },
        )


def _written(at: dt.datetime | None) -> str | None:
    return at.isoformat() if at else None


def _read(written: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(written) if written else None
