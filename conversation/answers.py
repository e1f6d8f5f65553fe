"""Answers of the knowledge base as a volunteer sees them: short, in the staff's language.

Callback data: `answer:send:CODE:TOPIC`. It does something only below a list sent for this case.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from cases.model import Case
from conversation.content import Judge
from conversation.messages import Button, Reply
from conversation.render import Voice
from errors import UncoveredDayError
from matching.cards import find_cards

ANSWERS_SHOWN_MAX = 3


def suggested(voice: Voice, case: Case, topic_id: str) -> Reply | None:
    """Return the answer that fits the person's question, to send; None without a value today."""
    shown, buttons = _answers(voice, case, [topic_id])
    if not buttons:
        return None
    send = voice.button("staff-answer-send", buttons[0][0].data)
    return Reply(f"{voice.say('staff-answer-suggested', code=case.code)}\n\n{shown}", ((send,),))


def fitting(voice: Voice, judge: Judge, words: str) -> list[str]:
    """Return the topics that fit a volunteer's words best: by the answers as they stand in a
    language of volunteers alone, else by what people ask."""
    own = voice.language.staff_answers
    topics = find_cards(words, [own.answers], ANSWERS_SHOWN_MAX) if own is not None else []
    judged = judge.judge(words, voice.language.code).candidates if not topics else ()
    return topics or [each.topic for each in judged[:ANSWERS_SHOWN_MAX]]


def found(voice: Voice, case: Case, topic_ids: Iterable[str]) -> Reply:
    """Answer `/answer words`: the answers that fit best, a button for each."""
    shown, buttons = _answers(voice, case, topic_ids)
    if not buttons:
        return Reply(voice.say("staff-answer-nothing"))
    return Reply(f"{voice.say('staff-answer-found', code=case.code)}\n\n{shown}", buttons)


def sent(voice: Voice, case: Case, topic_id: str, name: str) -> Reply:
    """Return what stays of a list once an answer was sent: who sent which."""
    title = voice.language.topics[topic_id].title
    return Reply(voice.say("staff-answer-sent", code=case.code, name=name, title=title))


def _answers(
    voice: Voice, case: Case, topic_ids: Iterable[str]
) -> tuple[str, tuple[tuple[Button, ...], ...]]:
    """Return the answers, shortened, and a button for each; one without a value is left out."""
    shown, buttons = [], []
    for topic_id in topic_ids:
        title = voice.language.topics[topic_id].title
        try:
            short = voice.short_answer(topic_id)
        except UncoveredDayError:
            continue
        shown.append(f"<b>{escape(title, quote=False)}</b>\n{short}")
        buttons.append((Button(title, f"answer:send:{case.code}:{topic_id}"),))
    return "\n\n".join(shown), tuple(buttons)
