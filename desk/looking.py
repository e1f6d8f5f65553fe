"""The loop of everything that is looked at again and again while the bot runs."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

import structlog

from errors import StorageError

log = structlog.get_logger()

Look = Callable[[dt.datetime], Awaitable[None]]


async def look_for_ever(look: Look, clock: Callable[[], dt.datetime], every_s: float) -> None:
    """Look every so many seconds, also after the database failed; cancel to stop.

    Nothing is looked at before the first of them are over: what people and volunteers did while no
    process ran comes in first.
    """
    while True:
        await asyncio.sleep(every_s)
        try:
            await look(clock())
        except StorageError:
            log.exception("what is due was not looked at; trying again", look=look.__qualname__)
