"""Hiding: the chat is emptied, and the bot is a small phrase-book until the person's word comes.

Whoever holds the phone then learns nothing; messages of danger still alarm the volunteers.
"""

from __future__ import annotations

from dataclasses import replace

from conversation import menus, secret
from conversation.messages import CaseWish, Command, Kind, Reply, Turn
from conversation.moment import Moment
from conversation.state import Hiding
from matching.judgement import Judgement

# The one command that a hidden chat lists.
PHRASE_COMMAND = "phrase"
PHRASES = ("morning", "day", "evening", "thanks", "sorry", "meal", "work-done", "night")


def ask(moment: Moment) -> Turn:
    """Say what hiding cannot do, and ask for the word that ends it."""
    moment = replace(moment, state=replace(moment.state, hiding=Hiding.ASKED))
    return moment.turn(menus.plain(moment.voice, "hide-ask"))


def word_chosen(moment: Moment, judgement: Judgement) -> Turn:
    """Keep the word that the person wrote, as a keyed hash, and ask once more."""
    word = moment.incoming.text
    if not secret.fits(word, judgement):
        return moment.turn(menus.plain(moment.voice, "hide-word-again"))
    hashed = secret.hashed(word, moment.fresh_key)
    state = replace(moment.state, hiding=Hiding.READY, word_key=moment.fresh_key, word_hash=hashed)
    return replace(moment, state=state).turn(menus.hide(moment.voice))


def confirm(moment: Moment) -> Turn:
    """Hide; without a word that ends it, ask for one."""
    if moment.state.hiding is not Hiding.READY:
        return ask(moment)
    state = replace(moment.state, hiding=Hiding.HIDDEN, recent=(), card_kind=None, card_at=None)
    turn = replace(moment, state=state).turn(_phrase(moment, "welcome"))
    commands = (Command(PHRASE_COMMAND, moment.voice.label("phrase-book-command")),)
    notice = _notice(moment, "staff-hidden")
    return replace(turn, hide=True, staff_notice=notice, commands=commands)


def cancel(moment: Moment) -> Turn:
    return left(moment).turn(menus.plain(moment.voice, "hide-no-reply"))


def left(moment: Moment) -> Moment:
    """Return the moment of somebody who did something else instead of going on to hide."""
    return replace(moment, state=replace(moment.state, hiding=Hiding.NO, word_key="", word_hash=""))


def behind(moment: Moment, alarm: CaseWish | None) -> Turn:
    """Answer while hidden: with a phrase, whatever was written; an alarm is raised in silence."""
    if _is_the_word(moment):
        back = left(moment)
        back = replace(back, state=replace(back.state, recent=()))
        turn = back.turn(menus.back(moment.voice), case=alarm)
        return replace(turn, staff_notice=_notice(moment, "staff-back"), commands=())
    if alarm is not None:
        # What alarmed is passed on: it must not make the next message alarm by being joined.
        moment = replace(moment, state=replace(moment.state, recent=(), bot_only=False))
    incoming = moment.incoming
    asks_phrase = incoming.text == f"/{PHRASE_COMMAND}"
    first = incoming.kind in (Kind.COMMAND, Kind.BUTTON) and not asks_phrase
    number = incoming.message_id or 0
    phrase = _phrase(moment, "welcome" if first else PHRASES[number % len(PHRASES)])
    turn = moment.turn(*(() if incoming.edited else (phrase,)), case=alarm)
    return replace(turn, staff_notice="staff-hidden") if alarm else turn


def _is_the_word(moment: Moment) -> bool:
    incoming, state = moment.incoming, moment.state
    if incoming.kind is not Kind.TEXT or incoming.edited:
        return False
    return secret.is_word(incoming.text, state.word_key, state.word_hash)


def _phrase(moment: Moment, name: str) -> Reply:
    return Reply(moment.voice.say(f"phrase-book-{name}"))


def _notice(moment: Moment, key: str) -> str | None:
    return key if moment.case_is_open else None
