"""What of a conversation goes into the list of gaps: masked, and without anybody."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cases.gaps import GAPS_KEPT, Gap, GapCount, GapKind
from conversation.masking import bare_words, masked
from conversation.messages import Turn
from conversation.moment import Moment
from conversation.render import Voice
from conversation.state import PersonState
from matching.judgement import Urgency
from translations.fill import language_names

# One person fills no list: neither by impatience nor on purpose.
GAPS_OF_A_PERSON_MAX = 30
# So much of each, and so many of a language, fit into a message.
LISTED_LENGTH_MAX = 120
LISTED_MAX = 12


def unknown(turn: Turn, moment: Moment, text: str) -> Turn:
    """Return the turn with the gap that the bot did not know what was asked, if it may be kept."""
    shown = masked(text)
    words = bare_words(shown)
    return _with_gap(turn, moment, GapKind.UNKNOWN, None, shown, words) if words else turn


def none_meant(turn: Turn, moment: Moment, question_id: int | None) -> Turn:
    """Return the turn with the gap that no suggested topic was meant, if it may be kept.

    `question_id` is the person's message that the suggestions answered.
    """
    text = _question(moment, question_id)
    return unknown(turn, moment, text) if text and _is_calm(moment, text) else turn


def not_helpful(turn: Turn, moment: Moment, topic_id: str, question_id: int | None) -> Turn:
    """Return the turn with the gap that the answer to a topic did not help, if it may be kept."""
    text = _question(moment, question_id)
    if text and not _is_calm(moment, text):
        return turn
    shown = masked(text or "")
    words = bare_words(shown)
    return _with_gap(turn, moment, GapKind.NOT_HELPFUL, topic_id, shown if words else "", words)


def without_gaps(state: PersonState) -> PersonState:
    """Return the state of somebody who is in danger: nothing of theirs is listed."""
    return replace(state, gap_key="", gaps={})


def _question(moment: Moment, question_id: int | None) -> str | None:
    return None if question_id is None else moment.state.text_of(question_id)


def _is_calm(moment: Moment, text: str) -> bool:
    """Whether nothing in a text, as it reads now, is of danger or of need."""
    return moment.content.judge.judge(text, moment.language).urgency is Urgency.NONE


def _with_gap(
    turn: Turn, moment: Moment, kind: GapKind, topic_id: str | None, text: str, words: str
) -> Turn:
    """Return the turn with a gap, once for each thing that a person asks.

    There is none of who is with the volunteers, who could tell whose words it has, and none of who
    has a code word: it may be the word, mistyped.
    """
    if moment.case_is_open or moment.writes_to_case or moment.state.code_hash:
        return turn
    day, state = moment.today, turn.state
    kept = {gap_id: since for gap_id, since in state.gaps.items() if since > day - GAPS_KEPT}
    key = state.gap_key or moment.fresh_key
    about = "\n".join([kind, moment.language, topic_id or "", words])
    gap_id = hmac.new(key.encode(), about.encode(), hashlib.sha256).hexdigest()[:32]
    if gap_id in kept or len(kept) >= GAPS_OF_A_PERSON_MAX:
        return replace(turn, state=replace(state, gaps=kept))
    gap = Gap(gap_id, kind, moment.language, topic_id, text, words, day)
    return replace(turn, gap=gap, state=replace(state, gap_key=key, gaps={**kept, gap_id: day}))


def listed(voice: Voice, by_language: Mapping[str, Sequence[GapCount]]) -> list[str]:
    """Return the gaps as the volunteers read them, a message in HTML for each language that has
    any; those given are the most frequent."""
    days = str(GAPS_KEPT.days)
    heading = f"<b>{voice.say('gaps-title', days=days)}</b>\n<i>{voice.say('gaps-careful')}</i>"
    messages = [
        "\n".join([f"<b>{language_names([code], voice.language)}</b>", *_lines(voice, found)])
        for code, found in by_language.items()
        if found
    ]
    if not messages:
        return [voice.say("gaps-none", days=days)]
    return [f"{heading}\n\n{messages[0]}", *messages[1:]]


def _lines(voice: Voice, found: Sequence[GapCount]) -> list[str]:
    return [voice.say("gaps-line", count=str(gap.count), text=_told(voice, gap)) for gap in found]


def _told(voice: Voice, gap: GapCount) -> str:
    text = gap.text
    if len(text) > LISTED_LENGTH_MAX:
        text = f"{text[: LISTED_LENGTH_MAX - 1]}…"
    if gap.topic is None:
        return text
    known = voice.language.topics.get(gap.topic)
    topic = voice.label("gaps-not-helpful", topic=known.title if known else gap.topic)
    return f"{topic}: {text}" if text else topic
