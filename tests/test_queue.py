"""Who is helped first, and by whom: decisions alone, with time as an argument."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from cases.expected import CASES_MIN, usual_wait
from cases.model import Case, Claim, Origin, State
from cases.queue import LIFE_IN_DANGER, Queued, by_risk, dealt_to
from cases.shift import AWAY_USUAL, DUTY_USUAL, away_until, duty_shift
from cases.team import Member, called, duty_is_known, next_duty
from conversation.content import JAPAN
from knowledge.schema import URGENT_KINDS

NOON = dt.datetime(2026, 12, 1, 3, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
IN_JAPAN = NOON.astimezone(JAPAN)


def queued(
    number: int, kind: str | None = "violence", language: str = "vi", minutes: float | None = 5
) -> Queued:
    origin = Origin.ALARM if kind else Origin.REQUEST
    case = Case(number, f"AAAA{number}", 7, language, State.WAITING, origin, kind, None, NOON)
    return Queued(case, None if minutes is None else NOON - dt.timedelta(minutes=minutes))


def member(number: int, *languages: str, duty: bool = False, away: bool = False) -> Member:
    return Member(
        number,
        Claim(600 + number, f"V{number}"),
        languages=languages,
        duty_from=NOON - HOUR if duty else None,
        duty_until=NOON + HOUR if duty else None,
        away_until=NOON + HOUR if away else None,
    )


def numbers(queue: list[Queued]) -> list[int]:
    return [each.case.id for each in queue]


# --- the order


def test_the_greater_danger_goes_first_however_short_it_has_waited() -> None:
    queue = [queued(1, None, minutes=600), queued(2, "threats", minutes=60)]
    queue.append(queued(3, "immediate-danger", minutes=0))
    assert numbers(by_risk(queue)) == [3, 2, 1]


def test_of_two_in_the_same_danger_whoever_has_waited_longer_goes_first() -> None:
    assert numbers(by_risk([queued(1, minutes=5), queued(2, minutes=50)])) == [2, 1]


def test_whoever_has_been_answered_comes_after_who_waits_in_the_same_danger() -> None:
    assert numbers(by_risk([queued(1, minutes=None), queued(2, minutes=1)])) == [2, 1]


def test_the_order_does_not_depend_on_how_the_cases_come() -> None:
    chance = random.Random(4)  # noqa: S311 - not for keeping secrets
    kinds = [None, *URGENT_KINDS]
    queue = [
        queued(number, chance.choice(kinds), minutes=chance.choice([None, 1, 1, 30]))
        for number in range(60)
    ]
    expected = numbers(by_risk(queue))
    for _ in range(20):
        chance.shuffle(queue)
        assert numbers(by_risk(queue)) == expected
    assert sorted(expected) == list(range(60))


# --- who is dealt what


def test_a_volunteer_is_dealt_only_cases_in_their_languages() -> None:
    hana = member(1, "en", duty=True)
    waiting = [queued(1, "violence", "vi"), queued(2, None, "en")]
    assert numbers(dealt_to(hana, [hana], waiting, NOON)) == [2]


def test_who_has_said_nothing_of_languages_is_dealt_every_case() -> None:
    hana = member(1)
    waiting = [queued(1, "violence", "vi"), queued(2, None, "en")]
    assert numbers(dealt_to(hana, [hana], waiting, NOON)) == [1, 2]


@pytest.mark.parametrize("kind", sorted(LIFE_IN_DANGER))
def test_a_life_in_danger_waits_for_no_language_that_nobody_on_duty_speaks(kind: str) -> None:
    hana, ken = member(1, "en", duty=True), member(2, "vi")
    waiting = [queued(1, None, "en"), queued(2, kind, "vi")]
    assert numbers(dealt_to(hana, [hana, ken], waiting, NOON)) == [2, 1]


def test_a_life_in_danger_is_left_to_a_colleague_on_duty_who_speaks_the_language() -> None:
    hana, ken = member(1, "en", duty=True), member(2, "vi", duty=True)
    waiting = [queued(1, None, "en"), queued(2, "immediate-danger", "vi")]
    assert numbers(dealt_to(hana, [hana, ken], waiting, NOON)) == [1]
    assert numbers(dealt_to(ken, [hana, ken], waiting, NOON)) == [2]


def test_a_colleague_on_duty_who_said_no_language_does_not_keep_a_life_in_danger_waiting() -> None:
    hana, ken = member(1, "en", duty=True), member(2, duty=True)
    waiting = [queued(1, "immediate-danger", "vi")]
    assert numbers(dealt_to(hana, [hana, ken], waiting, NOON)) == [1]


def test_every_life_in_danger_is_a_kind_of_danger() -> None:
    assert set(URGENT_KINDS) >= LIFE_IN_DANGER


# --- who is called


def test_the_first_alarm_calls_those_on_duty_who_speak_the_language() -> None:
    team = [member(1, "en", duty=True), member(2, "vi", duty=True), member(3, "vi")]
    assert called(team, queued(1).case, 1, NOON) == [team[1]]


def test_the_first_alarm_calls_all_on_duty_where_nobody_speaks_the_language() -> None:
    team = [member(1, "en", duty=True), member(2, "en", duty=True), member(3, "vi")]
    assert called(team, queued(1).case, 1, NOON) == team[:2]


def test_the_first_alarm_calls_everybody_to_a_danger_when_nobody_is_on_duty() -> None:
    team = [member(1, "en"), member(2, "vi"), member(3, "vi", away=True)]
    assert called(team, queued(1).case, 1, NOON) == team[:2]
    assert called(team, queued(1, None).case, 1, NOON) == []


def test_the_second_alarm_calls_everybody_but_who_is_away_first_those_on_duty() -> None:
    team = [member(1, "en"), member(2, "vi", away=True), member(3, "en", duty=True)]
    assert called(team, queued(1, None).case, 2, NOON) == [team[2], team[0]]


def test_who_is_away_is_not_on_duty() -> None:
    assert not member(1, duty=True, away=True).is_on_duty(NOON)


# --- the times that volunteers write


def hours(begins: float, ends: float) -> tuple[dt.datetime, dt.datetime]:
    return IN_JAPAN + begins * HOUR, IN_JAPAN + ends * HOUR


@pytest.mark.parametrize(
    ("words", "shift"),
    [
        ("", hours(0, 12)),
        ("3h", hours(0, 3)),
        ("23:00", hours(0, 11)),
        ("9:30", hours(0, 21.5)),
        ("11:00-14:00", hours(-1, 2)),
        ("18:00-22:00", hours(6, 10)),
        ("08:00-11:00", hours(20, 23)),
        ("22:00-06:00", hours(10, 18)),
        ("12:00", hours(0, 24)),
    ],
)
def test_a_duty_is_from_now_or_between_two_times_of_the_day_in_japan(
    words: str, shift: tuple[dt.datetime, dt.datetime]
) -> None:
    assert duty_shift(words, IN_JAPAN) == shift
    assert DUTY_USUAL == 12 * HOUR


@pytest.mark.parametrize(
    "words",
    ["soon", "25:00", "0h", "25h", "2d", "-3h", "08:00-", "-08:00", "8-12", "1e9h", "23:00 x"],
)
def test_a_duty_that_nobody_understands_is_none(words: str) -> None:
    assert duty_shift(words, IN_JAPAN) is None


def test_away_is_for_a_week_or_until_then() -> None:
    assert away_until("", IN_JAPAN) == IN_JAPAN + AWAY_USUAL == IN_JAPAN + 7 * 24 * HOUR
    assert away_until("3d", IN_JAPAN) == IN_JAPAN + 72 * HOUR
    assert away_until("23:00", IN_JAPAN) == IN_JAPAN + 11 * HOUR
    assert away_until("999d", IN_JAPAN) is None
    assert away_until("tomorrow", IN_JAPAN) is None


# --- how long people wait


@pytest.mark.parametrize(
    ("hours_waited", "word"), [(0.9, "hour"), (3, "hours"), (20, "day"), (30, "days")]
)
def test_the_usual_wait_is_a_coarse_word(hours_waited: float, word: str) -> None:
    assert usual_wait([3600 * hours_waited] * CASES_MIN) == word


def test_one_very_long_wait_does_not_make_the_usual_one_long() -> None:
    assert usual_wait([60.0] * 4 + [10_000_000.0]) == "hour"


def test_from_a_few_cases_nothing_is_concluded() -> None:
    assert usual_wait([60.0] * (CASES_MIN - 1)) is None


def test_the_next_duty_is_the_first_that_somebody_plans_who_is_not_away() -> None:
    team = [
        Member(1, Claim(601, "A"), duty_from=NOON + 3 * HOUR, duty_until=NOON + 5 * HOUR),
        Member(2, Claim(602, "B"), duty_from=NOON + 2 * HOUR, duty_until=NOON + 5 * HOUR),
        member(3, duty=True),
    ]
    assert next_duty(team, NOON) == NOON + 2 * HOUR
    assert next_duty(team[2:], NOON) is None


def test_a_team_that_never_says_duty_is_not_taken_for_absent() -> None:
    assert not duty_is_known([member(1), member(2, "vi")], NOON)
    assert duty_is_known([member(1), member(2, duty=True)], NOON + 48 * HOUR)
