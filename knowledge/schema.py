"""The shape of the files in `knowledge/`, declared as data."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr, model_validator

from knowledge.files import Strict

Pillar = Literal["safety", "labour", "transfer", "broker", "help"]
Regime = Literal["current", "new", "both"]
Certainty = Literal["verified", "likely", "disputed", "memory"]
Unit = Literal[
    "percent",
    "yen",
    "yen_per_hour",
    "yen_per_day",
    "yen_per_month",
    "hours",
    "minutes",
    "days",
    "weeks",
    "months",
    "years",
    "age",
    "count",
    "square_metres",
    "celsius",
    "date",
    "time",
    "level",
    "name",
    "ratio",
]
UrgentKind = Literal[
    "immediate-danger",
    "suicide-self-harm",
    "sexual-violence",
    "violence",
    "confinement",
    "forced-return",
    "trafficking",
    "medical-emergency",
    "pregnancy-crisis",
    "document-confiscation",
    "no-shelter-or-food",
    "threats",
]
URGENT_KINDS: tuple[UrgentKind, ...] = get_args(UrgentKind)
PILLARS: tuple[Pillar, ...] = get_args(Pillar)
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

FIRST_PLAUSIBLE_DAY = dt.date(1945, 1, 1)
LAST_PLAUSIBLE_DAY = dt.date(2040, 12, 31)


def _plausible(day: dt.date) -> dt.date:
    if not FIRST_PLAUSIBLE_DAY <= day <= LAST_PLAUSIBLE_DAY:
        raise ValueError(f"{day} is not plausible; look at the source again")
    return day


def _dialable(phone: str) -> str:
    if not re.fullmatch(r"[#+]?[0-9][0-9-]*", phone):
        raise ValueError("a phone number has digits and hyphens, and perhaps a first # or +")
    return phone


Day = Annotated[dt.date, AfterValidator(_plausible)]
Phone = Annotated[StrictStr, AfterValidator(_dialable)]
TimeOfDay = Annotated[StrictStr, Field(pattern=r"^([01]\d|2[0-4]):[0-5]\d$")]
# A card's id stands in callback data, which has 64 bytes.
Slug = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z-]{1,31}$")]


def _rising(minutes: tuple[int, ...]) -> tuple[int, ...]:
    if list(minutes) != sorted({0, *minutes})[1:]:
        raise ValueError("each rung comes later than the one before it, the first after a minute")
    return minutes


LadderMinutes = Annotated[
    tuple[StrictInt, ...], Field(min_length=3, max_length=3), AfterValidator(_rising)
]
FactValue = StrictInt | float | dt.date | StrictStr | None
Values = Annotated[dict[Day, FactValue], Field(min_length=1)]


class LawReference(Strict):
    """Articles of an act of `laws.yaml`, as the act counts them ("37", "37(1)", "5, 117")."""

    act: str
    articles: StrictStr | None = None


class Law(Strict):
    name_ja: str
    number: str | None = None


class Source(Strict):
    """A page that was seen. `dated` is the page's own date, "unknown" where it shows none."""

    title: str
    url: str | None
    dated: str
    official: StrictBool
    seen_as: str | None = None


class Reference(Strict):
    """Why a value holds. `memory` is the plain text of a statute that nobody has opened yet."""

    certainty: Certainty
    law: tuple[LawReference, ...] = ()
    sources: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_a_ground(self) -> Reference:
        if self.certainty == "memory" and not self.law:
            raise ValueError("what is from memory must name the law it is the text of")
        if self.certainty != "memory" and not self.sources:
            raise ValueError("no source: name a page that says it")
        return self


class Statement(Reference):
    """One rule that an answer rests on, in our own words, with the days on which it holds."""

    says: Annotated[str, Field(min_length=10)]
    from_: Annotated[Day | None, Field(alias="from")] = None
    until: Day | None = None


class Topic(Strict):
    """`urgent_kinds` are the dangers that a question on the topic may itself tell of: what people
    ask about it does not teach the matching that nothing is urgent."""

    pillar: Pillar
    regime: Regime
    covers: str
    changes_on: tuple[Day, ...] = ()
    related: Annotated[tuple[str, ...], Field(min_length=1, max_length=5)]
    urgent_kinds: tuple[UrgentKind, ...] = ()
    contacts: Annotated[tuple[str, ...], Field(max_length=5)] = ()
    table: Literal["minimum-wage", "employment-fields"] | None = None
    statements: Annotated[tuple[Statement, ...], Field(min_length=1)]
    checked: Day


