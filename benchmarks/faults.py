"""Break everything around the real bot, and count what it lost.

    python -m benchmarks.faults --kills 20 --seed 1
    python -m benchmarks.faults --kills 20 --seed 2 --clock-jumps
    python -m benchmarks.faults --kills 20 --seed 3 --postgresql
    python -m benchmarks.faults --kills 20 --seed 4 --postgresql --webhook

Two processes of `bot.py run` serve many people through the stand-in for Telegram while they are
killed and started again, the Bot API breaks, the database is locked, cut off and restarted, the
disk full, the clock set, the group deleted and given back. The plan is drawn from the seed; how it
meets the processes depends on the machine. In the end the faults stop, and everything must arrive.
A database that is named must be empty. Exits with 1 unless every count that must be 0 is.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from benchmarks.judgement import Found, Judgement
from benchmarks.run import Run, parser, running, say
from benchmarks.surroundings import Surroundings

SETTLES_WITHIN_S = 7200.0
ENDED = "processes that ended by themselves"
MUST_BE_0 = (
    "messages lost", "alarms lost", "staff replies lost", "claims lost", "out of order",
    "wrong recipient", "told that somebody saw it, but nobody did", "repeats, unmarked", ENDED,
)  # fmt: skip
MAY_BE = (
    "repeats, marked",
    "alarms without words, volunteers told",
    "replies that failed, volunteers told",
    "refused by who blocked the bot",
)


async def with_faults(run: Run, kills: int, pause_s: float) -> None:
    """Let people write, things break and processes die, so many times; then mend everything."""
    town, broken, processes, rng = run.town, run.broken, run.processes, run.rng
    around = Surroundings(town, broken, run.database, processes, rng, run.clock, run.cluster)
    lively = [
        (town.somebody_asks, pause_s),
        (town.somebody_is_in_danger, 8.0),
        (town.volunteers_work, 2.0),
        *around.faults(),
    ]
    broken.on = True
    tasks = [asyncio.create_task(_often(run, does, pause)) for does, pause in lively]
    for number in range(1, kills + 1):
        await processes.ready()
        await asyncio.sleep(rng.uniform(0.0, 4.0))
        await town.somebody_is_in_danger()
        await asyncio.sleep(rng.uniform(0.0, 1.0))
        gently = rng.random() < 0.2
        for pid in rng.sample(processes.serving, min(1, len(processes.serving))):
            broken.count["SIGTERM" if gently else "SIGKILL"] += 1
            await processes.end(pid, gently=gently)
        say(f"kill {number} of {kills}")
        if number == max(1, kills // 2):
            broken.count["group upgraded"] += 1
            await town.group_is_upgraded()
    await processes.ready()
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
    broken.on = False
    for person in town.people:
        town.telegram.chats[person].blocked = False


async def _often(run: Run, does: Callable[[], Awaitable[None]], pause_s: float) -> None:
    while True:
        await asyncio.sleep(run.rng.expovariate(1 / pause_s))
        await does()


def report(run: Run, judgement: Judgement) -> None:
    """Print what was written, what went wrong around the bot, and what it did wrong."""
    town = run.town
    written = {
        "messages": sum(map(len, town.asked.values())),
        "alarms": len(town.alarms),
        "staff replies": len(town.replies),
        "claims": sum(town.claims.values()),
    }
    waited_s = judgement.alarms_waited_s or [0.0]
    waits = {"median": round(median(waited_s)), "longest": round(max(waited_s))}
    faults = dict(sorted(run.broken.count.items()))
    tables = {"written": written, "faults": faults, "seconds until an alarm's alert": waits}
    for title, rows in tables.items():
        print(f"\n{title}")
        for name, number in rows.items():
            print(f"  {name:44}{number:6}")
    print("\nfound")
    for name in (*MUST_BE_0, *MAY_BE):
        end = "" if name in MUST_BE_0 else "  (may be)"
        print(f"  {name:44}{len(judgement.found[name]):6}{end}")


def wrong(found: Found) -> list[str]:
    """Return a line for each thing that must not be."""
    return [f"{name}: {what[:60]!r}" for name in MUST_BE_0 for what in found[name]]


def main(arguments: list[str]) -> int:
    top = parser("python -m benchmarks.faults")
    top.add_argument("--kills", type=int, default=20)
    top.add_argument("--share", type=float, default=0.1, help="of all calls that go wrong")
    top.add_argument("--pause-s", type=float, default=0.5, help="between messages, on average")
    options = top.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="kakekomi-faults-"))

    async def whole() -> tuple[Run, Judgement]:
        async with running(options, folder) as run:
            await run.learn_answers()
            await with_faults(run, options.kills, options.pause_s)
            await run.settled(SETTLES_WITHIN_S)
        judgement = Judgement(run.town, run.broken.refused)
        judgement.found[ENDED] += ["a process"] * run.processes.ended_by_themselves
        return run, judgement

    run, judgement = asyncio.run(whole())
    print(f"{len(run.town.people)} people, seed {options.seed}")
    report(run, judgement)
    lines = wrong(judgement.found)
    if not lines:
        shutil.rmtree(folder)
        return 0
    for line in lines:
        say(line)
    say(f"what the processes logged is in {folder}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
