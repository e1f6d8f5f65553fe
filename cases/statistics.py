"""What happened in a period, as counts and times. Nobody can be found in them."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cases.deadlines import RUNG_TOP
from cases.model import Event, Outcome
from knowledge.schema import URGENT_KINDS

# What a case can be about: a kind of danger, most urgent first, or None for a wish to talk.
KINDS: tuple[str | None, ...] = (*URGENT_KINDS, None)
# How a case ends: with what a volunteer says came of it, or nothing said, or by the person.
Ending = Outcome | Event
ENDINGS: tuple[Ending, ...] = (*Outcome, Event.CLOSE, Event.WITHDRAW, Event.ERASE)


@dataclass(frozen=True)
class Opening:
    """A case that was opened or opened again, until a human came. `human_after_s` is None where
    none has come, or the case ended first; `alarms` is how often its ladder was climbed."""

    language: str
    urgent_kind: str | None
    human_after_s: float | None
    alarms: int


@dataclass(frozen=True)
class Times:
    """Of `count` waits, in seconds: half were no longer than the median, nine of ten no longer than
    the 90th percentile. Both are None where there were none."""

    count: int
    median_s: float | None
    p90_s: float | None


@dataclass(frozen=True)
class Statistics:
    """`by_kind` and `by_language` count openings, `by_rung` too: by the highest rung (0 is none)
    that was climbed before a human came. `to_human` is by whether it was of danger. `endings` are
    of the period, `waiting` is of now, by kind."""

    opened: int
    by_kind: Mapping[str | None, int]
    by_language: Mapping[str, int]
    by_rung: tuple[int, ...]
    to_human: Mapping[bool, Times]
    endings: Mapping[Ending, int]
    waiting: Mapping[str | None, int]


def summed_up(
    openings: Sequence[Opening],
    languages: Iterable[str],
    endings: Mapping[Ending, int],
    waiting: Mapping[str | None, int],
) -> Statistics:
    """Return the statistics; every kind has its count, and each of `languages`, also where it is
    0."""
    kinds = Counter(each.urgent_kind for each in openings)
    spoken = Counter(each.language for each in openings)
    rungs = Counter(min(each.alarms, RUNG_TOP) for each in openings)
    return Statistics(
        opened=len(openings),
        by_kind={kind: kinds[kind] for kind in KINDS},
        by_language={code: spoken[code] for code in dict.fromkeys([*languages, *sorted(spoken)])},
        by_rung=tuple(rungs[rung] for rung in range(RUNG_TOP + 1)),
        to_human={urgent: _times(openings, urgent) for urgent in (True, False)},
        endings={ending: endings.get(ending, 0) for ending in ENDINGS},
        waiting={kind: waiting.get(kind, 0) for kind in KINDS},
    )


def _times(openings: Sequence[Opening], urgent: bool) -> Times:
    waits = sorted(
        each.human_after_s
        for each in openings
        if (each.urgent_kind is not None) is urgent and each.human_after_s is not None
    )
    if not waits:
        return Times(0, None, None)
    # The nearest rank: a wait that there really was.
    p90_s = waits[math.ceil(0.9 * len(waits)) - 1]
    return Times(len(waits), statistics.median(waits), p90_s)
