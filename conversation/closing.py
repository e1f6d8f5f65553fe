"""Closing a case, as volunteers see it: what came of it, chosen below the alert.

Callback data: `case:close:CODE` asks, `case:handed:CODE` asks to whom, `case:outcome:CODE:OUTCOME`
closes, `case:back:CODE` leaves it open.
"""

from __future__ import annotations

from cases.model import Case, Outcome
from conversation.messages import Button
from conversation.render import Voice

Rows = tuple[tuple[Button, ...], ...]

_OTHERS = (Outcome.NO_ANSWER, Outcome.NOT_NEEDED, Outcome.ABUSE)
_HANDED_TO = tuple(outcome for outcome in Outcome if outcome.is_handed_on)


def outcomes(voice: Voice, case: Case) -> Rows:
    """Return the choices of what came of the case."""
    handed = voice.button("staff-outcome-handed", f"case:handed:{case.code}")
    return (
        (_choice(voice, case, Outcome.HELPED), handed),
        *((_choice(voice, case, outcome),) for outcome in _OTHERS),
        (_back(voice, case),),
    )


def handed_to(voice: Voice, case: Case) -> Rows:
    """Return the choices of whom the case was handed on to."""
    choices = [_choice(voice, case, outcome) for outcome in _HANDED_TO]
    rows = (tuple(choices[at : at + 2]) for at in range(0, len(choices), 2))
    return (*rows, (_back(voice, case),))


def outcome_name(voice: Voice, outcome: Outcome) -> str:
    """Return what came of a case, in the staff's words."""
    said = voice.label(f"staff-outcome-{outcome.value}")
    return f"{voice.label('staff-outcome-handed')} {said}" if outcome.is_handed_on else said


def _choice(voice: Voice, case: Case, outcome: Outcome) -> Button:
    key = f"staff-outcome-{outcome.value}"
    return voice.button(key, f"case:outcome:{case.code}:{outcome.value}")


def _back(voice: Voice, case: Case) -> Button:
    return voice.button("staff-outcome-back", f"case:back:{case.code}")
