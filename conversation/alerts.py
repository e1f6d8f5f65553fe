"""What the staff group reads of a case. Never a person's name, username or number."""

from __future__ import annotations

from cases.model import Case, State
from conversation.messages import Button
from conversation.render import Voice
from knowledge.schema import URGENT_KINDS, UrgentKind

Rows = tuple[tuple[Button, ...], ...]


def alert(voice: Voice, case: Case, key: str, language_name: str, phrasing: str | None) -> str:
    """Return the alert of a case as HTML; `key` says what happened, `phrasing` which one fired."""
    lines = [
        f"<b>{voice.say(key, code=case.code, kind=kind_name(voice, case))}</b>",
        voice.say("staff-language", language=f"{language_name} ({case.language})"),
    ]
    if phrasing:
        lines.append(voice.say("staff-fired", phrasing=phrasing))
    lines.append(f"<i>{voice.say('staff-how')}</i>")
    return "\n".join(lines)


def buttons(voice: Voice, case: Case) -> Rows:
    """Return the buttons below an alert, as the case stands."""
    if case.state is State.CLOSED:
        return ()
    row = [voice.button("staff-close", f"case:close:{case.code}")]
    if case.state is State.WAITING:
        row.insert(0, voice.button("staff-claim", f"case:claim:{case.code}"))
    if case.urgent_kind is None:
        return (tuple(row),)
    return (tuple(row), (voice.button("staff-checklist", f"case:checklist:{case.code}"),))


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
