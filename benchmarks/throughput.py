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
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.fernet import Fernet

from sandbox.server import Server
from sandbox.telegram import Telegram, User

ROOT = Path(__file__).parent.parent
GROUP = -1000000000001
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
            while self.asked:
                await asyncio.sleep(0.005)

    async def quiet(self) -> None:
        while time.monotonic() - self.last_call < QUIET_S:
            await asyncio.sleep(0.05)


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
            while "serves Telegram" not in output.read_text():
                await asyncio.sleep(0.05)
        yield
    finally:
        running.terminate()
        await running.wait()


async def echo(load: Load, latency_s: float, at_once: int, folder: Path) -> str:
    line = Line(load.people, latency_s)
    address = await line.server.start("127.0.0.1", 0)
    output = folder / "echo.log"
    try:
        script = ("-m", "benchmarks.echo", str(at_once))
        async with process(*script, output=output, TELEGRAM_API_URL=address):
            return row(f"echo, {at_once} at once", latency_s, *await measure(line, load))
    finally:
        await line.server.stop()


async def kakekomi(load: Load, latency_s: float, name: str, url: str, folder: Path) -> str:
    line = Line(load.people, latency_s)
    settings = {
        "TELEGRAM_BOT_TOKEN": "1:token",
        "TELEGRAM_API_URL": await line.server.start("127.0.0.1", 0),
        "STAFF_CHAT_ID": str(GROUP),
        "DATABASE_URL": url,
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    }
    try:
        async with process("bot.py", "run", output=folder / "bot.log", **settings):
            return row(name, latency_s, *await measure(line, load))
    finally:
        await line.server.stop()


def row(name: str, latency_s: float, per_s: float, took_s: list[float]) -> str:
    at = [took_s[int((len(took_s) - 1) * share)] * 1000 for share in (0.5, 0.95, 0.99)]
    return f"{name:28}{latency_s * 1000:6.0f} ms{per_s:9.0f}/s" + "".join(
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
    folder = Path(tempfile.mkdtemp(prefix="kakekomi-throughput-"))
    print(f"{'':28}{'latency':>9}{'all at once':>11}{'p50':>12}{'p95':>12}{'p99':>12}", flush=True)
    for latency_s in options.latency_ms:
        latency_s /= 1000
        if not options.no_echo:
            for at_once in ECHO_AT_ONCE:
                print(await echo(load, latency_s, at_once, folder), flush=True)
        url = f"sqlite+aiosqlite:///{folder}/bot-{latency_s}.sqlite3"
        print(await kakekomi(load, latency_s, "Kakekomi, SQLite", url, folder), flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput")
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--per-s", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--latency-ms", type=float, nargs="+", default=[0.0, 50.0])
    parser.add_argument("--no-echo", action="store_true")
    options = parser.parse_args(arguments)
    asyncio.run(run(options))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
