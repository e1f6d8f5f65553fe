"""A shift at the desk: people who write, and volunteers who take what the group shows them.

It is the same for every bot: who writes what and when is drawn from the seed before it begins. How
one works with a bot is a `Desk`. Everything written has a number in it, by which it is found again.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml

from benchmarks.simulated_time import Clock
from conversation.content import Judge
from matching.judgement import Urgency
from sandbox.telegram import Telegram, User

ROOT = Path(__file__).parent.parent
GROUP = -1000000000001
FIRST_PERSON, FIRST_VOLUNTEER = 500_001, 601
IN_DANGER_SHARE = 0.15
MORE_MESSAGES = (
    "Em làm ở Gifu", "Công ty em làm bánh", "Em sang được hai năm", "Em hỏi giúp bạn cùng phòng",
    "Em cảm ơn ạ", "Anh chị trả lời lúc nào cũng được",
)  # fmt: skip
MORE_MAX = 3
# The desk has been open for a while when they begin to write: its board is pinned.
OPEN_S = 300.0
# After so many presses in vain a volunteer does something else for a while.
VAIN_MAX = 3


@dataclass(frozen=True)
class Plan:
    """What a person will write, from `at_s` on: each message after a pause in seconds. Who is not
    `in_danger` asks for a human after the first."""

    person: int
    at_s: float
    in_danger: bool
    messages: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Work:
    """What a volunteer may take up: `case` is how the group names it, `post` the message to press
    or to answer, `risk` its place in the order, 0 first."""

    case: str
    post: dict[str, Any]
    risk: int


class Desk(Protocol):
    """How people and volunteers use a bot."""

    async def ask_for_human(self, person: int) -> None:
        """A person says that they want a human."""

    def on_screen(self, passed: set[int]) -> list[Work]:
        """Return what a volunteer sees that nobody seems to have, the newest first, without the
        posts in `passed`."""

    async def take(self, volunteer: int, work: Work) -> Work | None:
        """A volunteer takes it; return what they may now believe that they have."""

    async def reply(self, volunteer: int, work: Work, text: str) -> None: ...

    async def note(self, volunteer: int, work: Work, text: str) -> None: ...

    async def close(self, volunteer: int, work: Work) -> None: ...


@dataclass
class Shift:
    """`written` says who wrote each numbered message and when; `due_s` from when on each person
    needed a human; `replies` to which case each reply of a volunteer was. Times are simulated
    seconds."""

    telegram: Telegram
    clock: Clock
    desk: Desk
    plans: Sequence[Plan]
    volunteers: range
    seed: int
    written: dict[str, tuple[int, float]] = field(default_factory=dict)
    due_s: dict[int, float] = field(default_factory=dict)
    replies: dict[str, str] = field(default_factory=dict)
    held_twice: list[str] = field(default_factory=list)
    taken: int = 0
    taken_in_vain: int = 0
    busy: int = 0
    writing: int = 0
    is_ending: bool = False
    """Whoever helps somebody ends that, and takes nothing more."""
    _closings: set[asyncio.Task[None]] = field(default_factory=set)
    _holders: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def run(self) -> None:
        """Let everybody do what they do, for ever; cancel to end the shift."""
        self.writing = len(self.plans)
        async with asyncio.TaskGroup() as tasks:
            for plan in self.plans:
                tasks.create_task(self._person(plan))
            for volunteer in self.volunteers:
                # Not for secrets: the same pauses for the same seed.
                rng = random.Random(self.seed * 1000 + volunteer)  # noqa: S311
                tasks.create_task(self._volunteer(volunteer, rng))

    @property
    def is_over(self) -> bool:
        """Whether everybody has written, and nobody is helping or closing."""
        return not (self.writing or self.busy or self._closings)

    async def _person(self, plan: Plan) -> None:
        await asyncio.sleep(max(0.0, plan.at_s - self.clock.since_s))
        for number, (pause_s, text) in enumerate(plan.messages):
            await asyncio.sleep(pause_s)
            self.written[_number_in(text)] = (plan.person, self.clock.since_s)
            if number == 0 and plan.in_danger:
                self.due_s[plan.person] = self.clock.since_s
            await self.telegram.write(plan.person, plan.person, text)
            if number == 0 and not plan.in_danger:
                await self.desk.ask_for_human(plan.person)
                self.due_s[plan.person] = self.clock.since_s
        self.writing -= 1

    async def _volunteer(self, volunteer: int, rng: random.Random) -> None:
        passed: set[int] = set()
        vain = 0
        while True:
            await asyncio.sleep(rng.uniform(30, 60) if vain >= VAIN_MAX else rng.uniform(4, 20))
            if self.is_ending:
                return
            seen = self.desk.on_screen(passed)
            if not seen:
                continue
            vain = 0 if vain >= VAIN_MAX else vain
            risk = min(work.risk for work in seen)
            # The newest of them: the older ones have been there for others to take.
            work = next(work for work in seen if work.risk == risk)
            passed.add(work.post["message_id"])
            self.taken += 1
            if (theirs := await self.desk.take(volunteer, work)) is not None:
                vain = 0
                await self._help(volunteer, theirs, rng)
            else:
                vain += 1
                self.taken_in_vain += 1

    async def _help(self, volunteer: int, work: Work, rng: random.Random) -> None:
        """Reply, note, reply again and close, as somebody who types on a phone."""
        self.busy += 1
        holders = self._holders[work.case]
        if holders:
            self.held_twice.append(work.case)
        holders.add(volunteer)
        await asyncio.sleep(rng.uniform(15, 60))
        await self._reply(volunteer, work)
        if rng.random() < 0.4:
            await asyncio.sleep(rng.uniform(10, 30))
            await self.desk.note(volunteer, work, f"note-{next(self._numbers)}")
        await asyncio.sleep(rng.uniform(40, 120))
        await self._reply(volunteer, work)
        await asyncio.sleep(rng.uniform(20, 60))
        holders.discard(volunteer)
        self.busy -= 1
        # The buttons for what came of it may come late: nobody sits and waits for them.
        self._closings.add(closing := asyncio.create_task(self.desk.close(volunteer, work)))
        closing.add_done_callback(self._closings.discard)

    async def _reply(self, volunteer: int, work: Work) -> None:
        name = f"reply-{next(self._numbers)}"
        self.replies[name] = work.case
        await self.desk.reply(volunteer, work, name)


def add_everybody(telegram: Telegram, people: int, volunteers: int) -> tuple[range, range]:
    """Add the people and the volunteers' forum; return both."""
    persons = range(FIRST_PERSON, FIRST_PERSON + people)
    for person in persons:
        telegram.add_person(User(person, "Somebody", "vi"))
    staff = range(FIRST_VOLUNTEER, FIRST_VOLUNTEER + volunteers)
    members = [User(number, f"Volunteer{number}") for number in staff]
    telegram.add_group(GROUP, "volunteers", members, forum=True)
    return persons, staff


