"""Time that passes faster while everybody only waits: an hour at the desk is over in minutes.

What is computed, read or written takes as long as it takes, so the machine is never asked for more
than it can do; only a wait that nothing but the clock ends is cut short. All of asyncio's waits and
time-outs follow, those of the bot and those of the stand-in alike.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Impatient(selectors.DefaultSelector):
    """Waits only a part of the time, and says how much was left out."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.left_out_s = 0.0
        self._factor = factor

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        began_s = time.monotonic()
        found = super().select(timeout / self._factor)
        if not found:
            self.left_out_s += max(0.0, timeout - (time.monotonic() - began_s))
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, factor: float) -> None:
        self._impatient = _Impatient(factor)
        super().__init__(self._impatient)

    def time(self) -> float:
        return super().time() + self._impatient.left_out_s


def run(main: Coroutine[Any, Any, Result], factor: float) -> Result:
    """Run it to its end, with waits so many times shorter."""
    with asyncio.Runner(loop_factory=lambda: _Loop(factor)) as runner:
        return runner.run(main)


def now_s() -> float:
    """Return the simulated seconds since some moment."""
    return asyncio.get_running_loop().time()


class Clock:
    """The wall clock that goes with it, for the bot; it is right when it is made."""

    def __init__(self) -> None:
        self._began, self._began_s = dt.datetime.now(dt.UTC), now_s()

    def now(self) -> dt.datetime:
        return self._began + dt.timedelta(seconds=self.since_s)

    @property
    def since_s(self) -> float:
        """The simulated seconds since it was made."""
        return now_s() - self._began_s

    def at_s(self, moment: dt.datetime) -> float:
        """Return a moment that it showed as seconds since it was made."""
        return (moment - self._began).total_seconds()
