"""The way in: an update is stored before Telegram is told that it arrived, and done once.

One lane a chat: a chat's updates are done in order; many chats at once.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from telegram import Bot, Update
from telegram.error import NetworkError

from errors import StorageError
from storage import inbox as rows
from storage.database import Database

log = structlog.get_logger()

LANES_AT_ONCE = 32
# How long to wait when the database fails, or when an update failed and is tried again.
WAIT_S = 1.0


class Inbox(asyncio.Queue[object]):
    """The queue that python-telegram-bot's Updater puts updates into.

    `put` returns once the update is on disk; only then does the Updater move its offset. Nothing
    is ever taken out by `get`: lanes read the database, so that a restart finds what was left.
    """

    def __init__(
        self,
        database: Database,
        bot: Bot,
        process: Callable[[Update], Awaitable[bool]],
        on_unstored: Callable[[Update], Awaitable[None]],
        on_given_up: Callable[[Update], Awaitable[None]],
        clock: Callable[[], dt.datetime],
    ) -> None:
        """`process` does an update and returns whether it succeeded. `on_unstored` is told of one
        that the database refused (it comes again), `on_given_up` of one that failed for good."""
        super().__init__()
        self._database = database
        self._bot = bot
        self._process = process
        self._on_unstored = on_unstored
        self._on_given_up = on_given_up
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}
        self._look_again: set[str] = set()
        self._places = asyncio.Semaphore(LANES_AT_ONCE)

    async def put(self, update: object) -> None:
        """Store an update and start its lane; a repeated one is left alone.

        Raises NetworkError when the database refuses it: the Updater then waits and fetches it
        again, because its offset has not moved.
        """
        assert isinstance(update, Update)
        lane = self._lane(update)
        body: dict[str, Any] = update.to_dict()
        try:
            async with self._database.begin() as tx:
                await rows.store(tx, update.update_id, lane, body, self._clock())
        except StorageError as error:
            log.exception("an update cannot be stored", update_id=update.update_id)
            await self._on_unstored(update)
            raise NetworkError("the update could not be stored") from error
        self._start(lane)

    async def replay(self) -> None:
        """Start the lanes that a former run of the program left undone. Raises StorageError."""
        async with self._database.begin() as tx:
            lanes = await rows.waiting_lanes(tx)
        for lane in lanes:
            self._start(lane)

    async def stop(self) -> None:
        """Stop all lanes; what is not done stays in the database."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _lane(self, update: Update) -> str:
        chat = update.effective_chat
        return self._database.vault.hash(chat.id) if chat else "no-chat"

    def _start(self, lane: str) -> None:
        if lane in self._running:
            # It may just be finding itself empty: it must look once more.
            self._look_again.add(lane)
        else:
            self._running[lane] = asyncio.create_task(self._run_lane(lane))

    async def _run_lane(self, lane: str) -> None:
        async with self._places:
            while True:
                try:
                    stored = await self._next(lane)
                    if stored is not None:
                        await self._do(stored)
                    elif lane not in self._look_again:
                        del self._running[lane]
                        return
                except StorageError:
                    log.exception("the inbox cannot be read or kept; trying again")
                    await asyncio.sleep(WAIT_S)

    async def _next(self, lane: str) -> rows.Stored | None:
        self._look_again.discard(lane)
        async with self._database.begin() as tx:
            return await rows.next_in_lane(tx, lane)

    async def _do(self, stored: rows.Stored) -> None:
        update = Update.de_json(stored.body, self._bot)
        if await self._process(update):
            return
        async with self._database.begin() as tx:
            given_up = await rows.fail(tx, stored.update_id)
        if given_up:
            log.error("an update was given up", update_id=stored.update_id)
            await self._on_given_up(update)
        else:
            await asyncio.sleep(WAIT_S)