def plan_people(persons: range, within_s: float, judge: Judge, seed: int) -> list[Plan]:
    """Draw who writes what, spread evenly over the time."""
    rng = random.Random(seed)  # noqa: S311 - the same people for the same seed

    def alarms(*texts: str) -> bool:
        numbered = "\n".join(f"{text} (msg-1000)" for text in texts)
        return judge.judge(numbered, "vi").urgency is Urgency.ESCALATE

    cries = [text for text in _texts("urgency/vi/urgent.yaml") if alarms(text)]
    questions = [text for text in _texts("questions/vi/labour.yaml") if not alarms(text)]
    numbers = itertools.count(1)
    plans = []
    for place, person in enumerate(persons):
        # As near to the share as whole people allow, whoever they are.
        in_danger = int((place + 1) * IN_DANGER_SHARE) > int(place * IN_DANGER_SHARE)
        first = rng.choice(cries if in_danger else questions)
        more = rng.sample(MORE_MESSAGES, rng.randint(0, MORE_MAX))
        # What alarms is passed on at once, the rest is judged together with what came before.
        if more and alarms(*(more if in_danger else (first, *more))):
            more = []
        messages = [(0.0, first), *((rng.uniform(5, 60), text) for text in more)]
        numbered = tuple((pause_s, f"{text} (msg-{next(numbers)})") for pause_s, text in messages)
        at_s = OPEN_S + rng.uniform(0.0, within_s)
        plans.append(Plan(person, at_s, in_danger, numbered))
    return plans


def _texts(file: str) -> list[str]:
    """Return the messages of a test set."""
    messages = yaml.safe_load((ROOT / "tests" / file).read_text(encoding="utf-8"))["messages"]
    return [str(message["text"]) for message in messages]


def _number_in(text: str) -> str:
    return text.rpartition("(")[2].rstrip(")")
