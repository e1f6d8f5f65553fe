"""Flood the real bot, and count what it loses, how long an alarm takes, and what it needs.

    python -m benchmarks.flood one-chat --updates 10000
    python -m benchmarks.flood crowd --people 20000 --updates 100000

`one-chat`: one person writes all at once, while others write and cry for help. `crowd`: many people
write, as fast as the bot takes it. Nothing else goes wrong. It says on standard error how far it
is, and ends by itself once nothing has moved for minutes: what has not come then is lost. Exits
with 1 unless every count that must be 0 is.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.faults import report, wrong
from benchmarks.judgement import Judgement
from benchmarks.run import Run, parser, running, say
from sandbox.telegram import User

FLOODER = 400_002
# So many alarms come while it lasts, spread evenly.
ALARMS = 20
# Of a crowd so many updates wait at Telegram at most: what is measured is the bot, not the queue.
WAITING_MAX = 1000
SAYS_EVERY_S = 10.0
STALLED_AFTER_S = 300.0


class Flood:
    """What one run sees, beside what the town does."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.written = 0
        self.memory: dict[str, tuple[int, int]] = {}
        self._expected: list[str] = []

    def note_memory(self, moment: str) -> None:
        self.memory[moment] = self.run.processes.memory_mib()

    async def one_chat(self, count: int) -> None:
        """One person writes so many messages at once; others write and are in danger meanwhile."""
        telegram, town = self.run.town.telegram, self.run.town
        telegram.add_person(User(FLOODER, "Somebody", "vi"))
        questions = list(town.answers)
        for number in range(count):
            question = questions[number % len(questions)]
            self._expected.append(town.answers[question])
            await telegram.write(FLOODER, FLOODER, question)
        self.written = count
        say(f"one person has written {count} messages")
        for number in range(ALARMS):
            # Spread over the time that it takes, however fast the bot is.
            await self.until(partial(self._has_come, count * number // ALARMS))
            if number == ALARMS // 2:
                self.note_memory("middle")
            await town.somebody_is_in_danger()
            await town.somebody_asks()

    async def crowd(self, count: int) -> None:
        """Many people write so many messages, and some are in danger."""
        town = self.run.town
        alarms = 0
        while (written := sum(map(len, town.asked.values())) + alarms) < count:
            self.written = written
            if written >= (alarms + 0.5) * count / ALARMS:
                alarms += 1
                await town.somebody_is_in_danger()
            await town.somebody_asks()
            if written >= count / 2 and "middle" not in self.memory:
                self.note_memory("middle")
            await self.until(lambda: len(town.telegram.updates) <= WAITING_MAX)
        self.written = written

    async def until(self, is_so: Callable[[], bool] = lambda: False) -> None:
        """Wait until it is so, or everything has come, or nothing more comes."""
        before: object = None
        moved_s = time.monotonic()
        while not is_so():
            now = (len(self.run.town.telegram.updates), await self.run.left())
            if now == (0, (0, 0)):
                return
            if now != before:
                before, moved_s = now, time.monotonic()
            elif time.monotonic() - moved_s > STALLED_AFTER_S:
                say("nothing has moved for minutes: given up")
                return
            await asyncio.sleep(0.5)

    async def says(self) -> None:
        """Say for ever how far it is."""
        while True:
            await asyncio.sleep(SAYS_EVERY_S)
            left = await self.run.left() or ("?", "?")
            waiting = len(self.run.town.telegram.updates)
            say(
                f"{self.written} written; {waiting} at Telegram, {left[0]} to do, {left[1]} to send"
            )

    def judge_flooder(self, judgement: Judgement) -> None:
        """Compare what came to the one person with what they asked, message for message."""
        come = self._come()
        found = judgement.found
        lost = Counter(self._expected) - Counter(come)
        found["messages lost"] += lost.elements()
        found["repeats, unmarked"] += (Counter(come) - Counter(self._expected)).elements()
        if not lost:
            pairs = zip(come, self._expected, strict=False)
            found["out of order"] += [got for got, expected in pairs if got != expected]

    def _has_come(self, count: int) -> bool:
        return len(self._come()) >= count

    def _come(self) -> list[str]:
        if FLOODER not in self.run.town.telegram.chats:
            return []
        answers = set(self.run.town.answers.values())
        texts = [each.get("text", "") for each in self.run.town.from_bot(FLOODER)]
        return [text.rstrip("\n") for text in texts if text.rstrip("\n") in answers]


async def flooded(run: Run, kind: str, count: int) -> tuple[Flood, Judgement, float]:
    """Do it all; return what was seen, what was judged, and how many seconds it took."""
    await run.learn_answers()
    flood = Flood(run)
    flood.note_memory("start")
    saying = asyncio.create_task(flood.says())
    started_s = time.monotonic()
    try:
        await (flood.one_chat(count) if kind == "one-chat" else flood.crowd(count))
        await flood.until()
    finally:
        saying.cancel()
    took_s = time.monotonic() - started_s
    flood.note_memory("end")
    judgement = Judgement(run.town, [])
    flood.judge_flooder(judgement)
    return flood, judgement, took_s


def main(arguments: list[str]) -> int:
    top = parser("python -m benchmarks.flood")
    top.add_argument("kind", choices=("one-chat", "crowd"))
    top.add_argument("--updates", type=int, default=10_000)
    top.set_defaults(share=0.0)
    options = top.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="kakekomi-flood-"))

    async def whole() -> tuple[Run, Flood, Judgement, float]:
        async with running(options, folder) as run:
            return run, *await flooded(run, options.kind, options.updates)

    run, flood, judgement, took_s = asyncio.run(whole())
    print(f"{options.kind}, {options.updates} updates, {options.people} people, {took_s:.0f} s")
    report(run, judgement)
    print("\nmemory of the process that serves, MiB (now, most so far)")
    for moment, (now, most) in flood.memory.items():
        print(f"  {moment:44}{now:6}{most:6}")
    lines = wrong(judgement.found)
    for line in lines[:20]:
        say(line)
    shutil.rmtree(folder)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
