"""What breaks around the bot, but for the Bot API: the database, the disk, the clock, the group."""

from __future__ import annotations

import asyncio
import contextlib
import random
import resource
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from sqlalchemy import text

from benchmarks.broken import AWAY, BrokenTelegram
from benchmarks.clock import Clock
from benchmarks.cluster import Cluster
from benchmarks.processes import Processes
from benchmarks.town import VOLUNTEERS, Town
from errors import StorageError
from storage.database import Database

# A full disk still takes what fits into the first pages of a file.
FULL_DISK_BYTES = 4096
JUMP_MAX_S = 600.0
LONG_JUMP_S = 3 * 3600.0


class Surroundings:
    """Breaks things while `faults` run; each is over again after seconds."""

    def __init__(
        self,
        town: Town,
        broken: BrokenTelegram,
        database: Database,
        processes: Processes,
        rng: random.Random,
        clock: Clock | None,
        cluster: Cluster | None,
    ) -> None:
        """Without a `clock` it does not jump, without a `cluster` nothing is restarted."""
        self._town = town
        self._broken = broken
        self._database = database
        self._processes = processes
        self._rng = rng
        self._clock = clock
        self._cluster = cluster
        self._base_s = 0.0

    def faults(self) -> Iterator[tuple[Callable[[], Awaitable[None]], float]]:
        """What may happen, and how many seconds pass between two of a kind, on average."""
        yield self._somebody_blocks, 6.0
        yield self._database_locked, 12.0
        yield self._disk_full, 12.0
        yield self._topic_deleted, 20.0
        yield self._group_away, 25.0
        if self._clock is not None:
            yield self._clock_jumps, 5.0
        if self._cluster is not None:
            yield self._postgresql_restarted, 20.0

    async def _somebody_blocks(self) -> None:
        self._broken.count["person blocked the bot for a while"] += 1
        chat = self._town.telegram.chats[self._rng.choice(self._town.people)]
        chat.blocked = True
        await asyncio.sleep(self._rng.uniform(1.0, 5.0))
        chat.blocked = False

    async def _topic_deleted(self) -> None:
        self._broken.count["topic deleted"] += 1
        self._town.topic_is_deleted()

    async def _database_locked(self) -> None:
        """Locked for up to 8 s; PostgreSQL's connections are cut besides."""
        with contextlib.suppress(StorageError):
            async with self._database.begin() as tx:
                if self._database.file is None:
                    await tx.connection.execute(text("LOCK TABLE inbox, outbox, cases"))
                    cut = (
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                    await tx.connection.execute(text(cut))
                self._broken.count["database locked"] += 1
                await asyncio.sleep(self._rng.uniform(1.0, 8.0))

    async def _disk_full(self) -> None:
        """No file of the process grows any more."""
        if self._database.file is None:
            return
        none = resource.RLIM_INFINITY
        for pid in self._processes.serving[:1]:
            self._broken.count["disk full"] += 1
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL_DISK_BYTES, none))
                await asyncio.sleep(self._rng.uniform(1.0, 8.0))
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (none, none))

    async def _group_away(self) -> None:
        """The group is deleted, or the bot removed from it, and added again."""
        town, away, group = self._town, self._rng.choice(list(AWAY)), self._town.group
        self._broken.count[away] += 1
        self._broken.away[group] = away
        town.group_is_away = True
        try:
            if away == "bot removed":
                await self._bot_is("kicked", "administrator", group)
            await asyncio.sleep(self._rng.uniform(3.0, 15.0))
        finally:
            del self._broken.away[group]
            town.group_is_away = False
        if away == "bot removed":
            await self._bot_is("administrator", "kicked", group)

    async def _bot_is(self, now: str, before: str, group: int) -> None:
        telegram = self._town.telegram

        def member(status: str) -> dict[str, Any]:
            rights = {} if status == "kicked" else dict.fromkeys(_RIGHTS, True)
            until = {"until_date": 0} if status == "kicked" else {}
            return {"status": status, "user": telegram.bot.as_json(), **rights, **until}

        change = {
            "chat": telegram.chats[group].as_json(),
            "from": telegram.users[VOLUNTEERS[0]].as_json(),
            "date": 0,
            "old_chat_member": member(before),
            "new_chat_member": member(now),
        }
        await telegram.add_update({"my_chat_member": change})

    async def _clock_jumps(self) -> None:
        """Up to ten minutes about the right time; the first jump is of three hours, for good."""
        assert self._clock is not None
        before_s = self._clock.ahead_s
        if self._base_s:
            self._clock.set(self._base_s + self._rng.uniform(-JUMP_MAX_S, JUMP_MAX_S))
        else:
            self._base_s = LONG_JUMP_S
            self._clock.set(self._base_s)
        forward = self._clock.ahead_s > before_s
        self._broken.count[f"clock jumped {'forward' if forward else 'back'}"] += 1

    async def _postgresql_restarted(self) -> None:
        """As after a crash; every second time it is away for seconds."""
        assert self._cluster is not None
        away = self._rng.random() < 0.5
        self._broken.count[f"PostgreSQL {'stopped for seconds' if away else 'restarted'}"] += 1
        async with self._cluster.stopped():
            await asyncio.sleep(self._rng.uniform(2.0, 10.0) if away else 0.0)


_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages",
    "can_manage_video_chats", "can_restrict_members", "can_promote_members", "can_change_info",
    "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories",
)  # fmt: skip