class Fact(Strict):
    """One value by day: each key of `values` is the first day on which that value holds.

    `null` says that the rule ended. `holds_until` is the last day on which the newest value may
    be told without somebody looking again.
    """

    unit: Unit
    values: Values
    references: dict[Day, Reference]
    holds_until: Day | None = None
    checked: Day

    @model_validator(mode="after")
    def _each_value_has_its_reference(self) -> Fact:
        without = sorted(set(self.values) - set(self.references))
        if without:
            raise ValueError(f"the value of {without[0]} has no reference: add its source")
        for value in self.values.values():
            _fits_unit(value, self.unit)
        return self


def _fits_unit(value: FactValue, unit: Unit) -> None:
    expected: tuple[type, ...]
    if unit == "date":
        expected = (dt.date,)
    elif unit in ("time", "level", "name"):
        expected = (str,)
    else:
        expected = (int, float)
    if value is not None and not isinstance(value, expected):
        raise ValueError(f"{value!r} is no value of the unit {unit}")


class Hours(Strict):
    days: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    opens: TimeOfDay
    closes: TimeOfDay


class Line(Strict):
    """A phone number and whom it serves. `by_interpreter` depends on the place."""

    phone: Phone
    languages: Annotated[tuple[str, ...], Field(min_length=1)]
    by_interpreter: tuple[str, ...] = ()
    hours: Literal["always", "unknown"] | tuple[Hours, ...]
    certainty: Certainty
    dated: str
    sources: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _somebody_has_seen_it(self) -> Line:
        if self.certainty == "memory":
            raise ValueError("a number that nobody has seen on a page does not ship")
        return self


class Contact(Strict):
    kind: Literal[
        "emergency",
        "government",
        "legal",
        "mental-health",
        "medical",
        "union",
        "ngo",
        "shelter",
        "embassy",
        "office",
    ]
    name_ja: str
    serves: tuple[str, ...] = ()
    cost: Literal["free", "call-charge", "unknown"]
    web: str | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    until: Day | None = None
    successor: str | None = None
    lines: tuple[Line, ...] = ()
    checked: Day

    @model_validator(mode="after")
    def _successor_follows_an_end(self) -> Contact:
        if self.successor and not self.until:
            raise ValueError("a successor needs `until`, the last day of this contact")
        return self


class UrgentKindFile(Strict):
    """`ladder_minutes` says after how long without a human each alarm goes off."""

    means: str
    ladder_minutes: LadderMinutes
    contacts: Annotated[tuple[str, ...], Field(min_length=1, max_length=5)]
    topics: Annotated[tuple[str, ...], Field(min_length=1, max_length=4)]
    sources: tuple[str, ...] = ()


class UrgentFile(Strict):
    """`request_ladder_minutes` are those of who just asked for a human."""

    checked: Day
    request_ladder_minutes: LadderMinutes
    kinds: dict[UrgentKind, UrgentKindFile]

    @model_validator(mode="after")
    def _all_kinds_in_order(self) -> UrgentFile:
        if tuple(self.kinds) != URGENT_KINDS:
            raise ValueError(f"the kinds must be, in this order: {', '.join(URGENT_KINDS)}")
        return self


class Cards(Strict):
    """The phrase cards by group, in the order in which a volunteer is shown them. The texts of a
    group fit into one message."""

    groups: dict[Slug, Annotated[tuple[Slug, ...], Field(min_length=1, max_length=10)]]

    @model_validator(mode="after")
    def _each_card_once(self) -> Cards:
        ids = [card_id for group in self.groups.values() for card_id in group]
        twice = sorted({card_id for card_id in ids if ids.count(card_id) > 1})
        if twice:
            raise ValueError(f"these cards stand here twice: {', '.join(twice)}")
        return self

    @property
    def ids(self) -> tuple[str, ...]:
        """Every card, in the order of the groups."""
        return tuple(card_id for group in self.groups.values() for card_id in group)


class Row(Strict):
    name_ja: str
    values: dict[str, Values]
    references: dict[Day, Reference]


class Table(Strict):
    """Facts that come in rows, such as 47 prefectures; `columns` gives each column's unit."""

    checked: Day
    columns: dict[str, Unit]
    holds_until: Day | None = None
    rows: Annotated[dict[str, Row], Field(min_length=1)]

    @model_validator(mode="after")
    def _rows_fill_the_columns(self) -> Table:
        for name, row in self.rows.items():
            if set(row.values) != set(self.columns):
                raise ValueError(f"row {name}: its columns must be {sorted(self.columns)}")
            for column, values in row.values.items():
                for day, value in values.items():
                    _fits_unit(value, self.columns[column])
                    if day not in row.references:
                        raise ValueError(f"row {name}: the value of {day} has no reference")
        return self
