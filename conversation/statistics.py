"""Statistics in the volunteers' words: as tables, and as a message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from babel.dates import format_date

from cases.model import Outcome
from cases.statistics import Ending, Statistics, Times
from cases.suppression import SMALL, shown
from conversation.closing import outcome_name
from conversation.content import JAPAN
from conversation.render import Voice
from knowledge.schema import URGENT_KINDS
from translations.fill import babel_locale, language_names


@dataclass(frozen=True)
class Period:
    """Days in Japan, the last one included."""

    first_day: dt.date
    last_day: dt.date

    @classmethod
    def of_last(cls, days: int, today: dt.date) -> Period:
        """Return today and the days before it, `days` in all."""
        return cls(today - dt.timedelta(days=days - 1), today)

    @property
    def start(self) -> dt.datetime:
        return dt.datetime.combine(self.first_day, dt.time(), JAPAN)

    @property
    def end(self) -> dt.datetime:
        """The moment before which the period is."""
        return dt.datetime.combine(self.last_day + dt.timedelta(days=1), dt.time(), JAPAN)


@dataclass(frozen=True)
class Row:
    """`value` is None where it is withheld, or where there is none. Where it is a time, it is the
    median in minutes and `upper` the 90th percentile."""

    label: str
    value: int | None
    upper: int | None = None
    is_time: bool = False


@dataclass(frozen=True)
class Table:
    title: str
    rows: tuple[Row, ...]


def tables(voice: Voice, statistics: Statistics) -> list[Table]:
    """Return exact tables for the volunteers: what waits now, and what there was, without zeros in
    the long ones."""
    kinds, spoken = statistics.by_kind, statistics.by_language
    return [
        Table(voice.label("stats-waiting"), _some(_kinds(voice, statistics.waiting))),
        Table(voice.label("stats-by-kind"), _some(_kinds(voice, kinds))),
        Table(voice.label("stats-by-language"), _some(_languages(voice, spoken))),
        Table(voice.label("stats-to-human"), _to_human(voice, statistics.to_human, least=1)),
        Table(voice.label("stats-by-rung"), _rungs(voice, dict(enumerate(statistics.by_rung)))),
        Table(voice.label("stats-ends"), _some(_endings(voice, statistics.endings))),
    ]


def tables_for_others(voice: Voice, statistics: Statistics) -> list[Table]:
    """Return the tables for whoever is no volunteer: small counts are withheld.

    Times are given only of five and more.
    """
    kinds = shown(statistics.by_kind)
    to_human = dict(statistics.to_human)
    if kinds[None] is None:
        to_human[False] = Times(0, None, None)
    return [
        Table(voice.label("stats-by-kind"), _kinds(voice, kinds)),
        Table(voice.label("stats-by-language"), _languages(voice, shown(statistics.by_language))),
        Table(voice.label("stats-to-human"), _to_human(voice, to_human, least=SMALL)),
        Table(
            voice.label("stats-by-rung"), _rungs(voice, shown(dict(enumerate(statistics.by_rung))))
        ),
        Table(voice.label("stats-ends"), _endings(voice, shown(statistics.endings))),
    ]


def title(voice: Voice, period: Period) -> str:
    """Return the days of a period, as the language writes them."""
    locale = babel_locale(voice.language.code)
    days = (period.first_day, period.last_day)
    first, last = (str(format_date(day, format="long", locale=locale)) for day in days)
    return voice.label("stats-period", first=first, last=last)


def message(voice: Voice, period: Period, statistics: Statistics) -> str:
    """Return the statistics for the volunteers' group as HTML."""
    opened = voice.label("stats-opened", count=str(statistics.opened))
    parts = [f"<b>{escape(title(voice, period))}</b>\n{escape(opened)}"]
    for table in tables(voice, statistics):
        lines = [f"{escape(row.label)}: {written(voice, row)}" for row in table.rows]
        none = escape(voice.label("stats-none"))
        parts.append("\n".join([f"<b>{escape(table.title)}</b>", *(lines or [none])]))
    return "\n\n".join(parts)


def written(voice: Voice, row: Row) -> str:
    """Return what stands for a row's value in a message or a picture."""
    if row.value is None:
        return "–"
    if row.upper is None:
        return str(row.value)
    return voice.label("stats-times", median=str(row.value), upper=str(row.upper))


def _some(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.value)


def _kinds(voice: Voice, counts: Mapping[str | None, int | None]) -> tuple[Row, ...]:
    names: dict[str | None, str] = {
        kind: voice.language.urgency.kinds[kind].name for kind in URGENT_KINDS
    }
    names[None] = voice.label("no-kind")
    return tuple(Row(names[kind], count) for kind, count in counts.items())


def _languages(voice: Voice, counts: Mapping[str, int | None]) -> tuple[Row, ...]:
    return tuple(
        Row(language_names([code], voice.language), count) for code, count in counts.items()
    )


def _rungs(voice: Voice, counts: Mapping[int, int | None]) -> tuple[Row, ...]:
    return tuple(Row(voice.label(f"stats-rung-{rung}"), count) for rung, count in counts.items())


def _endings(
    voice: Voice, counts: Mapping[Ending, int] | Mapping[Ending, int | None]
) -> tuple[Row, ...]:
    names = {
        ending: outcome_name(voice, ending)
        if isinstance(ending, Outcome)
        else voice.label(f"stats-end-{ending}")
        for ending in counts
    }
    return tuple(Row(names[ending], count) for ending, count in counts.items())


def _to_human(voice: Voice, times: Mapping[bool, Times], least: int) -> tuple[Row, ...]:
    """Return the times in minutes, of at least so many waits."""
    names = {True: voice.label("stats-danger"), False: voice.label("no-kind")}
    return tuple(
        Row(names[urgent], _minutes(of.median_s), _minutes(of.p90_s), is_time=True)
        if of.count >= least
        else Row(names[urgent], None, is_time=True)
        for urgent, of in times.items()
    )


def _minutes(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds / 60)
