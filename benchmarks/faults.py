"""Break everything around the real bot, and count what it lost.

    python -m benchmarks.faults --kills 20 --seed 1
    python -m benchmarks.faults --kills 20 --database postgresql+asyncpg://root@127.0.0.1/faults

`bot.py run` serves many people through the stand-in for Telegram while it is killed and started
again, the Bot API breaks, the database is locked and the disk full. A second process waits to take
over, as an operator may run it; loading the content takes some ten seconds, and so each kill does.
The plan is drawn from the seed; how it meets the processes depends on the machine. In the end
the faults stop, and everything must arrive. The database must be empty. Exits with 1 unless every
count but that of the marked repeats is 0.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import yaml
from cryptography.fernet import Fernet
from sqlalchemy import func, select, text

from benchmarks.broken import BrokenTelegram
from benchmarks.processes import Processes
from benchmarks.town import GROUP, Found, Town, add_people
from errors import StorageError
from sandbox.server import Server
from sandbox.telegram import Telegram, User
from storage.database import Database
from storage.tables import inbox, outbox

ROOT = Path(__file__).parent.parent
LEARNER = 400_001
# A full disk still takes what fits into the first pages of a file.
FULL_DISK_BYTES = 4096
SETTLES_WITHIN_S = 1800.0
ENDED = "processes that ended by themselves"
MUST_BE_0 = (
    "messages lost", "alarms lost", "staff replies lost", "claims lost", "out of order",
    "wrong recipient", "repeats, unmarked", ENDED,
)  # fmt: skip
MAY_BE = (
    "repeats, marked",
    "replies that failed, volunteers told",
    "refused by who blocked the bot",
)


class Run:
    """One run: the town, the processes, and what happens to them."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        # Not for secrets: the plan must be the same for the same seed.
        self.rng = random.Random(options.seed)  # noqa: S311
        self.telegram = Telegram()
        people = add_people(self.telegram, options.people)
        broken_rng = random.Random(options.seed + 1)  # noqa: S311
        self.broken = BrokenTelegram(self.telegram, broken_rng, options.share)
        self.town = Town(self.telegram, self.rng, people, {})
        self.server = Server(self.telegram)
        self.server.fault = self.broken
        self.key = Fernet.generate_key().decode()
        self.url = options.database or f"sqlite+aiosqlite:///{folder / 'kakekomi.sqlite3'}"
        self.database = Database(self.url, [self.key])
        self.folder = folder

    async def result(self) -> Found:
        """Run it all; return what went wrong."""
        environment = {
            "PATH": os.environ["PATH"],
            "TELEGRAM_BOT_TOKEN": "1:token",
            "TELEGRAM_API_URL": await self.server.start("127.0.0.1", 0),
            "STAFF_CHAT_ID": str(GROUP),
            "DATABASE_URL": self.url,
            "ENCRYPTION_KEYS": self.key,
        }
        try:
            self.processes = Processes(environment, self.folder)
            async with self.processes.running():
                self.town.answers = await self._answers()
                say(f"{len(self.town.answers)} messages with an answer of their own")
                await self._with_faults()
                await self._settled()
        finally:
            await self.database.close()
            await self.server.stop()
        found = self.town.judged(self.broken.refused)
        found[ENDED] += ["a process"] * self.processes.ended_by_themselves
        return found

    async def _answers(self) -> dict[str, str]:
        """Ask everything once, while all is well, and learn the answers that only one has."""
        topics = [path.stem for path in sorted((ROOT / "knowledge/topics").glob("*.yaml"))]
        table = yaml.safe_load((ROOT / "knowledge/tables/minimum-wage.yaml").read_text())
        questions = [f"/start vi-{topic}" for topic in topics]
        questions += [f"luong toi thieu o {row.capitalize()} bao nhieu" for row in table["rows"]]
        learner = self.telegram.add_person(User(LEARNER, "Learner", "vi"))
        answers: dict[str, str] = {}
        for question in ["/about", *questions]:
            await self.telegram.write(LEARNER, LEARNER, question)
            await self._settled()
            answers[question] = list(learner.messages.values())[-1]["text"]
        common = [text for text in answers.values() if list(answers.values()).count(text) > 1]
        return {asked: text for asked, text in answers.items() if text not in common}

    async def _with_faults(self) -> None:
        self.broken.on = True
        live = [
            self._often(self.town.somebody_asks, self.options.pause_s),
            self._often(self.town.somebody_is_in_danger, 8.0),
            self._often(self.town.volunteers_work, 2.0),
            self._often(self._somebody_blocks, 6.0),
            self._often(self._database_locked, 12.0),
            self._often(self._disk_full, 12.0),
            self._often(self._topic_deleted, 20.0),
        ]
        tasks = [asyncio.create_task(each) for each in live]
        for number in range(1, self.options.kills + 1):
            await self.processes.ready()
            await asyncio.sleep(self.rng.uniform(0.0, 5.0))
            gently = self.rng.random() < 0.2
            self.broken.count["SIGTERM" if gently else "SIGKILL"] += 1
            await self.processes.end(gently=gently)
            say(f"kill {number} of {self.options.kills}")
            if number == self.options.kills // 2:
                self.broken.count["group upgraded"] += 1
                await self.town.group_is_upgraded()
        await self.processes.ready()
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
        self.broken.on = False
        for person in self.town.people:
            self.telegram.chats[person].blocked = False

    async def _often(self, does: Callable[[], Awaitable[None]], pause_s: float) -> None:
        while True:
            await asyncio.sleep(self.rng.expovariate(1 / pause_s))
            await does()

    # --- faults around the bot

    async def _somebody_blocks(self) -> None:
        self.broken.count["person blocked the bot for a while"] += 1
        chat = self.telegram.chats[self.rng.choice(self.town.people)]
        chat.blocked = True
        await asyncio.sleep(self.rng.uniform(1.0, 5.0))
        chat.blocked = False

    async def _topic_deleted(self) -> None:
        self.broken.count["topic deleted"] += 1
        self.town.topic_is_deleted()

    async def _database_locked(self) -> None:
        """Locked for up to 8 s; PostgreSQL's connections are cut besides."""
        with contextlib.suppress(StorageError):
            async with self.database.begin() as tx:
                if self.database.file is None:
                    await tx.connection.execute(text("LOCK TABLE inbox, outbox, cases"))
                    cut = (
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                    await tx.connection.execute(text(cut))
                self.broken.count["database locked"] += 1
                await asyncio.sleep(self.rng.uniform(1.0, 8.0))

    async def _disk_full(self) -> None:
        """No file of the process grows any more."""
        pid = self.processes.pid
        if self.database.file is None or pid is None:
            return
        self.broken.count["disk full"] += 1
        none = resource.RLIM_INFINITY
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL_DISK_BYTES, none))
            await asyncio.sleep(self.rng.uniform(1.0, 8.0))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (none, none))

    # --- waiting

    async def _settled(self) -> None:
        """Wait until every update is done and every message sent, or known to be undeliverable."""
        async with asyncio.timeout(SETTLES_WITHIN_S):
            # The bot tells nobody that it is idle: its database is looked at.
            while not await self._is_settled():  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def _is_settled(self) -> bool:
        if self.telegram.updates:
            return False
        undone = select(func.count()).where(inbox.c.state == "waiting")
        unsent = select(func.count()).where(outbox.c.state.in_(["waiting", "sending", "uncertain"]))
        try:
            async with self.database.begin() as tx:
                counts = [
                    (await tx.connection.execute(each)).scalar_one() for each in (undone, unsent)
                ]
        except StorageError:
            return False
        return counts == [0, 0]


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--share", type=float, default=0.1, help="of all calls that go wrong")
    parser.add_argument("--pause-s", type=float, default=0.5, help="between messages, on average")
    parser.add_argument("--database", help="a DATABASE_URL; without one, a new SQLite file")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="kakekomi-faults-"))
    run = Run(options, folder)
    found = asyncio.run(run.result())
    print(f"{len(run.town.people)} people, seed {options.seed}")
    town = run.town
    sent = {
        "messages": sum(map(len, town.asked.values())),
        "alarms": len(town.alarms),
        "staff replies": len(town.replies),
        "claims": sum(town.claims.values()),
    }
    for title, rows in (("written", sent), ("faults", dict(sorted(run.broken.count.items())))):
        print(f"\n{title}")
        for name, number in rows.items():
            print(f"  {name:40}{number:6}")
    print("\nfound")
    for name in (*MUST_BE_0, *MAY_BE):
        print(f"  {name:40}{len(found[name]):6}{'' if name in MUST_BE_0 else '  (may be)'}")
    wrong = [(name, what) for name in MUST_BE_0 for what in found[name]]
    if wrong:
        for name, what in wrong:
            say(f"{name}: {what[:60]!r}")
        say(f"what the processes logged is in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
