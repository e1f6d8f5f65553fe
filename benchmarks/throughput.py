"""How many messages a second the bot answers, and how fast, beside a bare echo bot.

    python -m benchmarks.throughput
    python -m benchmarks.throughput --postgresql postgresql+asyncpg://root@127.0.0.1/throughput

Each bot is a process of its own on the stand-in for Telegram, which runs here and answers each call
after the latency. First every person writes a question at the same instant (updates a second), then
they write one by one at a steady rate (the time from the update to its answer). The PostgreSQL
database is emptied.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.fernet import Fernet

from benchmarks.balancer import Balancer
from benchmarks.broken import BrokenTelegram
from sandbox.server import Server
from sandbox.telegram import Telegram, User
from tests.databases import emptied
from tests.front import free_ports

ROOT = Path(__file__).parent.parent
GROUP = -1000000000001
SECRET = "only-the-stand-in-knows-it"  # noqa: S105 - of a bot that ends with the run
FIRST_PERSON = 500_001
READY_WITHIN_S = 120.0
ANSWERED_WITHIN_S = 600.0
# So long after the last call nothing more comes.
QUIET_S = 1.0
ECHO_AT_ONCE = (16, 64, 256)


@dataclass
class Load:
    """How much is asked of each bot."""

    people: int
    per_s: float
    seconds: float
    questions: list[str]


class Line:
    """The stand-in with its latency; `answered` is when each person last got something first."""

    def __init__(self, people: int, latency_s: float) -> None:
        self.telegram = Telegram()
        self.telegram.add_group(GROUP, "Volunteers", [User(601, "Hana")], forum=True)
        self.people = [FIRST_PERSON + number for number in range(people)]
        for person in self.people:
            self.telegram.add_person(User(person, "Somebody", "vi"))
        self.server = Server(self.telegram)
        self.server.fault = self._wait
        self._latency_s = latency_s
        self.asked: dict[int, float] = {}
        self.took_s: list[float] = []
        self.last_call = time.monotonic()

    async def _wait(self, method: str, params: dict[str, str]) -> None:
        if self._latency_s:
            await asyncio.sleep(self._latency_s)
        if method.lower() != "getupdates":
            self.last_call = time.monotonic()
        if method.lower() == "sendmessage":
            asked = self.asked.pop(int(params["chat_id"]), None)
            if asked is not None:
                self.took_s.append(time.monotonic() - asked)

    async def ask(self, person: int, text: str) -> None:
        self.asked[person] = time.monotonic()
        await self.telegram.write(person, person, text)

    async def all_answered(self) -> None:
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await until(lambda: not self.asked)

    async def quiet(self) -> None:
        await until(lambda: time.monotonic() - self.last_call > QUIET_S)


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - the bots tell nobody how far they are
        await asyncio.sleep(0.005)


async def measure(line: Line, load: Load) -> tuple[float, list[float]]:
    """Return updates a second when all write at once, and the seconds to each answer, sorted, when
    they write steadily."""
    # Nobody is new any more: the first contact is another, shorter answer.
    for person in line.people:
        await line.ask(person, "/start")
    await line.all_answered()
    await line.quiet()
    questions = itertools.cycle(load.questions)
    began = time.monotonic()
    for person in line.people:
        await line.ask(person, next(questions))
    await line.all_answered()
    per_s = len(line.people) / (time.monotonic() - began)
    await line.quiet()
    line.took_s.clear()
    rng = random.Random(1)  # noqa: S311 - the same moments for each bot
    people = itertools.cycle(line.people)
    ends = time.monotonic() + load.seconds
    while time.monotonic() < ends:
        await asyncio.sleep(rng.expovariate(load.per_s))
        await line.ask(next(people), next(questions))
    await line.all_answered()
    return per_s, sorted(line.took_s)


@contextlib.asynccontextmanager
async def process(*command: str, output: Path, **settings: str) -> AsyncIterator[None]:
    """Run a bot while the block runs, once it serves."""
    with output.open("w") as file:
        running = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=ROOT, stdout=file, stderr=file,
            env={"PATH": os.environ["PATH"], **settings},
        )  # fmt: skip
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            await until(lambda: "serves Telegram" in output.read_text())
        yield
    finally:
        running.terminate()
        await running.wait()


async def echo(load: Load, latency_s: float, at_once: int, folder: Path) -> str:
    """Measure the bare bot."""
    line = Line(load.people, latency_s)
    address = await line.server.start("127.0.0.1", 0)
    output = folder / "echo.log"
    try:
        script = ("-m", "benchmarks.echo", str(at_once))
        async with process(*script, output=output, TELEGRAM_API_URL=address):
            return row(f"echo, {at_once} at once", latency_s, *await measure(line, load))
    finally:
        await line.server.stop()


async def kakekomi(load: Load, latency_s: float, url: str, folder: Path, replicas: int = 1) -> str:
    """Measure this bot: one process that fetches, or several behind one webhook."""
    line = Line(load.people, latency_s)
    settings = {
        "TELEGRAM_BOT_TOKEN": "1:token",
        "TELEGRAM_API_URL": await line.server.start("127.0.0.1", 0),
        "STAFF_CHAT_ID": str(GROUP),
        "DATABASE_URL": url,
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    }
    rng = random.Random(1)  # noqa: S311 - which replica an update goes to
    ports = free_ports(replicas)
    balancer = Balancer(ports, BrokenTelegram(line.telegram, rng, 0.0), rng, 0.0)
    if replicas > 1:
        settings |= {"WEBHOOK_URL": await balancer.start(), "WEBHOOK_SECRET": SECRET}
    name = f"Kakekomi, {url.partition('+')[0]}, {replicas} process{'es' if replicas > 1 else ''}"
    try:
        async with contextlib.AsyncExitStack() as processes:
            for port in ports:
                output, listen = folder / f"bot-{port}.log", f"127.0.0.1:{port}"
                bot = process("bot.py", "run", output=output, LISTEN=listen, **settings)
                await processes.enter_async_context(bot)
            return row(name, latency_s, *await measure(line, load))
    finally:
        await balancer.stop()
        await line.server.stop()


def row(name: str, latency_s: float, per_s: float, took_s: list[float]) -> str:
    at = [took_s[int((len(took_s) - 1) * share)] * 1000 for share in (0.5, 0.95, 0.99)]
    return f"{name:36}{latency_s * 1000:4.0f} ms{per_s:12.0f}/s" + "".join(
        f"{each:9.0f} ms" for each in at
    )


def questions() -> list[str]:
    """Return what people really ask, in both languages."""
    found: list[str] = []
    for path in sorted((ROOT / "tests/questions").glob("*/*.yaml")):
        messages = yaml.safe_load(path.read_text(encoding="utf-8"))["messages"]
        found += [message["text"] for message in messages]
    random.Random(1).shuffle(found)  # noqa: S311 - a mixture, the same each time
    return found


async def run(options: argparse.Namespace) -> None:
    load = Load(options.people, options.per_s, options.seconds, questions())
    print(f"{'':36}{'latency':>7}{'all at once':>14}{'p50':>9}{'p95':>12}{'p99':>12}", flush=True)
    for latency_s in (each / 1000 for each in options.latency_ms):
        folder = Path(tempfile.mkdtemp(prefix="kakekomi-throughput-"))
        for at_once in ECHO_AT_ONCE:
            print(await echo(load, latency_s, at_once, folder), flush=True)
        url = f"sqlite+aiosqlite:///{folder}/bot.sqlite3"
        print(await kakekomi(load, latency_s, url, folder), flush=True)
        for replicas in (1, 2) if options.postgresql else ():
            await (await emptied(options.postgresql)).close()
            measured = await kakekomi(load, latency_s, options.postgresql, folder, replicas)
            print(measured, flush=True)
        shutil.rmtree(folder)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput")
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--per-s", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--latency-ms", type=float, nargs="+", default=[0.0, 50.0])
    parser.add_argument("--postgresql", help="a DATABASE_URL; what is in it is deleted")
    options = parser.parse_args(arguments)
    asyncio.run(run(options))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
