"""The shape of the files in `translations/<language>/`, declared as data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictStr, model_validator

from knowledge.files import Strict
from knowledge.schema import URGENT_KINDS, Day, UrgentKind

# The first day for which answers are given. Parts that never change begin here.
FIRST_DAY = dt.date(2026, 10, 1)

State = Literal["draft", "reviewed"]
Text = Annotated[StrictStr, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1)]


def _by_day(part: Any) -> Any:
    return part if isinstance(part, dict) else {FIRST_DAY: part}


def _begins_on_the_first_day(part: dict[dt.date, Any]) -> dict[dt.date, Any]:
    if min(part) != FIRST_DAY:
        raise ValueError(f"the first day must be {FIRST_DAY}")
    return part


def _need_all_kinds(kinds: Mapping[UrgentKind, object]) -> None:
    missing = [kind for kind in URGENT_KINDS if kind not in kinds]
    if missing:
        raise ValueError(f"urgent kinds are missing: {', '.join(missing)}")


TextByDay = Annotated[dict[Day, Text], BeforeValidator(_by_day)]
TextsByDay = Annotated[dict[Day, Texts], BeforeValidator(_by_day)]


class Reviewable(Strict):
    """A text is a draft until a named native speaker has reviewed it."""

    state: State
    reviewer: str | None = None

    @model_validator(mode="after")
    def _reviewed_by_somebody(self) -> Reviewable:
        if (self.state == "reviewed") != (self.reviewer is not None):
            raise ValueError("`reviewed` needs a reviewer, `draft` has none")
        return self


class Answer(Strict):
    """`short` answers; `points` explain; `steps` say what to do; `careful` warns; `coming` is
    what changes on a day, told before that day."""

    short: TextByDay
    points: TextsByDay
    steps: TextsByDay
    careful: TextByDay | None = None
    coming: dict[Day, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _covers_from_the_first_day(self) -> Answer:
        for part in (self.short, self.points, self.steps, self.careful):
            if part is not None:
                _begins_on_the_first_day(part)
        return self


class TopicText(Reviewable):
    """`of` is the revision of the English answer that this one renders (English has none)."""

    title: Annotated[Text, Field(max_length=40)]
    of: StrictStr | None = None
    answer: Answer
    phrasings: Texts


class Lookalikes(Strict):
    """Messages that share words with danger: `offer` is a worry, `none` is harmless."""

    offer: Texts
    none: Texts


class UrgentKindText(Strict):
    """`cries` are whole messages of a few words that alarm as they are ("cứu em"): in a longer
    message the same words may be harmless ("help me find a ticket"). `phrasings` are what the
    matching learns from."""

    name: Annotated[Text, Field(max_length=40)]
    say_first: Annotated[Text, Field(max_length=400)]
    steps: Texts
    cries: Texts
    phrasings: Texts
    lookalikes: Lookalikes


class UrgencyText(Reviewable):
    kinds: dict[UrgentKind, UrgentKindText]

    @model_validator(mode="after")
    def _all_kinds(self) -> UrgencyText:
        _need_all_kinds(self.kinds)
        return self


class CardText(Strict):
    """What a volunteer sends by one press. `title` is what they choose it by; `keywords` are other
    words under which they look for it, where volunteers read the language."""

    title: Annotated[Text, Field(max_length=40)]
    text: Annotated[Text, Field(max_length=300)]
    keywords: tuple[Text, ...] = ()


class CardsText(Reviewable):
    groups: dict[StrictStr, Annotated[Text, Field(max_length=40)]]
    cards: dict[StrictStr, CardText]


class ChecklistText(Strict):
    """The first quarter of an hour of a case: what a volunteer asks, does and avoids."""

    ask: Texts
    do: Texts
    avoid: Texts


class ChecklistsText(Reviewable):
    kinds: dict[UrgentKind, ChecklistText]

    @model_validator(mode="after")
    def _all_kinds(self) -> ChecklistsText:
        _need_all_kinds(self.kinds)
        return self


class StaffText(Reviewable):
    """What the volunteers read in their group: `texts` maps keys to texts with `{placeholders}`.
    In a language that the bot does not speak to people: `kinds` names the urgent kinds, `contacts`
    the offices that the volunteers' texts name, and `date_format` (a pattern of Unicode CLDR) is
    how it writes a day."""

    texts: dict[StrictStr, Text]
    kinds: dict[UrgentKind, Annotated[Text, Field(max_length=40)]] = Field(default_factory=dict)
    contacts: dict[StrictStr, Text] = Field(default_factory=dict)
    date_format: Text | None = None


class StaffAnswer(Strict):
    """What volunteers read of an answer before they send it: its title, and `short`, which renders
    the English one of revision `of`. `keywords` are other words under which they look for it."""

    title: Annotated[Text, Field(max_length=40)]
    of: StrictStr
    short: TextByDay
    keywords: Texts

    @property
    def text(self) -> str:
        """All that it says, on whatever day."""
        return " ".join(self.short.values())


class StaffAnswersText(Reviewable):
    """The answers in a language of volunteers that the bot does not speak to people."""

    answers: dict[StrictStr, StaffAnswer]


class ContactText(Strict):
    name: Text
    what_for: Annotated[Text, Field(max_length=120)]


class RowText(Strict):
    """`also` holds other ways in which people type the name."""

    name: Text
    also: tuple[StrictStr, ...] = ()


class WordsText(Strict):
    """`shorthand` is what people type for longer words; `same` names groups of words and phrases
    that mean the same to the matching ("boss": sếp, ông chủ, shacho)."""

    shorthand: dict[StrictStr, StrictStr] = Field(default_factory=dict)
    same: dict[StrictStr, tuple[StrictStr, ...]] = Field(default_factory=dict)


class CuesText(Strict):
    """Words and short expressions that make a topic or a danger likelier than the others; of
    messages that are harmless, sad (`offer`), or about nothing that the bot knows (`unrelated`).
    What stands in many lists counts little in each."""

    topics: dict[StrictStr, Texts]
    urgent: dict[UrgentKind, Texts]
    harmless: Texts
    offer: Texts
    unrelated: Texts


class Smalltalk(Strict):
    greeting: Texts
    thanks: Texts
    goodbye: Texts
    acknowledgement: Texts
    who_are_you: Annotated[Texts, Field(alias="who-are-you")]
    unrelated: Texts


class LanguageEntry(Strict):
    """A line of `languages.yaml`. `code` is the key; `script` an ISO 15924 code. `staff` says that
    the bot can speak the language to the volunteers: what they read in it is complete."""

    own_name: Text
    script: Annotated[StrictStr, Field(pattern=r"^[A-Z][a-z]{3}$")]
    offered: StrictBool
    staff: StrictBool = False
    owner: str | None = None
