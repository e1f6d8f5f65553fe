"""The phrase cards as a volunteer sees them: in their own language where the bot speaks it to
volunteers, else in the group's.

Callback data: `card:groups:CODE`, `card:group:CODE:GROUP` and `card:send:CODE:CARD`. What it asks
for is done only below a list that was sent for this case.
"""

from __future__ import annotations

from html import escape, unescape

from cases.model import Case
from conversation.messages import Button, Reply
from conversation.render import Voice
from errors import UncoveredDayError
from matching.cards import find_cards

CARDS_SHOWN_MAX = 5
# A phone shows about so much of a button.
_LABEL_LENGTH_MAX = 60

Rows = tuple[tuple[Button, ...], ...]


def asked(voice: Voice, group: Voice, case: Case, words: str) -> Reply:
    """Answer `/say words` in the asker's voice: the cards that fit best, in their language or in
    the group's; the groups where there are no words."""
    if not words.strip():
        return groups(voice, case)
    shelves = [each.language.cards.cards for each in (voice, group)]
    found = find_cards(words, shelves, CARDS_SHOWN_MAX)
    shown, buttons = _cards(voice, case, found)
    if not buttons:
        return Reply(voice.say("staff-say-nothing", code=case.code), _groups(voice, case))
    text = voice.say("staff-say-found", code=case.code)
    return Reply(f"{text}\n\n{shown}", (*buttons, _back(voice, case)))


def groups(voice: Voice, case: Case) -> Reply:
    """Every group, to choose from."""
    return Reply(voice.say("staff-say-groups", code=case.code), _groups(voice, case))


def group(voice: Voice, case: Case, name: str) -> Reply | None:
    """The cards of a group; None where there is no such group."""
    ids = voice.knowledge.cards.groups.get(name)
    if ids is None:
        return None
    shown, buttons = _cards(voice, case, list(ids))
    title = voice.language.cards.groups[name]
    text = voice.say("staff-say-group", code=case.code, group=title)
    return Reply(f"{text}\n\n{shown}", (*buttons, _back(voice, case)))


def sent(voice: Voice, case: Case, card_id: str, name: str) -> Reply:
    """What stays of a list once a card was sent: who sent which."""
    title = voice.language.cards.cards[card_id].title
    return Reply(voice.say("staff-card-sent", code=case.code, name=name, title=title))


def _cards(voice: Voice, case: Case, ids: list[str]) -> tuple[str, Rows]:
    """Return the cards in full and a button for each; one that cannot be said today is left out."""
    shown, buttons = [], []
    for card_id in ids:
        title = voice.language.cards.cards[card_id].title
        try:
            text = voice.card(card_id)
        except UncoveredDayError:
            continue
        shown.append(f"<b>{escape(title, quote=False)}</b>\n{text}")
        label = _label(title, unescape(text))
        buttons.append((Button(label, f"card:send:{case.code}:{card_id}"),))
    return "\n\n".join(shown), tuple(buttons)


def _label(title: str, text: str) -> str:
    label = text if text.startswith(title) else f"{title} · {text}"
    return label if len(label) <= _LABEL_LENGTH_MAX else label[: _LABEL_LENGTH_MAX - 1] + "…"


def _groups(voice: Voice, case: Case) -> Rows:
    buttons = [
        Button(voice.language.cards.groups[name], f"card:group:{case.code}:{name}")
        for name in voice.knowledge.cards.groups
    ]
    return tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))


def _back(voice: Voice, case: Case) -> tuple[Button, ...]:
    return (voice.button("staff-say-back", f"card:groups:{case.code}"),)
