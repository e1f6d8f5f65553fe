"""The tree of errors.

KakekomiError
├── ConfigError             a setting is missing or wrong
├── ContentError            knowledge or translations hold faults; carries them all
├── UncoveredDayError       a fact has no value on the day asked for
├── StorageError            the database could not read or write
│   ├── UnavailableError    it cannot be reached or written now; the same may succeed later
│   │   └── RefusedError    the server lets us in no more, or knows no such database
│   ├── SchemaError         the database belongs to another version of the program
│   └── KeyMismatchError    people are found by another key than the last in ENCRYPTION_KEYS
├── CaseError               a step that the case does not allow in its state
└── DeliveryError           a message could not be handed to Telegram

An error names ids, settings and files, never a person's words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass


class KakekomiError(Exception):
    """The root: whatever this program raises on purpose."""


class ConfigError(KakekomiError):
    """A setting is missing or wrong; the message names it and says what to do."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong in the content: where, what, and how to mend it."""

    file: str
    key: str
    wrong: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.wrong}. {self.mend}"


class ContentError(KakekomiError):
    """The knowledge or the translations hold faults; all of them are in `faults`."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(f"{len(self.faults)} faults in the content:\n{lines}")


class UncoveredDayError(KakekomiError):
    """A fact, contact or text has no value on a day; a human must add one."""

    def __init__(self, name: str, day: dt.date) -> None:
        self.name = name
        self.day = day
        super().__init__(f"{name} has no value on {day.isoformat()}: add one, with its source")


class StorageError(KakekomiError):
    """The database could not read or write; the driver's error is the cause."""


class UnavailableError(StorageError):
    """Locked, full, cut off: whatever was asked is not to blame, and may be tried again."""


class RefusedError(UnavailableError):
    """The server answers, but not to us: a human must mend it. While the bot runs it goes on
    trying; it does not start on one."""

    def __init__(self) -> None:
        super().__init__(
            "DATABASE_URL: PostgreSQL refuses the name or the password, or it knows no such "
            "database. Correct the address, or make them as docs/deploy.md says"
        )


class SchemaError(StorageError):
    """The database's schema is not the one that this program needs."""


class KeyMismatchError(StorageError):
    """With this key nobody in the database would be found."""

    def __init__(self) -> None:
        super().__init__(
            "ENCRYPTION_KEYS: people in this database are found by another key than the last one. "
            "Put that key back at the end; after `rekey` leave the new key alone in the list."
        )


class CaseError(KakekomiError):
    """A step that the table of transitions does not hold; nothing was changed."""

    def __init__(self, state: str, event: str) -> None:
        self.state = state
        self.event = event
        super().__init__(f"a case that is {state} does not allow {event}")


class DeliveryError(KakekomiError):
    """A message could not be handed to Telegram; the Bot API's error is the cause."""
