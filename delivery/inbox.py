"""The way in: an update is stored before Telegram is told that it arrived, and done once.

One lane a chat: a chat's updates are done in order; many chats at once, whoever may be in danger
before the others.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain, islice
from typing import Any

import structlog
from telegram import Bot, Update

from delivery.waiting import cancel_all
from errors import StorageError
from metrics import Metrics
from storage import inbox as rows
from storage.database import Database
from storage.outbox import Outgoing, enqueue

log = structlog.get_logger()

# Enough for those who wait for Telegram meanwhile. More would only queue for the database, and what
# an alarm needs of it would queue behind them.
LANES_AT_ONCE = 16
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
        is_urgent: Callable[[Raw], bool],
        clock: Callable[[], dt.datetime],
        metrics: Metrics,
    ) -> None:
        """`process` does an update and returns whether it succeeded; it raises UnavailableError
        when the database is to blame, and the update is tried until that is over. `on_unstored`
        is told of one that the database refused (it comes again) until it returns True,
        `on_given_up` of one that failed for good; `notice_of_failure` is what the staff then
        read. What `is_urgent` says is done before what waits of others."""
        self._database = database
        self._bot = bot
        self._process = process
        self._on_unstored = on_unstored
        self._on_given_up = on_given_up
        self._notice_of_failure = notice_of_failure
        self._is_urgent = is_urgent
        self._clock = clock
        self._metrics = metrics
        self._told_unstored: set[int] = set()
        self._running: dict[str, asyncio.Task[None]] = {}
        # Lanes in which something may wait, in the order in which they are looked into.
        self._urgent: dict[str, None] = {}
        self._others: dict[str, None] = {}
        self._news = asyncio.Event()

    async def put(self, raws: Sequence[Raw]) -> None:
        """Store updates, all or none, and start their lanes; a repeated one is left alone.

        Raises StorageError when the database refuses them: they must not be acknowledged then.
        """
        with self._metrics.step("inbox"):
            await self._put(raws)

    async def _put(self, raws: Sequence[Raw]) -> None:
        updates = {
            int(raw["update_id"]): (rows.lane_of(raw, self._database.vault), raw) for raw in raws
        }
        try:
            async with self._database.begin() as tx:
                new = await rows.store(tx, updates, self._clock())
        except StorageError:
            log.exception("updates cannot be stored", count=len(raws))
            # All of them: an alarm must not wait behind what somebody else wrote.
            await asyncio.gather(*(self._tell_unstored(raw) for raw in raws))
            raise
        self._metrics.received(new)
        self._told_unstored.difference_update(updates)
        # Where there is a place for everybody nobody passes anybody.
        is_crowded = len(self._running) + len(self._others) + len(updates) > LANES_AT_ONCE
        for lane, raw in updates.values():
            self._look_into(lane, urgent=is_crowded and self._is_urgent(raw))

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
            lanes = await rows.waiting_lanes(tx, self._clock(), older_than)
        for lane in lanes:
            self._look_into(lane)

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

    async def run(self) -> None:
        """Do what is stored, for ever; cancel to stop. What is not done stays in the database."""
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                try:
                    with self._metrics.step("inbox"):
                        await self._round()
                except StorageError:
                    log.exception("the inbox cannot be read; trying again")
                    self._news.set()
                    await asyncio.sleep(WAIT_S)
        finally:
            await cancel_all(self._running.values())

    def _look_into(self, lane: str, *, urgent: bool = False) -> None:
        if urgent:
            self._others.pop(lane, None)
            self._urgent[lane] = None
        elif lane not in self._urgent:
            self._others[lane] = None
        self._news.set()

    async def _round(self) -> None:
        """Start the next update of as many lanes as there are places for."""
        free = LANES_AT_ONCE - len(self._running)
        waiting = (each for each in chain(self._urgent, self._others) if each not in self._running)
        lanes = list(islice(waiting, free))
        if not lanes:
            return
        # What is stored while the database is asked puts its lane back.
        was_urgent = {lane for lane in lanes if lane in self._urgent}
        self._forget(lanes)
        try:
            async with self._database.begin() as tx:
                found = await rows.first_in_lanes(tx, lanes)
        except StorageError:
            for lane in lanes:
                self._look_into(lane, urgent=lane in was_urgent)
            raise
        for lane, stored in found.items():
            self._running[lane] = asyncio.create_task(self._run(lane, stored, lane in was_urgent))
        # Some lanes were empty: there may be places left.
        self._news.set()

    def _forget(self, lanes: Iterable[str]) -> None:
        for lane in lanes:
            self._urgent.pop(lane, None)
            self._others.pop(lane, None)

    async def _run(self, lane: str, stored: rows.Stored, urgent: bool) -> None:
        try:
            with self._metrics.step("inbox"):
                await self._do(stored)
        except StorageError:
            log.exception("the inbox cannot be kept; trying again")
            await asyncio.sleep(WAIT_S)
        finally:
            # Whatever ended it: the lane may hold more.
            del self._running[lane]
            self._look_into(lane, urgent=urgent)

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
