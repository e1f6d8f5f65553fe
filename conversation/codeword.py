"""The code word: after a silence a volunteer's messages are shown to nobody who does not know it.

Nothing of this touches an alarm, and whoever asks the bot itself is answered as ever.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from conversation import menus, secret
from conversation.messages import CaseAction, CaseWish, Turn
from conversation.moment import Moment
from conversation.state import CodeStep, PersonState
from matching.judgement import Judgement

# After so long without a message the phone may be in other hands.
SILENCE = dt.timedelta(hours=2)
# So many wrong words, and the volunteers are told.
WRONG_MAX = 3


def is_needed(state: PersonState, now: dt.datetime) -> bool:
    """Whether the person must write their word before a volunteer's message is shown."""
    if not state.code_hash or state.code_step is CodeStep.CONFIRMING:
        return False
    return state.code_at is None or now - state.code_at > SILENCE


def still_here(state: PersonState, now: dt.datetime) -> PersonState:
    """Return the state of somebody who does something now: without a silence it is still them."""
    return state if is_needed(state, now) else replace(state, code_at=now)


def ask(moment: Moment) -> Turn:
    """Ask for a new word, or for the present one, which is then taken away."""
    has_one = bool(moment.state.code_hash)
    step = CodeStep.REMOVING if has_one else CodeStep.SETTING
    moment = replace(moment, state=replace(moment.state, code_step=step))
    return moment.turn(menus.plain(moment.voice, "code-remove-ask" if has_one else "code-ask"))


def left(moment: Moment) -> Moment:
    """Return the moment of somebody who did something else than write the word asked for."""
    if moment.state.code_step is CodeStep.CONFIRMING:
        moment = _without_word(moment)
    return replace(moment, state=replace(moment.state, code_step=CodeStep.NO))


def heard(moment: Moment, judgement: Judgement) -> Turn | None:
    """Return what follows where a text is the person's word, or one that they were asked for."""
    state = moment.state
    if state.code_step is CodeStep.SETTING:
        return _chosen(moment, judgement)
    if state.code_hash and secret.is_word(moment.incoming.text, state.code_key, state.code_hash):
        return _right(moment)
    if state.code_step is CodeStep.CONFIRMING:
        return left(moment).turn(menus.plain(moment.voice, "code-differs"))
    if state.code_step is CodeStep.REMOVING:
        return left(moment).turn(menus.plain(moment.voice, "code-stays"))
    return None


def wrong(moment: Moment) -> Turn:
    """Show nothing while a message is held. What was written goes to the volunteers, who are told
    after some wrong words whom it may be from."""
    state = replace(moment.state, code_wrong=moment.state.code_wrong + 1)
    moment = replace(moment, state=state)
    wish = CaseWish(CaseAction.WRITE, message_ids=moment.message_ids)
    turn = moment.turn(menus.asks_code(moment.voice), case=wish if moment.writes_to_case else None)
    is_stranger = state.code_wrong == WRONG_MAX and moment.case is not None
    return replace(turn, staff_notice="staff-code-unknown" if is_stranger else None)


def _chosen(moment: Moment, judgement: Judgement) -> Turn:
    """Ask for the word once more: a question that happened to come now must lock nobody out."""
    word = moment.incoming.text
    if not secret.fits(word, judgement):
        return moment.turn(menus.plain(moment.voice, "code-again"))
    key = moment.fresh_key
    state = replace(
        moment.state,
        code_step=CodeStep.CONFIRMING,
        code_key=key,
        code_hash=secret.hashed(word, key),
    )
    return replace(moment, state=state).turn(menus.plain(moment.voice, "code-twice"))


def _right(moment: Moment) -> Turn:
    said = {CodeStep.CONFIRMING: "code-kept", CodeStep.REMOVING: "code-removed"}
    step = moment.state.code_step
    if step is CodeStep.REMOVING:
        moment = _without_word(moment)
    state = replace(moment.state, code_step=CodeStep.NO, code_wrong=0, code_at=moment.now)
    reply = menus.plain(moment.voice, said.get(step, "code-right"))
    return replace(replace(moment, state=state).turn(reply), shows_held=True)


def _without_word(moment: Moment) -> Moment:
    return replace(moment, state=replace(moment.state, code_key="", code_hash=""))
