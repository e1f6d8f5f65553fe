"""A wall clock that somebody sets, for the bot's processes alone: Debian's libfaketime."""

from __future__ import annotations

from pathlib import Path

_LIBRARIES = "/usr/lib/*/faketime/libfaketimeMT.so.1"


class Clock:
    """The processes that get `environment` read their wall clock through it; what measures how
    long something takes (the monotonic clock) goes on as it is, as on a machine."""

    def __init__(self, folder: Path) -> None:
        """Raises SystemExit where the library is not installed."""
        library = next(Path("/").glob(_LIBRARIES.lstrip("/")), None)
        if library is None:
            raise SystemExit("clock jumps need libfaketime: apt-get install faketime")
        self._file = folder / "clock"
        self.ahead_s = 0.0
        self.set(0.0)
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            # Seconds. Reading the file at each look at a clock slows the bot down a hundredfold.
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, ahead_s: float) -> None:
        """Set the clock so many seconds ahead of the machine's (behind, where negative)."""
        self.ahead_s = ahead_s
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead_s:+.3f}\n")
        new.rename(self._file)
