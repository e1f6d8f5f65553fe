"""One run: a town on the stand-in, the real bot's processes, and waiting for what must come."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.fernet import Fernet
from sqlalchemy import func, select

from benchmarks.balancer import Balancer
from benchmarks.broken import BrokenTelegram
from benchmarks.clock import Clock
from benchmarks.cluster import Cluster
from benchmarks.processes import Processes
from benchmarks.town import GROUP, Town, add_people
from errors import StorageError
from sandbox.server import Server
from sandbox.telegram import Telegram, User
from storage.database import Database
from storage.tables import inbox, outbox
from tests.front import free_ports

ROOT = Path(__file__).parent.parent
LEARNER = 400_001
SECRET = "a-secret-that-only-telegram-knows"  # noqa: S105 - of the stand-in
PROCESSES = 2


@dataclass
class Run:
    """All that one run consists of, while it runs."""

    town: Town
    broken: BrokenTelegram
    processes: Processes
    database: Database
    rng: random.Random
    clock: Clock | None
    cluster: Cluster | None

    async def learn_answers(self) -> None:
        """Ask everything once, while all is well, and learn the answers that only one has."""
        telegram = self.town.telegram
        topics = [path.stem for path in sorted((ROOT / "knowledge/topics").glob("*.yaml"))]
        table = yaml.safe_load((ROOT / "knowledge/tables/minimum-wage.yaml").read_text())
        questions = [f"/start vi-{topic}" for topic in topics]
        questions += [f"luong toi thieu o {row.capitalize()} bao nhieu" for row in table["rows"]]
        learner = telegram.add_person(User(LEARNER, "Learner", "vi"))
        answers: dict[str, str] = {}
        for question in ["/about", *questions]:
            await telegram.write(LEARNER, LEARNER, question)
            await self.settled(600.0)
            answers[question] = list(learner.messages.values())[-1]["text"]
        common = [text for text in answers.values() if list(answers.values()).count(text) > 1]
        self.town.answers = {asked: text for asked, text in answers.items() if text not in common}
        words = yaml.safe_load((ROOT / "translations/vi/ui.yaml").read_text())
        self.town.says_claimed = words["claimed"]
        say(f"{len(self.town.answers)} messages with an answer of their own")

    async def settled(self, within_s: float) -> None:
        """Wait until every update is done and every message sent, or known to be undeliverable.

        Raises TimeoutError.
        """
        async with asyncio.timeout(within_s):
            # The bot tells nobody that it is idle: its database is looked at.
            while self.town.telegram.updates or await self.left() != (0, 0):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def left(self) -> tuple[int, int] | None:
        """Return how many updates are not done and how many messages not sent, if it answers."""
        undone = select(func.count()).where(inbox.c.state == "waiting")
        unsent = select(func.count()).where(outbox.c.state.in_(["waiting", "sending", "uncertain"]))
        with contextlib.suppress(StorageError):
            async with self.database.begin() as tx:
                first, second = [
                    (await tx.connection.execute(each)).scalar_one() for each in (undone, unsent)
                ]
            return first, second
        return None


@contextlib.asynccontextmanager
async def running(options: argparse.Namespace, folder: Path) -> AsyncIterator[Run]:
    """Build it all as the command line says, and run it while the block runs."""
    # Not for secrets: the plan must be the same for the same seed.
    rng = random.Random(options.seed)  # noqa: S311
    telegram = Telegram()
    people = add_people(telegram, options.people)
    broken = BrokenTelegram(telegram, random.Random(options.seed + 1), options.share)  # noqa: S311
    server = Server(telegram)
    server.fault = broken
    key = Fernet.generate_key().decode()
    clock = Clock(folder / "clock") if options.clock_jumps else None
    cluster = Cluster() if options.postgresql else None
    file = f"sqlite+aiosqlite:///{folder / 'kakekomi.sqlite3'}"
    url = cluster.url if cluster else options.database or file
    async with contextlib.AsyncExitStack() as stack:
        if cluster is not None:
            await stack.enter_async_context(cluster.running())
        database = Database(url, [key])
        stack.push_async_callback(database.close)
        environment = {
            "PATH": os.environ["PATH"],
            "TELEGRAM_BOT_TOKEN": "1:token",
            "TELEGRAM_API_URL": await server.start("127.0.0.1", 0),
            "STAFF_CHAT_ID": str(GROUP),
            "DATABASE_URL": url,
            "ENCRYPTION_KEYS": key,
        }
        stack.push_async_callback(server.stop)
        settings: list[dict[str, str]] = [{} for _ in range(PROCESSES)]
        if options.webhook:
            ports = free_ports(PROCESSES)
            broken_rng = random.Random(options.seed + 2)  # noqa: S311
            balancer = Balancer(ports, broken, broken_rng, options.share)
            environment |= {"WEBHOOK_URL": await balancer.start(), "WEBHOOK_SECRET": SECRET}
            stack.push_async_callback(balancer.stop)
            settings = [{"LISTEN": f"127.0.0.1:{port}"} for port in ports]
        processes = Processes(environment, settings, folder, clock)
        await stack.enter_async_context(processes.running())
        town = Town(telegram, rng, people, {})
        yield Run(town, broken, processes, database, rng, clock, cluster)


def parser(program: str) -> argparse.ArgumentParser:
    """Return a command line with what every run may be told."""
    top = argparse.ArgumentParser(prog=program)
    top.add_argument("--seed", type=int, default=1)
    top.add_argument("--people", type=int, default=40)
    where = top.add_mutually_exclusive_group()
    where.add_argument("--database", help="a DATABASE_URL; without one, a new SQLite file")
    where.add_argument("--postgresql", action="store_true", help="a cluster of its own")
    top.add_argument("--webhook", action="store_true", help="updates are brought, not fetched")
    top.add_argument("--clock-jumps", action="store_true", help="the wall clock is set")
    return top


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)
