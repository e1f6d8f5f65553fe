"""The messages with buttons: menus, answers, cards. Each function returns one Reply.

Callback data of a person's buttons: `verb` or `verb:argument[:argument]`, read in `press.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cases.model import Case
from conversation.messages import Button, Reply
from conversation.render import Voice
from errors import UncoveredDayError
from knowledge.schema import UrgentKind
from translations.load import Translations

PAGE_SIZE = 10
SUGGESTIONS_MAX = 3
RELATED_SHOWN_MAX = 3
# Told when no answer can be given for today: these offices can be asked about anything.
FALLBACK_CONTACTS = ("otit", "labour-standards-office", "houterasu")

# Whom anybody can call who is in danger.
EMERGENCY_CONTACTS = ("police", "ambulance-fire")

Rows = tuple[tuple[Button, ...], ...]


def footer(voice: Voice) -> tuple[Button, ...]:
    """The emergency card is one tap away below every message."""
    return (voice.button("emergency-button", "emergency"), voice.button("menu-button", "menu"))


def plain(voice: Voice, key: str, **values: str) -> Reply:
    return Reply(voice.say(key, **values), (footer(voice),))


def with_human(voice: Voice, key: str) -> Reply:
    human = (voice.button("talk-to-human", "human"),)
    return Reply(voice.say(key), (human, footer(voice)))


def languages(voice: Voice, translations: Translations) -> Reply:
    buttons = [
        Button(language.entry.own_name, f"language:{code}")
        for code, language in translations.languages.items()
    ]
    return Reply(voice.say("choose-language"), (*in_columns(buttons, 2), footer(voice)))


def welcome(voice: Voice) -> Reply:
    return Reply(voice.say("welcome"), _menu_rows(voice))


def menu(voice: Voice) -> Reply:
    return Reply(voice.say("menu"), _menu_rows(voice))


def _menu_rows(voice: Voice) -> Rows:
    return (
        (voice.button("emergency-button", "emergency"),),
        (
            voice.button("pillar-labour", "pillar:labour:0"),
            voice.button("pillar-transfer", "pillar:transfer:0"),
        ),
        (
            voice.button("pillar-broker", "pillar:broker:0"),
            voice.button("pillar-help", "pillar:help:0"),
        ),
        (voice.button("talk-to-human", "human"),),
    )


def pillar(voice: Voice, name: str, page: int) -> Reply:
    """The topics of a pillar, a page of them."""
    buttons = [
        Button(voice.language.topics[topic_id].title, f"topic:{topic_id}")
        for topic_id, topic in voice.knowledge.topics.items()
        if topic.pillar == name
    ]
    text = voice.say("pillar-topics", pillar=voice.label(f"pillar-{name}"))
    return Reply(text, _page(voice, buttons, f"pillar:{name}", page, columns=1))


def answer(
    voice: Voice, topic_id: str, rows: Sequence[str] = (), question_id: int | None = None
) -> tuple[Reply, list[str]]:
    """The answer to a topic, and what a human must look at because it has no value today.

    `rows` are the rows of the topic's table that the person named: they are told first.
    `question_id` is the message that asked, where one did.
    """
    topic = voice.knowledge.topics[topic_id]
    try:
        text = voice.answer(topic_id)
        if topic.table:
            told = [voice.row(topic.table, row_id) for row_id in rows]
            text = "\n\n".join([*told, text])
    except UncoveredDayError as error:
        contacts = voice.contacts(FALLBACK_CONTACTS)
        reply = with_human(voice, "no-value-today")
        return Reply(f"{reply.text}\n\n{contacts}", reply.buttons), [error.name]
    keyboard: list[tuple[Button, ...]] = []
    if topic.table:
        keyboard.append((voice.button(f"choose-row-{topic.table}", f"table:{topic.table}:0"),))
    for related in topic.related[:RELATED_SHOWN_MAX]:
        keyboard.append((Button(voice.language.topics[related].title, f"topic:{related}"),))
    keyboard.append((voice.button("talk-to-human", "human"),))
    keyboard.append(
        (
            voice.button("helpful-yes", f"helpful:yes:{topic_id}"),
            voice.button("helpful-no", _about(f"helpful:no:{topic_id}", question_id)),
        )
    )
    keyboard.append(footer(voice))
    return Reply(text, tuple(keyboard)), []


def table(voice: Voice, table_id: str, page: int) -> Reply:
    """The rows of a table to choose from, a page of them."""
    rows = voice.knowledge.tables[table_id].rows
    names = voice.language.tables[table_id]
    buttons = [Button(names[row_id].name, f"row:{table_id}:{row_id}") for row_id in rows]
    text = voice.say(f"choose-row-{table_id}")
    return Reply(text, _page(voice, buttons, f"table:{table_id}", page, columns=2))


def row(voice: Voice, table_id: str, row_id: str) -> tuple[Reply, list[str]]:
    """One row of a table, and what a human must look at."""
    again = (voice.button(f"choose-row-{table_id}", f"table:{table_id}:0"),)
    try:
        return Reply(voice.row(table_id, row_id), (again, footer(voice))), []
    except UncoveredDayError as error:
        return with_human(voice, "no-value-today"), [error.name]


def suggestions(voice: Voice, topic_ids: Iterable[str], question_id: int | None) -> Reply:
    buttons = [
        (Button(voice.language.topics[topic_id].title, f"topic:{topic_id}"),)
        for topic_id in list(topic_ids)[:SUGGESTIONS_MAX]
    ]
    none = (voice.button("none-of-these", _about("none", question_id)),)
    return Reply(voice.say("did-you-mean"), (*buttons, none, footer(voice)))


def emergency(voice: Voice) -> Reply:
    """The card that works with everything else down: it needs nothing but the content."""
    return Reply(voice.emergency_card(), ((voice.button("talk-to-human", "human"),),))


def urgent(voice: Voice, kind: UrgentKind) -> Reply:
    """The card for a danger, with the answers that belong to it one tap away."""
    topics = tuple(
        (Button(voice.language.topics[topic_id].title, f"topic:{topic_id}"),)
        for topic_id in voice.knowledge.urgent[kind].topics
    )
    return Reply(voice.urgent_card(kind), (*topics, footer(voice)))


def passed_on(voice: Voice, code: str, again: bool) -> Reply:
    """Says what was passed on, that no name was, and how to stop it."""
    key = "passed-on-again" if again else "passed-on"
    stop = (voice.button("stop-button", "stop"),)
    return Reply(voice.say(key, code=code), (stop, footer(voice)))


def opened(voice: Voice, code: str, already: bool) -> Reply:
    key = "human-already" if already else "human-opened"
    stop = (voice.button("stop-button", "stop"),)
    return Reply(voice.say(key, code=code), (stop, footer(voice)))


def consent(voice: Voice) -> Reply:
    choice = (voice.button("human-yes", "human-yes"), voice.button("human-no", "human-no"))
    return Reply(voice.say("human-consent"), (choice, footer(voice)))


def forget(voice: Voice) -> Reply:
    """Asks once more: what is erased cannot come back."""
    choice = (voice.button("forget-yes", "forget-yes"), voice.button("forget-no", "forget-no"))
    return Reply(voice.say("forget-ask"), (choice, footer(voice)))


def forgotten(voice: Voice) -> Reply:
    return Reply(voice.say("forgotten"))


def phone_note(voice: Voice) -> Reply:
    """Who else may see the phone, and the way out."""
    return Reply(voice.say("phone-note"), ((voice.button("phone-note-hide", "hide"),),))


def hide(voice: Voice) -> Reply:
    """Asks once more, now that there is a word that ends it."""
    choice = (voice.button("hide-yes", "hide-yes"), voice.button("hide-no", "hide-no"))
    return Reply(voice.say("hide-confirm"), (choice,))


def back(voice: Voice) -> Reply:
    """The person's own word has come."""
    return Reply(voice.say("hide-back"), _menu_rows(voice))


