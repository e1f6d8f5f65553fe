"""Commands and buttons: what a person asks for without words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cases.model import State
from conversation import blocked, codeword, gaps, hide, menus, phone_note, settings, unasked
from conversation.messages import CaseAction, CaseWish, Reply, Turn
from conversation.moment import Moment
from knowledge.schema import PILLARS


def command(moment: Moment) -> Turn:
    """Answer a command such as `/human`; an unknown one gets the help."""
    name, _, argument = moment.incoming.text.removeprefix("/").partition(" ")
    name = name.partition("@")[0].lower()
    if name == "start":
        return _start(moment, argument.strip())
    return _COMMANDS.get(name, _help)(moment)


def press(moment: Moment) -> Turn:
    """Answer a button; one that is unknown, old or forged gets the menu."""
    verb, *arguments = moment.incoming.text.split(":")
    handler = _BUTTONS.get(verb)
    if verb != "hide-yes":
        moment = codeword.left(hide.left(moment))
    if handler is None or not _fits(moment, verb, arguments):
        return _menu(moment)
    return handler(moment, arguments)


def _fits(moment: Moment, verb: str, arguments: list[str]) -> bool:
    """Whether the arguments name something that there is."""
    knowledge = moment.content.knowledge
    known: dict[str, Callable[[list[str]], bool]] = {
        "language": lambda a: a[0] in moment.content.translations.languages,
        "topic": lambda a: a[0] in knowledge.topics,
        "pillar": lambda a: a[0] in PILLARS and _is_page(a[1]),
        "table": lambda a: a[0] in knowledge.tables and _is_page(a[1]),
        "row": lambda a: a[1] in knowledge.tables[a[0]].rows,
        "helpful": lambda a: a[0] in ("yes", "no") and a[1] in knowledge.topics,
        "none": lambda a: all(map(_is_message_id, a)),
        "ask-later": lambda a: a[0] in ("yes", "no"),
        "safe": lambda a: a[0] in ("yes", "no"),
        "quiet": lambda a: a[0] in settings.QUIET_CHOICES,
    }
    try:
        return known[verb](arguments) if verb in known else not arguments
    except (IndexError, KeyError):
        return False


def _is_page(number: str) -> bool:
    # Python refuses to read a number of thousands of digits.
    return number.isdecimal() and len(number) < 4


def _is_message_id(number: str) -> bool:
    return number.isdecimal() and len(number) < 20


def _question_id(arguments: list[str]) -> int | None:
    """Return the message that was answered, where the data names it."""
    return int(arguments[0]) if arguments and _is_message_id(arguments[0]) else None


def _start(moment: Moment, payload: str) -> Turn:
    """`payload` of a deep link: a language code, a topic id, or `code-topic`."""
    code, _, rest = payload.partition("-")
    if code in moment.content.translations.languages:
        moment = _speaking(moment, code)
        payload = rest
    if payload in moment.content.knowledge.topics:
        moment = replace(moment, state=replace(moment.state, welcomed=True))
        welcome = menus.plain(moment.voice, "welcome-short")
        return _answer(moment, payload, welcome)
    if moment.state.language_chosen:
        return _welcome(moment)
    return moment.turn(menus.languages(moment.voice, moment.content.translations))


def _welcome(moment: Moment) -> Turn:
    moment = replace(moment, state=replace(moment.state, welcomed=True))
    return moment.turn(menus.welcome(moment.voice))


def _speaking(moment: Moment, code: str) -> Moment:
    state = replace(moment.state, language_chosen=True)
    return replace(moment, language=code, own_language=code, state=state)


def _language(moment: Moment, arguments: list[str]) -> Turn:
    first = not moment.state.welcomed
    moment = _speaking(moment, arguments[0])
    if first:
        return _welcome(moment)
    return moment.turn(menus.plain(moment.voice, "language-changed"))


def _languages(moment: Moment) -> Turn:
    return moment.turn(menus.languages(moment.voice, moment.content.translations))


def _menu(moment: Moment) -> Turn:
    return moment.turn(menus.menu(moment.voice))


def _help(moment: Moment) -> Turn:
    return moment.turn(menus.with_human(moment.voice, "help"))


def _about(moment: Moment) -> Turn:
    return moment.turn(menus.with_human(moment.voice, "about"))


def _emergency(moment: Moment) -> Turn:
    return moment.turn(menus.emergency(moment.voice))


def _human(moment: Moment) -> Turn:
    if moment.is_kept_out:
        return blocked.told(moment)
    if moment.case_is_open and moment.writes_to_case:
        return moment.turn(menus.opened(moment.voice, moment.code, already=True))
    moment, note = phone_note.once(moment)
    return moment.turn(*note, menus.consent(moment.voice))


def _human_yes(moment: Moment) -> Turn:
    if moment.is_kept_out:
        return blocked.told(moment)
    already = moment.case_is_open and moment.writes_to_case
    wish = CaseWish(CaseAction.REQUEST, message_ids=moment.recent_ids)
    moment = replace(moment, state=replace(moment.state, bot_only=False, recent=(), welcomed=True))
    reply = menus.opened(moment.voice, moment.code, already)
    return moment.turn(reply, case=None if already else wish)


def _human_no(moment: Moment) -> Turn:
    if moment.case_is_open and moment.writes_to_case:
        return moment.turn(menus.opened(moment.voice, moment.code, already=True))
    return moment.turn(menus.plain(moment.voice, "human-no-reply"))


def _stop(moment: Moment) -> Turn:
    wish = CaseWish(CaseAction.WITHDRAW) if moment.case_is_open else None
    moment = replace(moment, state=replace(moment.state, bot_only=True))
    return moment.turn(menus.plain(moment.voice, "stopped"), case=wish)


def _forget(moment: Moment) -> Turn:
    return moment.turn(menus.forget(moment.voice))


def _forget_yes(moment: Moment) -> Turn:
    return replace(moment.turn(menus.forgotten(moment.voice)), forget=True)


def _forget_no(moment: Moment) -> Turn:
    return moment.turn(menus.plain(moment.voice, "forget-no-reply"))


def _mydata(moment: Moment) -> Turn:
    return moment.turn(
        settings.mydata(
            moment.voice, moment.state, moment.case, is_blocked=moment.block is not None
        )
    )


def _none(moment: Moment, arguments: list[str]) -> Turn:
    turn = moment.turn(menus.with_human(moment.voice, "unknown"))
    return gaps.none_meant(turn, moment, _question_id(arguments))


def _topic(moment: Moment, arguments: list[str]) -> Turn:
    return _answer(moment, arguments[0])


def _answer(moment: Moment, topic_id: str, *before: Reply) -> Turn:
    moment, note = phone_note.before_topic(moment, topic_id)
    reply, uncovered = menus.answer(moment.voice, topic_id)
    return moment.turn(*before, *note, reply, uncovered=tuple(uncovered))


def _pillar(moment: Moment, arguments: list[str]) -> Turn:
    return moment.turn(menus.pillar(moment.voice, arguments[0], int(arguments[1])))


def _table(moment: Moment, arguments: list[str]) -> Turn:
    return moment.turn(menus.table(moment.voice, arguments[0], int(arguments[1])))


def _row(moment: Moment, arguments: list[str]) -> Turn:
    reply, uncovered = menus.row(moment.voice, arguments[0], arguments[1])
    return moment.turn(reply, uncovered=tuple(uncovered))


def _helpful(moment: Moment, arguments: list[str]) -> Turn:
    if arguments[0] == "yes":
        return moment.turn(menus.plain(moment.voice, "thanks-helpful"))
    turn = moment.turn(menus.with_human(moment.voice, "thanks-not-helpful"))
    return gaps.not_helpful(turn, moment, arguments[1], _question_id(arguments[2:]))


def _ask_later(moment: Moment, arguments: list[str]) -> Turn:
    """Keep whether the person may be asked after a day; of an open case there is nothing to ask."""
    agrees = arguments[0] == "yes" and moment.case_state is State.CLOSED
    reply = menus.plain(moment.voice, "ask-later-yes" if agrees else "ask-later-no")
    return replace(moment.turn(reply), asks_later=agrees)


def _safe(moment: Moment, arguments: list[str]) -> Turn:
    """Hear the answer to the question after a day; a case that is open has its volunteers."""
    if moment.case_is_open or moment.case is None:
        return _human(moment)
    if arguments[0] == "yes":
        wish = CaseWish(CaseAction.IS_SAFE)
        return moment.turn(menus.plain(moment.voice, "safe-yes"), case=wish)
    if moment.is_kept_out:
        return blocked.told(moment)
    moment = replace(moment, state=replace(moment.state, bot_only=False, recent=(), welcomed=True))
    wish = CaseWish(CaseAction.IS_UNSAFE)
    return moment.turn(menus.opened(moment.voice, moment.code, already=False), case=wish)


def _quiet(moment: Moment) -> Turn:
    return moment.turn(settings.quiet(moment.voice, moment.state.quiet))


def _quiet_from(moment: Moment, arguments: list[str]) -> Turn:
    state = replace(moment.state, quiet=settings.QUIET_CHOICES[arguments[0]])
    moment = replace(moment, state=state)
    if state.quiet is None:
        return moment.turn(menus.plain(moment.voice, "quiet-off"))
    hours = unasked.hours(state.quiet)
    return moment.turn(menus.plain(moment.voice, "quiet-changed", hours=hours))


def _without_arguments(answer: Callable[[Moment], Turn]) -> Callable[[Moment, list[str]], Turn]:
    return lambda moment, _arguments: answer(moment)


_COMMANDS: dict[str, Callable[[Moment], Turn]] = {
    "menu": _menu,
    "emergency": _emergency,
    "human": _human,
    "language": _languages,
    "help": _help,
    "about": _about,
    "mydata": _mydata,
    "forget": _forget,
    "hide": hide.ask,
    "codeword": codeword.ask,
    "quiet": _quiet,
}

_BUTTONS: dict[str, Callable[[Moment, list[str]], Turn]] = {
    "language": _language,
    "topic": _topic,
    "pillar": _pillar,
    "table": _table,
    "row": _row,
    "helpful": _helpful,
    "menu": _without_arguments(_menu),
    "emergency": _without_arguments(_emergency),
    "human": _without_arguments(_human),
    "human-yes": _without_arguments(_human_yes),
    "human-no": _without_arguments(_human_no),
    "stop": _without_arguments(_stop),
    "ask-later": _ask_later,
    "safe": _safe,
    "quiet": _quiet_from,
    "none": _none,
    "forget-yes": _without_arguments(_forget_yes),
    "forget-no": _without_arguments(_forget_no),
    "hide": _without_arguments(hide.ask),
    "hide-yes": _without_arguments(hide.confirm),
    "hide-no": _without_arguments(hide.cancel),
}

# The commands that Telegram lists, in this order; `start` is not listed.
LISTED_COMMANDS = tuple(_COMMANDS)
