"""What volunteers look up: how a case stands, what happened with it, which cases there are."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from html import escape
from typing import Protocol

from babel.dates import format_timedelta

from cases.model import Case, Claim, Event, Outcome
from conversation import alerts
from conversation.closing import outcome_name
from conversation.content import JAPAN
from conversation.render import Voice
from translations.fill import babel_locale, language_names

# A phone shows about so much without scrolling.
CASES_SHOWN_MAX = 8
# So many steps surely fit into one message.
STEPS_SHOWN_MAX = 30


class Step(Protocol):
    """A step of a case, as the history keeps it."""

    @property
    def event(self) -> Event: ...
    @property
    def by(self) -> Claim | None: ...
    @property
    def outcome(self) -> Outcome | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def at(self) -> dt.datetime: ...


def standing(voice: Voice, case: Case, waited_s: float | None, outcome: Outcome | None) -> str:
    """Return how a case stands as HTML. `waited_s` is for how long it has had nobody, None where
    it does not wait; `outcome` is what came of it when it was closed last."""
    kind = alerts.kind_name(voice, case)
    lines = [f"<b>{voice.say('staff-case', code=case.code, kind=kind)}</b>"]
    if case.claim is not None:
        lines.append(voice.say("staff-case-claimed", name=case.claim.name))
    elif waited_s is not None:
        lines.append(voice.say("staff-case-waits", time=lasting(voice, waited_s)))
    else:
        lines.append(voice.say("staff-case-closed"))
    if case.rung:
        lines.append(voice.say("staff-case-rung", rung=str(case.rung)))
    if outcome is not None:
        lines.append(voice.say("staff-case-outcome", outcome=outcome_name(voice, outcome)))
    language = language_names([case.language], voice.language)
    lines.append(voice.say("staff-language", language=f"{language} ({case.language})"))
    lines.append(voice.say("staff-case-opened", moment=moment(case.opened_at)))
    return "\n".join(lines)


def steps(voice: Voice, case: Case, taken: Sequence[Step]) -> str:
    """Return what happened with a case as HTML, oldest first; of many steps the newest."""
    earlier = len(taken) - STEPS_SHOWN_MAX
    lines = [f"<b>{voice.say('staff-history', code=case.code)}</b>"]
    if earlier > 0:
        lines.append(voice.say("staff-history-earlier", count=str(earlier)))
    lines += [_step(voice, each) for each in taken[-STEPS_SHOWN_MAX:]]
    return "\n".join(lines)


def _step(voice: Voice, taken: Step) -> str:
    said = voice.say(f"staff-step-{taken.event.value}")
    if taken.outcome is not None:
        said += f" ({escape(outcome_name(voice, taken.outcome), quote=False)})"
    if taken.reason is not None:
        said += f" ({escape(taken.reason, quote=False)})"
    if taken.by is not None:
        said = f"{escape(taken.by.name, quote=False)}: {said}"
    return f"{moment(taken.at)} {said}"


def found(voice: Voice, words: str, cases: Sequence[Case]) -> str:
    """Return the cases that fit every word, a line each, as HTML.

    A word fits what it is a part of: the code, the kind, the language, the state, who has it.
    """
    wanted = _plain(words).split()
    fitting = [case for case in cases if _fits(voice, case, wanted)]
    if not fitting:
        return voice.say("staff-search-nothing")
    lines = [_line(voice, case) for case in fitting[:CASES_SHOWN_MAX]]
    more = len(fitting) - CASES_SHOWN_MAX
    return "\n".join([*lines, *([voice.say("staff-more", count=str(more))] if more > 0 else [])])


def _fits(voice: Voice, case: Case, wanted: Sequence[str]) -> bool:
    shown = [
        case.code,
        alerts.kind_name(voice, case),
        case.urgent_kind or "",
        language_names([case.language], voice.language),
        case.language,
        voice.label(f"staff-state-{case.state.value}"),
        case.state.value,
        case.claim.name if case.claim else "",
    ]
    text = _plain("\n".join(shown))
    return all(word in text for word in wanted)


def _line(voice: Voice, case: Case) -> str:
    state = voice.label(f"staff-state-{case.state.value}")
    has_it = f" ({case.claim.name})" if case.claim else ""
    parts = (alerts.kind_name(voice, case), case.language, f"{state}{has_it}")
    told = escape(" · ".join(parts), quote=False)
    return f"<b>{case.code}</b> {told} · {moment(case.opened_at)}"


def lasting(voice: Voice, seconds: float) -> str:
    """Return for how long something has lasted, such as "3 hours"."""
    # Where the clock was set back since, it has lasted for no time.
    span = dt.timedelta(seconds=max(0.0, seconds))
    locale = babel_locale(voice.language.code)
    return str(format_timedelta(span, granularity="minute", threshold=2, locale=locale))


def moment(at: dt.datetime) -> str:
    """Return a moment as clocks in Japan show it."""
    return f"{at.astimezone(JAPAN):%Y-%m-%d %H:%M}"


def _plain(text: str) -> str:
    """Return a text without case and without marks on letters."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    return "".join(each for each in apart if not unicodedata.combining(each))