def nobody_has_it(voice: Voice, case: Case) -> Reply:
    """Says honestly that a case has come back to all, or that nobody has answered yet, and whom to
    call instead of waiting."""
    said = voice.say("nobody-yet" if case.rung else "back-with-all")
    return Reply(f"{said}\n\n{_whom_to_call(voice, case)}", (footer(voice),))


def nobody_on_duty(voice: Voice, case: Case, from_time: str | None, usual: str | None) -> Reply:
    """Says how long it may take, as far as that is known: from when somebody plans to be there,
    else how long people waited lately (a word of `usual_wait`), else that nobody knows."""
    if from_time is not None:
        expected = voice.say("wait-planned", time=from_time)
    else:
        expected = voice.say(f"wait-{usual or 'unknown'}")
    said = f"{voice.say('nobody-on-duty')} {expected}\n{voice.say('wait-danger')}"
    return Reply(f"{said}\n\n{_whom_to_call(voice, case)}", (footer(voice),))


def _whom_to_call(voice: Voice, case: Case) -> str:
    urgent_kinds = voice.knowledge.urgent.items()
    of_kind = (entry.contacts for kind, entry in urgent_kinds if kind == case.urgent_kind)
    contacts = voice.contacts(next(of_kind, EMERGENCY_CONTACTS))
    return f"<b>{voice.say('urgent-call')}</b>\n{contacts}"


