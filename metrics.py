"""What is counted, and never is: counts and times only, with labels from closed sets, so that no
person can be found in them."""

from __future__ import annotations

import contextlib
import functools
import itertools
import time
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from cases.deadlines import RUNG_TOP
from knowledge.schema import URGENT_KINDS, UrgentKind
from matching.judgement import Decision
from storage.backlog import Backlog
from storage.outbox import Purpose

Outcome = Literal["sent", "again", "uncertain", "failed"]
"""What became of one try to send: `again` did not arrive, `uncertain` perhaps did; both are tried
again. `failed` never arrives."""
Part = Literal[
    "polling", "inbox", "outbox", "ladder", "follow-ups", "board", "purge", "database", "loop"
]
"""A part of the process that works step by step; `loop` is the event loop under all of them."""

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
PARTS: tuple[Part, ...] = get_args(Part)
NEEDS = ("alarm", "request")
RUNGS = tuple(str(rung) for rung in range(1, RUNG_TOP + 1))
# Until a volunteer takes a case: from half a minute to a day.
_FIRST_STEP_S = (30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400)
# Until an update is done: from what nobody notices to an outage.
_UPDATE_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)


class Steps:
    """What each part is doing at this moment, and for how long; read from other threads too."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._open: dict[int, tuple[Part, float]] = {}

    def begin(self, part: Part) -> int:
        """Note that a step begins; return its number."""
        number = next(self._numbers)
        self._open[number] = (part, time.monotonic())
        return number

    def end(self, number: int) -> None:
        del self._open[number]

    def is_open(self, number: int) -> bool:
        return number in self._open

    def oldest_s(self, part: Part) -> float:
        """Return for how long the part's oldest step has been going on; 0 where there is none."""
        now = time.monotonic()
        # One call copies the values: no other thread comes between.
        return max(
            (now - since for of, since in list(self._open.values()) if of == part), default=0
        )

    def stuck(self, after_s: float) -> Part | None:
        """Return a part whose step has been going on for longer than `after_s`, if any."""
        return next((part for part in PARTS if self.oldest_s(part) > after_s), None)


