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
    if case.claim is not None and key == "staff-raised":
        lines.append(f"{mention(case.claim)}: {voice.say('staff-holder-called')}")
    lines.append(f"<i>{voice.say('staff-how')}</i>")
    return "\n".join(lines)


def ping(voice: Voice, case: Case, minutes: str, called: Sequence[Claim]) -> str:
    """Return the alarm of the rung that the case is on, as HTML; those `called` are mentioned, so
    that Telegram tells each of them."""
    kind = kind_name(voice, case)
    said = voice.say(f"staff-rung-{case.rung}", code=case.code, kind=kind, minutes=minutes)
    names = ", ".join(mention(each) for each in called[:MENTIONED_MAX])
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


def mention(claim: Claim) -> str:
    """Return a volunteer's name as HTML that makes Telegram tell them; the group's own name, in
    which a coordinator may act, as it is."""
    name = escape(claim.name, quote=False)
    return name if claim.staff_id <= 0 else f'<a href="tg://user?id={claim.staff_id}">{name}</a>'


def buttons(voice: Voice, case: Case, asks_safe: bool = False) -> Rows:
    """Return the buttons below an alert, as the case stands; `asks_safe` offers as the first thing
    to ask whether it is safe to write."""
    if case.state is State.CLOSED:
        return ()
    safe = ((voice.button("staff-ask-safe", f"case:safe:{case.code}"),),) if asks_safe else ()
    close = voice.button("staff-close", f"case:close:{case.code}")
    if case.state is State.CLAIMED:
        release = voice.button("staff-release", f"case:release:{case.code}")
        hand_over = voice.button("staff-hand-over", f"case:handover:{case.code}")
        take_over = voice.button("staff-take-over", f"case:takeover:{case.code}")
        rows: Rows = ((close, release), (hand_over, take_over))
    else:
        rows = ((voice.button("staff-claim", f"case:claim:{case.code}"), close),)
    if case.urgent_kind is None:
        return (*safe, *rows)
    return (*safe, *rows, (voice.button("staff-checklist", f"case:checklist:{case.code}"),))


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
