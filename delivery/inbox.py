"""The way in: an update is stored before Telegram is told that it arrived, and done once.

One lane a chat: a chat's updates are done in order; many chats at once.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from telegram import Bot, Update

from errors import StorageError
from metrics import Metrics
from storage import inbox as rows
from storage.database import Database
from storage.outbox import Outgoing, enqueue

log = structlog.get_logger()

LANES_AT_ONCE = 32
# How long to wait when the database fails, or when an update failed and is tried again.
WAIT_S = 1.0

# What waits for longer is taken up by any process: the one that stored it may have died.
TAKE_OVER_AFTER = dt.timedelta(seconds=3)

Raw = dict[str, Any]
"""An update as the Bot API sends it, not parsed: a kind that the library does not know yet is
stored like any other, and stops nobody."""


class Inbox:
    """Takes updates in. Lanes read the database, so that a restart finds what was left."""

    def __init__(
        self,
        database: Database,
        bot: Bot,
        process: Callable[[Update], Awaitable[bool]],
        on_unstored: Callable[[Update], Awaitable[bool]],
        on_given_up: Callable[[Update], Awaitable[None]],
        notice_of_failure: Callable[[int], Outgoing],
        clock: Callable[[], dt.datetime],
        metrics: Metrics,
    ) -> None:
        """`process` does an update and returns whether it succeeded; it raises UnavailableError
        when the database is to blame, and the update is tried until that is over. `on_unstored`
        is told of one that the database refused (it comes again) until it returns True,
        `on_given_up` of one that failed for good; `notice_of_failure` is what the staff then
        read."""
        self._database = database
        self._bot = bot
        self._process = process
        self._on_unstored = on_unstored
        self._on_given_up = on_given_up
        self._notice_of_failure = notice_of_failure
        self._clock = clock
        self._metrics = metrics
        self._told_unstored: set[int] = set()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._look_again: set[str] = set()
        self._places = asyncio.Semaphore(LANES_AT_ONCE)

    async def put(self, raws: Sequence[Raw]) -> None:
        """Store updates, all or none, and start their lanes; a repeated one is left alone.

        Raises StorageError when the database refuses them: they must not be acknowledged then.
        """
        with self._metrics.step("inbox"):
            await self._put(raws)

    async def _put(self, raws: Sequence[Raw]) -> None:
        lanes = [rows.lane_of(raw, self._database.vault) for raw in raws]
        try:
            new = 0
            async with self._database.begin() as tx:
                for raw, lane in zip(raws, lanes, strict=True):
                    new += await rows.store(tx, int(raw["update_id"]), lane, raw, self._clock())
        except StorageError:
            log.exception("updates cannot be stored", count=len(raws))
            # All of them: an alarm must not wait behind what somebody else wrote.
            await asyncio.gather(*(self._tell_unstored(raw) for raw in raws))
            raise
        self._metrics.received(new)
        self._told_unstored.difference_update(int(raw["update_id"]) for raw in raws)
        for lane in dict.fromkeys(lanes):
            self._start(lane)

    async def _tell_unstored(self, raw: Raw) -> None:
        update_id = int(raw["update_id"])
        if update_id in self._told_unstored:
            return
        update = self._parse(raw)
        if update is None or await self._on_unstored(update):
            self._told_unstored.add(update_id)

    async def replay(self, older_than: dt.timedelta = dt.timedelta()) -> None:
        """Start the lanes that were left undone. Raises StorageError."""
        async with self._database.begin() as tx:
            lanes = await rows.waiting_lanes(tx, self._clock() - older_than)
        for lane in lanes:
            self._start(lane)

    async def take_over(self) -> None:
        """Take up for ever what another process stored and did not do; cancel to stop.

        Two processes may do an update at once: of two, one finishes it, and the order is kept,
        because each takes the oldest that is not done.
        """
        while True:
            await asyncio.sleep(TAKE_OVER_AFTER.total_seconds())
            try:
                with self._metrics.step("inbox"):
                    await self.replay(TAKE_OVER_AFTER)
            except StorageError:
                log.exception("the inbox cannot be read")

    async def stop(self) -> None:
        """Stop all lanes; what is not done stays in the database."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, lane: str) -> None:
        if lane in self._running:
            # It may just be finding itself empty: it must look once more.
            self._look_again.add(lane)
        else:
            self._running[lane] = asyncio.create_task(self._run_lane(lane))

    async def _run_lane(self, lane: str) -> None:
        try:
            async with self._places:
                await self._empty(lane)
        finally:
            # Whatever ended it: the lane is started again by what comes, or by `take_over`.
            del self._running[lane]

    async def _empty(self, lane: str) -> None:
        while True:
            try:
                with self._metrics.step("inbox"):
                    stored = await self._next(lane)
                    if stored is not None:
                        await self._do(stored)
                    elif lane not in self._look_again:
                        return
            except StorageError:
                log.exception("the inbox cannot be read or kept; trying again")
                await asyncio.sleep(WAIT_S)

    async def _next(self, lane: str) -> rows.Stored | None:
        self._look_again.discard(lane)
        async with self._database.begin() as tx:
            return await rows.next_in_lane(tx, lane)

    async def _do(self, stored: rows.Stored) -> None:
        update = self._parse(stored.body)
        if update is not None and await self._process(update):
            self._metrics.done((self._clock() - stored.received_at).total_seconds())
            return
        async with self._database.begin() as tx:
            given_up = await rows.fail(tx, stored.update_id, for_good=update is None)
            if given_up:
                await enqueue(tx, self._notice_of_failure(stored.update_id), self._clock())
        if not given_up:
            await asyncio.sleep(WAIT_S)
            return
        self._metrics.given_up()
        log.error("an update was given up", update_id=stored.update_id)
        if update is not None:
            await self._on_given_up(update)

    def _parse(self, raw: Raw) -> Update | None:
        try:
            return Update.de_json(raw, self._bot)
        except Exception:
            log.exception("an update has a shape that is not known", update_id=raw["update_id"])
            return None
