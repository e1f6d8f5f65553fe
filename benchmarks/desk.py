"""The volunteers' desk under load, beside the plain relay, both under Telegram's limits.

    python -m benchmarks.desk
    python -m benchmarks.desk --people 100 --volunteers 10 --minutes 5 --factor 10

So many people write within so many simulated minutes: three in twenty of danger, the others ask a
question and then for a human. Each writes one to four messages. Volunteers take the most urgent of
what the group shows them, reply, note and close. The real bot and then the relay serve them, each
over HTTP on the stand-in for Telegram, which keeps Telegram's limits (`limits`), with the same
people, moments and pauses. Each run ends when nothing more is sent, or after `--hours`. Waits are
`--factor` times shorter (`simulated_time`); all figures are in simulated time. Exits with 1 unless
every count that must be 0 is.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr

import service
from benchmarks import simulated_time
from benchmarks.desk_judgement import HOUSEKEEPING, Judgement, judge_order, judge_rest
from benchmarks.desks import KakekomiDesk, RelayDesk
from benchmarks.limits import TelegramLimits
from benchmarks.relay import relaying
from benchmarks.run import say
from benchmarks.shift import GROUP, Desk, Shift, add_everybody, plan_people
from config import Config
from conversation.content import Content, load_content
from knowledge.schema import URGENT_KINDS
from logs import set_up_logs
from sandbox.server import Server
from sandbox.telegram import Telegram
from storage.database import Database

# Longer than any volunteer rests: after so long without a call nothing more comes.
QUIET_S = 300.0
SAYS_EVERY_S = 300.0


@dataclass
class Scene:
    """The stand-in under its limits, with everybody on it."""

    telegram: Telegram
    limits: TelegramLimits
    clock: simulated_time.Clock
    address: str
    shift: Shift


@contextlib.asynccontextmanager
async def scene(
    options: argparse.Namespace, content: Content, *, relay: bool
) -> AsyncIterator[Scene]:
    """Build it while the block runs."""
    telegram, clock = Telegram(), simulated_time.Clock()
    limits = TelegramLimits(lambda: clock.since_s)
    persons, volunteers = add_everybody(telegram, options.people, options.volunteers)
    plans = plan_people(persons, options.minutes * 60.0, content.judge, options.seed)
    server = Server(telegram)
    server.fault = limits
    desk: Desk
    if relay:
        cries = {plan.messages[0][1] for plan in plans if plan.in_danger}
        desk = RelayDesk(telegram, frozenset(text.rpartition("(")[2][:-1] for text in cries))
    else:
        voice = content.staff_voice(clock.now())
        named = voice.language.urgency.kinds
        kinds = [named[kind].name for kind in URGENT_KINDS]
        desk = KakekomiDesk(telegram, kinds, voice.label("staff-you-have-it"))
    address = await server.start("127.0.0.1", 0)
    shift = Shift(telegram, clock, desk, plans, volunteers, options.seed)
    try:
        yield Scene(telegram, limits, clock, address, shift)
    finally:
        await server.stop()


async def until_quiet(here: Scene, at_most_s: float) -> None:
    """Let the shift go on until nothing more is sent, but not for ever."""
    began_s = here.clock.since_s
    said_s = began_s
    shift, taken = here.shift, here.limits.taken
    running = asyncio.create_task(shift.run())
    try:
        while True:
            await asyncio.sleep(5.0)
            now_s = here.clock.since_s
            last_s = taken[-1].at_s if taken else began_s
            if now_s - said_s >= SAYS_EVERY_S:
                said_s = now_s
                to_group = sum(call.chat_id == GROUP for call in taken)
                say(f"minute {now_s / 60:.0f}: {to_group} to the group, {shift.busy} help")
            is_done = shift.is_over and now_s - last_s > QUIET_S
            shift.is_ending = now_s > at_most_s
            has_ended = not shift.busy and now_s > at_most_s + QUIET_S
            has_failed = running.done() and not shift.is_ending
            if has_failed or is_done or has_ended:
                return
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        if not running.cancelled():
            running.result()


async def kakekomi(options: argparse.Namespace, content: Content, folder: Path) -> Judgement:
    """Let this bot serve the shift."""
    async with scene(options, content, relay=False) as here:
        key = SecretStr(Fernet.generate_key().decode())
        url = f"sqlite+aiosqlite:///{folder / 'kakekomi.sqlite3'}"
        config = Config(
            _env_file=None,
            telegram_bot_token=SecretStr("1:token"),
            telegram_api_url=here.address,
            database_url=url,
            staff_chat_id=GROUP,
            encryption_keys=(key,),
        )
        async with service.serving(config, content, here.clock.now):
            await until_quiet(here, options.hours * 3600.0)
        judgement = Judgement(here.shift, here.limits)
        database = Database(url, [key.get_secret_value()])
        async with database.begin() as tx:
            await judge_rest(tx, judgement)
            judgement.found |= await judge_order(tx, here.clock, URGENT_KINDS, here.limits.taken)
        await database.close()
    return judgement


async def relay(options: argparse.Namespace, content: Content) -> Judgement:
    """Let the plain relay serve it."""
    async with scene(options, content, relay=True) as here:
        async with relaying(here.address, GROUP):
            await until_quiet(here, options.hours * 3600.0)
        return Judgement(here.shift, here.limits, is_relay=True)


def figures(judgement: Judgement) -> dict[str, str]:
    """Return the lines of the report."""
    shift = judgement.shift
    sent = judgement.sent
    housekeeping = sum(sent[kind] for kind in HOUSEKEEPING)
    last_s = max(judgement.alert_s.values(), default=0.0)
    waits = {
        "danger: message to alert": judgement.waited_s(judgement.alert_s, in_danger=True),
        "others: wish to alert": judgement.waited_s(judgement.alert_s, in_danger=False),
        "danger: message to first human": judgement.waited_s(judgement.human_s, in_danger=True),
        "others: wish to first human": judgement.waited_s(judgement.human_s, in_danger=False),
        "danger: words to their copy": judgement.words_waited_s(in_danger=True),
        "others: words to their copy": judgement.words_waited_s(in_danger=False),
    }
    lines = {f"{name}, p50 / p95 / max": _percentiles(waited_s) for name, waited_s in waits.items()}
    total = sum(sent.values())
    kinds = ("alert", "copy", "topic", "edit", "notice", "ping")
    return {
        **lines,
        "last alert at": _time(last_s),
        "last message to the group at": _time(judgement.last_s),
        "to the group": str(total),
        **{f"  {kind}": str(sent[kind]) for kind in kinds},
        "  housekeeping (topic, edit, notice)": f"{housekeeping / max(1, total):.0%}",
        "  housekeeping until the last alert": f"{judgement.housekeeping_share(last_s):.0%}",
        "waits for the group at the end": _counts(judgement.waiting),
        "429 from the group / from people / in all": "{} / {} / {}".format(*judgement.refused),
        "takes by volunteers, of which in vain": f"{shift.taken}, {shift.taken_in_vain}",
        **{name: str(len(what)) for name, what in judgement.found.items()},
    }


def _percentiles(waited_s: Sequence[float]) -> str:
    if not waited_s:
        return "-"
    at = [waited_s[round((len(waited_s) - 1) * share)] for share in (0.5, 0.95, 1.0)]
    return " / ".join(_time(each) for each in at)


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counted.items())) or "0"


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def show(columns: Sequence[dict[str, str]]) -> None:
    """Print the columns side by side."""
    names = list(dict.fromkeys(name for column in columns for name in column))
    for name in names:
        print(f"{name:52}" + "".join(f"{column.get(name, '-'):>34}" for column in columns))


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m benchmarks.desk")
    top.add_argument("--people", type=int, default=500)
    top.add_argument("--volunteers", type=int, default=50)
    top.add_argument("--minutes", type=float, default=10.0, help="within which they all write")
    top.add_argument("--hours", type=float, default=2.0, help="after which a run ends in any case")
    top.add_argument("--factor", type=float, default=20.0, help="so many times shorter is a wait")
    top.add_argument("--seed", type=int, default=1)
    return top


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    set_up_logs(())
    content = load_content()
    folder = Path(tempfile.mkdtemp(prefix="kakekomi-desk-"))
    say("Kakekomi")
    ours = simulated_time.run(kakekomi(options, content, folder), options.factor)
    say("the plain relay")
    plain = simulated_time.run(relay(options, content), options.factor)
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(
        f"{options.people} people in {options.minutes:g} min, {options.volunteers} volunteers, "
        f"seed {options.seed}, waits {options.factor:g} times shorter, load of the machine {load}"
    )
    print(f"{'':52}{'Kakekomi':>34}{'plain relay':>34}")
    show([figures(ours), figures(plain)])
    shutil.rmtree(folder)
    for name, what in ours.found.items():
        if what:
            say(f"{name}: {', '.join(what[:10])}")
    return 1 if any(ours.found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
