"""The conversation: what a person sent, and where they are, becomes a Turn."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from cases.model import Block, Case, State
from conversation import blocked, codeword, gaps, hide, menus, pace, phone_note
from conversation.content import Content
from conversation.messages import CaseAction, CaseWish, Incoming, Kind, Reply, Turn
from conversation.moment import Moment
from conversation.press import command, press
from conversation.state import Hiding, PersonState
from matching.judgement import Decision, Judgement, Urgency

# The same card is not shown again within this time; the alarm still goes to the volunteers.
CARD_AGAIN_S = 600
# The volunteers are offered an answer so seldom: it shares the group's budget with what they wait
# for.
SUGGESTED_AGAIN_AFTER = dt.timedelta(minutes=3)


def respond(
    incoming: Incoming,
    language: str,
    state: PersonState,
    case: Case | None,
    code: str,
    fresh_key: str,
    content: Content,
    now: dt.datetime,
    block: Block | None = None,
    has_held: bool = False,
) -> Turn:
    """Return what follows from a message.

    `language` is the person's so far; `case` their case, whatever its state; `code` its code, or
    the one that a case opened now would get; `fresh_key` is random; `block` keeps them from the
    volunteers, if set; `has_held` says that a message for them waits until their code word comes.
    Every text is judged for urgency before anything else. No words of a person make it raise.
    """
    state = codeword.still_here(state, now)
    moment = Moment(
        incoming, language, language, state, case, code, fresh_key, content, now, block, has_held
    )
    if incoming.kind is Kind.TEXT:
        return _text(moment)
    if state.hiding is Hiding.HIDDEN:
        return hide.behind(moment, None)
    if incoming.kind is Kind.BUTTON:
        return press(moment)
    moment = codeword.left(hide.left(moment))
    return command(moment) if incoming.kind is Kind.COMMAND else _not_readable(moment)


def _text(moment: Moment) -> Turn:
    incoming, before = moment.incoming, moment
    state = moment.state.with_recent(incoming.text, incoming.message_id, moment.now)
    moment = replace(moment, state=state)
    judgement = moment.content.judge.judge(incoming.text, moment.language)
    alarm = _alarm(moment, judgement)
    if alarm is not None:
        # Together with this, what was harmless before may be part of a cry for help.
        moment = replace(moment, state=gaps.without_gaps(state))
    if state.hiding is Hiding.HIDDEN:
        return hide.behind(moment, blocked.comes_through(moment, alarm))
    if state.hiding is Hiding.ASKED and alarm is None and not incoming.edited:
        # The word stays out of the last messages: it is known by its hash alone.
        return hide.word_chosen(before, judgement)
    if alarm is None and not incoming.edited:
        word = codeword.heard(before, judgement)
        if word is not None:
            return word
        if moment.has_held:
            return codeword.wrong(moment)
    moment = codeword.left(hide.left(moment))
    moment = _spoken(moment, judgement)
    turn = _alarmed(moment, alarm, judgement) if alarm else _calm(moment, judgement)
    return replace(turn, decision=judgement.decision)


def _alarm(moment: Moment, judgement: Judgement) -> CaseWish | None:
    """Return the alarm: for the message alone, or for all that was written just now."""
    if judgement.urgency is Urgency.ESCALATE:
        return _alarm_wish(judgement, moment.message_ids)
    recent = moment.state.recent
    if len(recent) > 1:
        together = "\n".join(each.text for each in recent)
        joined = moment.content.judge.judge(together, moment.language)
        if joined.urgency is Urgency.ESCALATE:
            return _alarm_wish(joined, moment.recent_ids)
    return None


def _alarm_wish(judgement: Judgement, message_ids: tuple[int, ...]) -> CaseWish:
    kind, phrasing = judgement.urgent_kind, judgement.urgent_phrasing
    return CaseWish(CaseAction.ALARM, kind, phrasing, message_ids)


def _spoken(moment: Moment, judgement: Judgement) -> Moment:
    """Answer in the language of the message. A language that was chosen stays chosen."""
    if judgement.language not in moment.content.translations.languages:
        return moment
    return replace(moment, language=judgement.language)


def _alarmed(moment: Moment, wish: CaseWish, judgement: Judgement) -> Turn:
    kind = wish.urgent_kind
    assert kind is not None
    state, now = moment.state, moment.now
    shown_before = (
        state.card_kind == kind
        and state.card_at is not None
        and (now - state.card_at).total_seconds() < CARD_AGAIN_S
    )
    # What alarmed is passed on: it must not make the next message alarm again by being joined.
    state = replace(state, recent=(), bot_only=False, welcomed=True)
    if not shown_before:
        state = replace(state, card_kind=kind, card_at=now)
    moment = replace(moment, state=state)
    if moment.is_kept_out:
        return blocked.alarmed(moment, wish)
    cards = [] if shown_before else [menus.urgent(moment.voice, kind)]
    passed_on = menus.passed_on(moment.voice, moment.code, again=moment.case_is_open)
    answers: list[Reply] = []
    uncovered: list[str] = []
    # An edit was answered in its first form; with a volunteer the bot does not talk in between.
    is_silent = moment.incoming.edited or moment.case_state is State.CLAIMED
    if not is_silent and judgement.decision is Decision.ANSWER and judgement.best:
        answer, uncovered = _answer(moment, judgement.best.topic)
        answers.append(answer)
    return moment.turn(*cards, passed_on, *answers, case=wish, uncovered=tuple(uncovered))


def _calm(moment: Moment, judgement: Judgement) -> Turn:
    wish = CaseWish(CaseAction.WRITE, message_ids=moment.message_ids)
    wish_now = wish if moment.writes_to_case else None
    if moment.incoming.edited or (moment.case_state is State.CLAIMED and wish_now):
        # An edit was answered in its first form; with a volunteer the bot does not talk in between.
        return _suggesting(moment, judgement, wish_now)
    if pace.says_again(moment):
        return pace.answered(moment).turn(case=wish_now)
    moment = pace.answered(moment)
    if _acknowledges(moment, judgement):
        if pace.is_acknowledged(moment):
            return moment.turn(case=wish_now)
        moment = pace.acknowledged(moment)
    note: tuple[Reply, ...] = ()
    if judgement.decision is Decision.ANSWER and judgement.best:
        moment, note = phone_note.before_topic(moment, judgement.best.topic)
    replies, uncovered = _replies(moment, judgement, note)
    moment = replace(moment, state=replace(moment.state, welcomed=True))
    turn = moment.turn(*replies, case=wish_now, uncovered=tuple(uncovered))
    if judgement.decision is Decision.UNKNOWN and judgement.urgency is Urgency.NONE:
        return gaps.unknown(turn, moment, moment.incoming.text)
    return turn


def _suggesting(moment: Moment, judgement: Judgement, wish: CaseWish | None) -> Turn:
    """Pass a message on; the answer that surely fits is offered to the volunteer, not too often."""
    last = moment.state.suggested_at
    is_free = last is None or moment.now - last >= SUGGESTED_AGAIN_AFTER
    is_sure = judgement.decision is Decision.ANSWER and judgement.best is not None
    if wish is None or moment.incoming.edited or not is_sure or not is_free:
        return moment.turn(case=wish)
    assert judgement.best is not None
    moment = replace(moment, state=replace(moment.state, suggested_at=moment.now))
    return replace(moment.turn(case=wish), suggests=judgement.best.topic)


def _replies(
    moment: Moment, judgement: Judgement, note: tuple[Reply, ...]
) -> tuple[list[Reply], list[str]]:
    """Return what is answered, and what a human must look at; `note` comes before the answer."""
    voice = moment.voice
    uncovered: list[str] = []
    if judgement.decision is Decision.ANSWER and judgement.best:
        reply, uncovered = _answer(moment, judgement.best.topic)
    elif judgement.decision is Decision.SMALLTALK and judgement.smalltalk:
        reply = menus.plain(voice, judgement.smalltalk)
    elif _acknowledges(moment, judgement):
        reply = menus.plain(voice, "relayed")
    elif judgement.decision is Decision.SUGGEST:
        topic_ids = [each.topic for each in judgement.candidates]
        reply = menus.suggestions(voice, topic_ids, moment.incoming.message_id)
    else:
        reply = menus.with_human(voice, "unknown")
    replies = [*note, _offering_switch(moment, reply)]
    if judgement.urgency is Urgency.OFFER and not moment.case_is_open:
        replies.append(menus.with_human(voice, "offer-human"))
    if not moment.state.welcomed:
        replies.insert(0, menus.plain(voice, "welcome-short"))
    return replies, uncovered


def _acknowledges(moment: Moment, judgement: Judgement) -> bool:
    """Whether all that the bot says is that the message was passed on."""
    has_answer = judgement.decision in (Decision.ANSWER, Decision.SMALLTALK)
    return not has_answer and moment.writes_to_case and moment.case_is_open


def _answer(moment: Moment, topic_id: str) -> tuple[Reply, list[str]]:
    table_id = moment.content.knowledge.topics[topic_id].table
    judge, text = moment.content.judge, moment.incoming.text
    rows = judge.rows_named(text, table_id, moment.language) if table_id else ()
    return menus.answer(moment.voice, topic_id, rows, moment.incoming.message_id)


def _offering_switch(moment: Moment, reply: Reply) -> Reply:
    """Offer to go on in the message's language where another one was chosen."""
    if not moment.state.language_chosen or moment.language == moment.own_language:
        return reply
    return replace(reply, buttons=((menus.switch_button(moment.voice),), *reply.buttons))


def _not_readable(moment: Moment) -> Turn:
    """Answer what is no text. What shows who the person is stays here, and they are told."""
    incoming = moment.incoming
    if incoming.names_sender:
        notice = "staff-own-card" if moment.case_is_open and moment.writes_to_case else None
        turn = moment.turn(menus.plain(moment.voice, "own-card-kept"))
        return replace(turn, staff_notice=notice)
    wish = CaseWish(CaseAction.WRITE, message_ids=moment.message_ids)
    if incoming.is_live:
        if incoming.edited and pace.has_place(moment):
            return moment.turn()
        moment = pace.placed(moment)
    case = wish if moment.writes_to_case else None
    is_silent = incoming.edited or (case and moment.case_state is State.CLAIMED)
    comes_together = case is not None or incoming.album is not None
    if is_silent or (comes_together and pace.is_acknowledged(moment)):
        return moment.turn(case=case)
    moment = pace.acknowledged(moment)
    if case is not None:
        return moment.turn(menus.plain(moment.voice, "relayed"), case=case)
    return moment.turn(menus.with_human(moment.voice, "not-readable"))