def closed(voice: Voice, asks_later: bool) -> Reply:
    """Says that the case is closed and how to be heard again; `asks_later` also asks whether the
    person may be asked after a day."""
    again = (voice.button("write-again-button", "human-yes"),)
    text = voice.say("closed")
    if not asks_later:
        return Reply(text, (again, footer(voice)))
    choice = (
        voice.button("ask-later-yes-button", "ask-later:yes"),
        voice.button("ask-later-no-button", "ask-later:no"),
    )
    return Reply(f"{text}\n\n{voice.say('ask-later')}", (choice, again, footer(voice)))


def unblocked(voice: Voice) -> Reply:
    """Says that the volunteers can be written to again, and how."""
    again = (voice.button("write-again-button", "human-yes"),)
    return Reply(voice.say("unblocked"), (again, footer(voice)))


def are_you_safe(voice: Voice) -> Reply:
    """Asks once, after a day, as the person has agreed."""
    yes = (voice.button("safe-yes-button", "safe:yes"),)
    no = (voice.button("safe-no-button", "safe:no"),)
    return Reply(voice.say("are-you-safe"), (yes, no, footer(voice)))


def asks_code(voice: Voice) -> Reply:
    """Says nothing but that there is something, and what brings it."""
    return Reply(voice.say("code-needed"), (footer(voice),))


def switch_button(voice: Voice) -> Button:
    """Offers to go on in the voice's language."""
    code = voice.language.code
    return Button(voice.label("language-offer"), f"language:{code}")


def _about(data: str, question_id: int | None) -> str:
    return data if question_id is None else f"{data}:{question_id}"


def in_columns(buttons: Sequence[Button], columns: int) -> Rows:
    return tuple(tuple(buttons[at : at + columns]) for at in range(0, len(buttons), columns))


def _page(voice: Voice, buttons: Sequence[Button], data: str, page: int, columns: int) -> Rows:
    size = PAGE_SIZE * columns
    page = min(page, (len(buttons) - 1) // size)
    shown = buttons[page * size : (page + 1) * size]
    moves = []
    if page > 0:
        moves.append(voice.button("back", f"{data}:{page - 1}"))
    if len(buttons) > (page + 1) * size:
        moves.append(voice.button("more", f"{data}:{page + 1}"))
    return (*in_columns(shown, columns), *((tuple(moves),) if moves else ()), footer(voice))
