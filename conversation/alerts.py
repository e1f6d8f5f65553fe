"""What the staff group reads of a case. Never a person's name, username or number."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from html import escape

from cases.model import Case, Claim, State
from conversation.messages import Button
from conversation.render import Voice
from knowledge.schema import URGENT_KINDS, UrgentKind
from translations.fill import language_names

# More names would not fit into a message.
MENTIONED_MAX = 20

Rows = tuple[tuple[Button, ...], ...]


def alert(voice: Voice, case: Case, key: str, phrasing: str | None) -> str:
    """Return the alert of a case as HTML; `key` says what happened, `phrasing` which one fired."""
    language = language_names([case.language], voice.language)
    lines = [
        f"<b>{voice.say(key, code=case.code, kind=kind_name(voice, case))}</b>",
        voice.say("staff-language", language=f"{language} ({case.language})"),
    ]
    if phrasing:
        lines.append(voice.say("staff-fired", phrasing=phrasing))
    lines.append(f"<i>{voice.say('staff-how')}</i>")
    return "\n".join(lines)


def ping(voice: Voice, case: Case, minutes: str, coordinators: Sequence[Claim]) -> str:
    """Return the alarm of the rung that the case is on, as HTML; `coordinators` are mentioned, so
    that Telegram tells each of them."""
    kind = kind_name(voice, case)
    said = voice.say(f"staff-rung-{case.rung}", code=case.code, kind=kind, minutes=minutes)
    names = ", ".join(
        f'<a href="tg://user?id={each.staff_id}">{escape(each.name)}</a>'
        for each in coordinators[:MENTIONED_MAX]
    )
    return "\n".join([f"<b>{said}</b>", *([names] if names else [])])


def merged(voice: Voice, at: Sequence[dt.datetime], texts: Sequence[str]) -> str:
    """Return many texts of a person's as one message, as HTML, oldest first; what was written again
    and again stands once, with how often. `at` are their moments in Japan."""
    times = {"since": f"{at[0]:%H:%M}", "until": f"{at[-1]:%H:%M}"}
    head = voice.say("staff-merged", count=str(len(texts)), **times)
    lines = [
        f"• {escape(text, quote=False)}" + (f" <b>×{count}</b>" if count > 1 else "")
        for text, count in Counter(texts).items()
    ]
    return "\n".join([f"<b>{head}</b>", *lines])


def buttons(voice: Voice, case: Case) -> Rows:
    """Return the buttons below an alert, as the case stands."""
    if case.state is State.CLOSED:
        return ()
    close = voice.button("staff-close", f"case:close:{case.code}")
    if case.state is State.CLAIMED:
        row = (close, voice.button("staff-release", f"case:release:{case.code}"))
    else:
        row = (voice.button("staff-claim", f"case:claim:{case.code}"), close)
    if case.urgent_kind is None:
        return (row,)
    return (row, (voice.button("staff-checklist", f"case:checklist:{case.code}"),))


def checklist(voice: Voice, case: Case) -> str | None:
    """Return the checklist for the case's kind of danger as HTML; None where there is no danger."""
    kind = _kind(case)
    return voice.checklist(kind) if kind else None


def kind_name(voice: Voice, case: Case) -> str:
    """Return what the case is about, in the staff's words."""
    kind = _kind(case)
    return voice.language.urgency.kinds[kind].name if kind else voice.label("no-kind")


def topic_name(voice: Voice, case: Case) -> str:
    """Return the name of the case's forum topic, at most 128 characters."""
    return voice.label("topic-name", code=case.code, kind=kind_name(voice, case))[:128]


def _kind(case: Case) -> UrgentKind | None:
    return next((kind for kind in URGENT_KINDS if kind == case.urgent_kind), None)
