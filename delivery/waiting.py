"""Waiting for what must be there before anything can go on, and for tasks to end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

log = structlog.get_logger()


async def until_it_works(
    work: Callable[[], Awaitable[None]], error: type[Exception], again_s: float, said: str
) -> None:
    """Do `work`, and again every `again_s` seconds while it raises `error`; log `said` each time.

    Any other error is raised.
    """
    while True:
        try:
            await work()
        except error:
            log.warning(said, exc_info=True)
            await asyncio.sleep(again_s)
        else:
            return


async def cancel_all(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they have ended."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
