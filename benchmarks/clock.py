"""A wall clock that somebody sets, for the bot's processes alone.

The bot reads the wall clock in one place, `service.now`; `starter` puts this one there. Debian's
libfaketime would do it from outside, but makes Python a hundred times slower and breaks its sleep.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import service


class Clock:
    """Every process that opens the same file has the same clock."""

    def __init__(self, file: Path) -> None:
        self.file = file
        if not file.exists():
            self.set(0.0)

    @property
    def ahead_s(self) -> float:
        """How many seconds it is ahead of the machine's (behind, where negative)."""
        return float(self.file.read_text())

    def set(self, ahead_s: float) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(str(ahead_s))
        new.rename(self.file)

    def now(self) -> dt.datetime:
        return service.now() + dt.timedelta(seconds=self.ahead_s)
