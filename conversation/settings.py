"""What is kept about a person, and what they have chosen: /mydata, /quiet."""

from __future__ import annotations

from cases.model import Case
from conversation import unasked
from conversation.menus import footer, in_columns
from conversation.messages import Button, Reply
from conversation.render import Voice
from conversation.state import NIGHT, PersonState, QuietHours
from translations.fill import long_date

# By what stands in the callback data: a night, an early and a late one, the day of a night shift.
QUIET_CHOICES: dict[str, QuietHours | None] = {
    "night": NIGHT,
    "early": (21, 6),
    "late": (0, 9),
    "day": (8, 16),
    "off": None,
}


def mydata(voice: Voice, state: PersonState, case: Case | None, *, is_blocked: bool) -> Reply:
    """Everything that is kept about the person."""
    lines = [
        voice.say("mydata"),
        voice.say("mydata-language", language=voice.language.entry.own_name),
        voice.say("mydata-recent", count=str(len(state.recent))),
    ]
    if case is None:
        lines.append(voice.say("mydata-no-case"))
    else:
        stands = voice.label(f"mydata-{case.state.value}")
        opened_on = long_date(case.opened_at.date(), voice.language)
        lines.append(voice.say("mydata-case", code=case.code, state=stands, date=opened_on))
    if is_blocked:
        lines.append(voice.say("mydata-blocked"))
    lines.append(voice.say("mydata-gaps", count=str(len(state.gaps))))
    lines.append(voice.say("mydata-messages"))
    lines.append(voice.say("mydata-code" if state.code_hash else "mydata-no-code"))
    lines.append(voice.say("mydata-quiet", hours=_hours(voice, state.quiet)))
    lines.append(voice.say("mydata-end"))
    return Reply("\n".join(lines), (footer(voice),))


def quiet(voice: Voice, chosen: QuietHours | None) -> Reply:
    """The quiet hours, to change or to switch off."""
    buttons = [
        Button(_hours(voice, hours), f"quiet:{name}") for name, hours in QUIET_CHOICES.items()
    ]
    text = voice.say("quiet", hours=_hours(voice, chosen))
    return Reply(text, (*in_columns(buttons, 2), footer(voice)))


def _hours(voice: Voice, quiet: QuietHours | None) -> str:
    return voice.label("quiet-none") if quiet is None else unasked.hours(quiet)
