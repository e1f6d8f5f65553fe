"""The real bot, made to hang in the way named: `python -m tests.hanging WAY CONTENT`.

CONTENT is a file of the content that a test has loaded already: loading takes half a minute.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
import time
from pathlib import Path

import bot
import watchdog
from assistant import Assistant
from delivery import polling
from delivery.inbox import Inbox


async def never_returns(*_: object) -> None:
    await asyncio.Event().wait()


async def blocks_the_loop(*_: object) -> None:
    time.sleep(1_000_000)  # noqa: ASYNC251 - that is the point


def main(way: str, file: str) -> int:
    content = pickle.loads(Path(file).read_bytes())  # noqa: S301 - the test has just written it
    vars(bot)["load_content"] = lambda *_: content
    # Minutes are too long for a test; all must stay longer than what is no hang.
    polling.LONG_POLL_S = 1
    watchdog.ENDS_AFTER_S, watchdog.LOOK_EVERY_S = 8.0, 0.5
    if way == "storing never returns":
        Inbox.put = never_returns  # type: ignore[method-assign, assignment]
    elif way == "storing blocks the loop":
        Inbox.put = blocks_the_loop  # type: ignore[method-assign, assignment]
    elif way == "handling never returns":
        Assistant.handle = never_returns  # type: ignore[method-assign, assignment]
    else:
        assert way == "not at all"
    return bot.main(["run"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
