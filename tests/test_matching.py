"""What the matching makes of what people type."""

from __future__ import annotations

import pytest

from conversation.content import Content
from matching.evaluate import Figure
from matching.judgement import Decision, Urgency
from matching.normalise import clean, fold, words


def test_letters_without_marks_and_stretched_letters_are_the_same_word() -> None:
    assert words(fold(clean("Đượcccc KHÔNG?"))) == ["duoc", "khong"]


def test_marks_of_other_scripts_are_letters() -> None:
    assert fold(clean("ကူညီပါ")) == clean("ကူညီပါ")
    assert fold(clean("मलाई")) == clean("मलाई")


@pytest.mark.parametrize(
    "text", ["", " ", "\u200b", "😭" * 300, "a" * 4096, "{x} {y:z}", "<b>", "١٢٣"]
)
def test_nothing_that_somebody_can_type_makes_the_matching_fail(
    text: str, content: Content
) -> None:
    judged = content.judge.judge(text)
    assert judged.decision is not Decision.ANSWER
    assert judged.urgency is not Urgency.ESCALATE


@pytest.mark.parametrize(
    "text",
    [
        *("help me", "HELP!!!", "sos", "🆘", "🆘🆘🆘", "call police", "kill myself", "he hit me"),
        *("cuu em", "CỨU EM VỚI", "cứu tôi", "muon chet", "em bị nhốt", "bị đánh", "goi canh sat"),
    ],
)
def test_the_shortest_cries_for_help_alarm(text: str, content: Content) -> None:
    assert content.judge.judge(text).urgency is Urgency.ESCALATE


@pytest.mark.parametrize(
    "text", ["mệt muốn chết luôn á", "this heat is killing me", "help with my homework"]
)
def test_everyday_words_that_only_sound_like_danger_alarm_nobody(
    text: str, content: Content
) -> None:
    assert content.judge.judge(text).urgency is not Urgency.ESCALATE


def test_a_city_names_its_prefecture_also_when_it_is_mistyped(content: Content) -> None:
    named = content.judge.rows_named
    assert named("luong toi thieu o nagoya", "minimum-wage", "vi") == ("aichi",)
    assert named("minimum wage hirosima or Tokyo", "minimum-wage", "en") == ("hiroshima", "tokyo")


def test_a_share_of_few_messages_is_told_with_its_uncertainty() -> None:
    """Wilson's 95 % interval of 8 in 10, as Brown, Cai and DasGupta (2001) compute it."""
    low, high = Figure("top-1", 8, 10).interval()
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert Figure("top-1", 0, 0).interval() == (0.0, 1.0)