class Metrics:
    """The figures of one running bot. A method a thing that happens; `registry` shows them all."""

    def __init__(self, languages: Iterable[str]) -> None:
        """`languages` are the codes of those that the bot offers."""
        self.registry = CollectorRegistry()
        self.steps = Steps()
        # By the clock of this process, when it last heard from getUpdates; None while another one
        # fetches. Taking over counts: the first call may stay open for long.
        self.fetched_s: float | None = None
        self._languages = frozenset(languages)
        registry = self.registry
        ProcessCollector(registry=registry)
        self._received = Counter(
            "kakekomi_updates_received", "Updates stored for the first time", registry=registry
        )
        self._done = Histogram(
            "kakekomi_update_seconds",
            "From storing an update to having done it",
            buckets=_UPDATE_S,
            registry=registry,
        )
        self._given_up = Counter(
            "kakekomi_updates_given_up", "Updates that failed for good", registry=registry
        )
        self._answers = Counter(
            "kakekomi_answers",
            "Messages judged, by what was decided about the question in them",
            ["decision", "language"],
            registry=registry,
        )
        self._alarms = Counter(
            "kakekomi_alarms", "Alarms raised", ["urgent_kind"], registry=registry
        )
        self._sends = Counter(
            "kakekomi_sends",
            "Tries to send, by what became of them",
            ["purpose", "outcome"],
            registry=registry,
        )
        self._first_step = Histogram(
            "kakekomi_first_step_seconds",
            "From an alarm or request to the first step of a volunteer",
            ["need"],
            buckets=_FIRST_STEP_S,
            registry=registry,
        )
        self._rungs = Counter(
            "kakekomi_rungs_climbed",
            "Alarms because nobody had answered, by rung",
            ["rung"],
            registry=registry,
        )
        self._fetches = Gauge(
            "kakekomi_fetches", "Whether this process is the one that polls", registry=registry
        )
        self._fetched_at = Gauge(
            "kakekomi_fetched_timestamp_seconds",
            "When getUpdates last succeeded in this process",
            registry=registry,
        )
        self._backlog = _BacklogGauges(registry)
        self._show_zeros()

    def _show_zeros(self) -> None:
        """Show what has not happened yet as 0: a series that begins at 1 raises no alert."""
        for decision, language in itertools.product(Decision, self._languages):
            self._answers.labels(decision.value, language)
        for kind in URGENT_KINDS:
            self._alarms.labels(kind)
        for purpose, outcome in itertools.product(Purpose, OUTCOMES):
            self._sends.labels(purpose.value, outcome)
        for need in NEEDS:
            self._first_step.labels(need)
        for rung in RUNGS:
            self._rungs.labels(rung)
        steps = Gauge(
            "kakekomi_step_oldest_seconds",
            "For how long the oldest step of a part has been going on",
            ["part"],
            registry=self.registry,
        )
        for part in PARTS:
            steps.labels(part).set_function(functools.partial(self.steps.oldest_s, part))

    @contextlib.contextmanager
    def step(self, part: Part) -> Iterator[None]:
        """The block is one step of a part: it must end soon, whatever fails in it."""
        number = self.steps.begin(part)
        try:
            yield
        finally:
            self.steps.end(number)

    def received(self, count: int) -> None:
        self._received.inc(count)

    def done(self, after_s: float) -> None:
        """An update is done, so long after it was stored."""
        self._done.observe(after_s)

    def given_up(self) -> None:
        self._given_up.inc()

    def judged(self, decision: Decision, language: str) -> None:
        # A language that is offered no longer may still stand in the database.
        known = language if language in self._languages else "other"
        self._answers.labels(decision.value, known).inc()

    def alarmed(self, urgent_kind: UrgentKind) -> None:
        self._alarms.labels(urgent_kind).inc()

    def sent(self, purpose: Purpose, outcome: Outcome) -> None:
        self._sends.labels(purpose.value, outcome).inc()

    def first_step(self, after_s: float, *, urgent: bool) -> None:
        """A volunteer did something about a case, so long after it began to wait."""
        self._first_step.labels(_need(urgent=urgent)).observe(after_s)

    def climbed(self, rung: int) -> None:
        """Nobody has answered a case for so long that its next alarm went off."""
        self._rungs.labels(str(rung)).inc()

    @contextlib.contextmanager
    def fetching(self) -> Iterator[None]:
        """This process is the one that fetches updates, while the block runs."""
        self._fetches.set(1)
        self.fetched_s = time.monotonic()
        try:
            yield
        finally:
            self._fetches.set(0)
            self.fetched_s = None

    def fetched(self) -> None:
        """A call of getUpdates succeeded."""
        self.fetched_s = time.monotonic()
        self._fetched_at.set_to_current_time()

    def show_backlog(self, backlog: Backlog) -> None:
        """Show what waits in the database."""
        self._backlog.show(backlog)


class _BacklogGauges:
    """What waited in the database when it was last read."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"kakekomi_{name}", f"{text}, as last read", labels, registry=registry)

        self._inbox = gauge("inbox_waiting", "Updates not done")
        self._inbox_s = gauge("inbox_oldest_seconds", "Age of the oldest update not done")
        self._outbox = gauge("outbox_waiting", "Messages not sent", "purpose")
        self._outbox_s = gauge(
            "outbox_oldest_seconds", "Age of the oldest message not sent", "purpose"
        )
        self._cases = gauge("cases_waiting", "Cases that nobody has", "need")
        self._cases_s = gauge(
            "cases_oldest_seconds", "For how long the oldest of them waits", "need"
        )

    def show(self, backlog: Backlog) -> None:
        self._inbox.set(backlog.inbox.count)
        self._inbox_s.set(backlog.inbox.oldest_s)
        for purpose in Purpose:
            waiting = backlog.outbox[purpose]
            self._outbox.labels(purpose.value).set(waiting.count)
            self._outbox_s.labels(purpose.value).set(waiting.oldest_s)
        for urgent, cases in backlog.cases.items():
            self._cases.labels(_need(urgent=urgent)).set(cases.count)
            self._cases_s.labels(_need(urgent=urgent)).set(cases.oldest_s)


def _need(*, urgent: bool) -> str:
    return "alarm" if urgent else "request"
