"""Ends a process whose work has come to a stop, so that whoever runs it starts it again.

An error is no reason: it is tried again where it happens, and a restart mends no outage. A call
that neither returns nor raises is one: it would stop the bot for good, and nobody would know.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Iterator

import structlog

from metrics import Metrics

log = structlog.get_logger()

# A step ends by itself, well or badly, within a minute: getUpdates is given up after 40 s, a send
# after 10 s, a locked database after 5 s. A step five times as old will never end.
ENDS_AFTER_S = 300.0
LOOK_EVERY_S = 5.0


@contextlib.contextmanager
def watching(metrics: Metrics) -> Iterator[None]:
    """End the process with exit code 70 when a step of its work hangs, while the block runs.

    A thread of its own looks: it also sees an event loop that is blocked. Nothing is tidied up, as
    that may hang too; what was under way is in the database.
    """
    loop, over = asyncio.get_running_loop(), threading.Event()
    thread = threading.Thread(target=_watch, args=(metrics, loop, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(metrics: Metrics, loop: asyncio.AbstractEventLoop, over: threading.Event) -> None:
    steps, asked = metrics.steps, None
    while not over.wait(LOOK_EVERY_S):
        # The loop is asked to end a step; it can only while it turns.
        if asked is None or not steps.is_open(asked):
            asked = steps.begin("loop")
            loop.call_soon_threadsafe(steps.end, asked)
        part = steps.stuck(ENDS_AFTER_S)
        if part is not None:
            log.critical("a step hangs; the process ends", part=part, after_s=ENDS_AFTER_S)
            os._exit(os.EX_SOFTWARE)
