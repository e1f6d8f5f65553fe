"""How long a case may stand as it is: decisions alone, with time as an argument."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from cases.deadlines import PLAUSIBLE_WAITS, RUNG_TOP, due_event
from cases.lifecycle import step
from cases.model import Case, Claim, Event, Origin, State
from errors import CaseError
from knowledge.load import load_knowledge
from knowledge.schema import URGENT_KINDS
from tests.limits import LEASE_MIN, LIMITS, OF_A_REQUEST_MIN, OF_DANGER_MIN, OF_VIOLENCE_MIN

HANA, KEN = Claim(601, "Hana"), Claim(602, "Ken")
NOON = dt.datetime(2026, 12, 1, 3, tzinfo=dt.UTC)


def at(minutes: float) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minutes)


def then(
    case: Case,
    event: Event,
    minutes: float,
    urgent_kind: str | None = None,
    claim: Claim | None = None,
) -> Case:
    """Return the case after something happened, so many minutes past noon."""
    return step(case, event, now=at(minutes), limits=LIMITS, urgent_kind=urgent_kind, claim=claim)


def opened(kind: str | None = "violence") -> Case:
    """A case that has waited since noon."""
    due_at = NOON + LIMITS.rung_wait(kind, 0)
    return Case(1, "ABCDE", 7, "vi", State.WAITING, Origin.ALARM, kind, None, NOON, due_at=due_at)


def due(case: Case, minutes: float) -> Event | None:
    return due_event(case, at(minutes), LIMITS)


@pytest.mark.parametrize(
    ("kind", "ladder"),
    [(None, OF_A_REQUEST_MIN), ("violence", OF_VIOLENCE_MIN), ("immediate-danger", OF_DANGER_MIN)],
)
def test_a_case_that_nobody_takes_climbs_each_rung_at_its_minute_and_no_more(
    kind: str | None, ladder: tuple[int, ...]
) -> None:
    case = opened(kind)
    for rung, minutes in enumerate(ladder, start=1):
        assert due(case, minutes - 0.01) is None
        assert due(case, minutes) is Event.CLIMB
        case = then(case, Event.CLIMB, minutes)
        assert case.rung == rung
    assert case.rung == RUNG_TOP


@pytest.mark.parametrize(
    ("kind", "ladder", "repeated_min"),
    [
        (None, OF_A_REQUEST_MIN, 240),
        ("violence", OF_VIOLENCE_MIN, 60),
        ("immediate-danger", OF_DANGER_MIN, 32),
    ],
)
def test_from_the_top_the_last_alarm_goes_off_again_and_again(
    kind: str | None, ladder: tuple[int, ...], repeated_min: int
) -> None:
    case, minutes = opened(kind), 0
    for minutes in ladder:
        case = then(case, Event.CLIMB, minutes)
    for _ in range(10):
        assert due(case, minutes + repeated_min - 0.01) is None
        minutes += repeated_min
        assert due(case, minutes) is Event.CLIMB
        case = then(case, Event.CLIMB, minutes)
        assert case.rung == RUNG_TOP


def test_after_hours_without_the_bot_each_rung_still_has_its_time() -> None:
    case = then(opened(), Event.CLIMB, 300)
    assert due(case, 304.9) is None
    assert due(case, 305) is Event.CLIMB


@pytest.mark.parametrize("event", [Event.CLAIM, Event.STAFF_REPLIES])
def test_whoever_takes_a_case_stops_the_ladder_and_has_it_for_the_lease(event: Event) -> None:
    case = then(then(opened(), Event.CLIMB, 5), event, 7, claim=HANA)
    assert case.rung == 0
    assert due(case, 7 + LEASE_MIN - 0.01) is None
    assert due(case, 7 + LEASE_MIN) is Event.LAPSE


def test_a_reply_renews_the_lease_also_a_colleague_s() -> None:
    case = then(opened(), Event.CLAIM, 0, claim=HANA)
    case = then(case, Event.STAFF_REPLIES, 29, claim=KEN)
    assert case.claim == HANA
    assert due(case, 29 + LEASE_MIN - 0.01) is None
    assert due(case, 29 + LEASE_MIN) is Event.LAPSE


@pytest.mark.parametrize("event", [Event.PERSON_WRITES, Event.RAISE])
def test_what_the_person_writes_does_not_renew_the_lease(event: Event) -> None:
    case = then(opened(), Event.CLAIM, 0, claim=HANA)
    assert due(then(case, event, 29, urgent_kind="violence"), LEASE_MIN) is Event.LAPSE


def test_whoever_does_not_answer_a_new_alarm_loses_the_case_as_soon_as_an_alarm_would_go_off() -> (
    None
):
    case = then(opened(), Event.CLAIM, 0, claim=HANA)
    case = then(case, Event.RAISE, 3, urgent_kind="immediate-danger")
    assert due(case, 4.99) is None
    assert due(case, 5) is Event.LAPSE


def test_a_reply_after_a_new_alarm_gives_the_whole_lease_again() -> None:
    case = then(opened(), Event.CLAIM, 0, claim=HANA)
    case = then(case, Event.RAISE, 3, urgent_kind="violence")
    case = then(case, Event.STAFF_REPLIES, 4, claim=HANA)
    assert due(case, 4 + LEASE_MIN - 0.01) is None


def test_alarm_after_alarm_does_not_put_the_end_of_a_lease_off() -> None:
    case = then(opened(), Event.CLAIM, 0, claim=HANA)
    for minutes in range(1, 5):
        case = then(case, Event.RAISE, minutes, urgent_kind="violence")
    assert due(case, 6) is Event.LAPSE


@pytest.mark.parametrize("event", [Event.ACCEPT, Event.TAKE_OVER])
def test_whoever_gets_a_case_from_a_colleague_has_it_for_a_whole_lease(event: Event) -> None:
    case = then(opened(), Event.CLAIM, 0, claim=HANA)
    case = then(case, event, 20, claim=KEN)
    assert due(case, 20 + LEASE_MIN - 0.01) is None
    assert due(case, 20 + LEASE_MIN) is Event.LAPSE


@pytest.mark.parametrize("event", [Event.OFFER, Event.DECLINE])
def test_to_ask_a_colleague_does_not_renew_the_lease(event: Event) -> None:
    case = then(opened(), Event.CLAIM, 0, claim=HANA)
    assert due(then(case, event, 29, claim=KEN), LEASE_MIN) is Event.LAPSE


@pytest.mark.parametrize("event", [Event.LAPSE, Event.RELEASE])
def test_a_case_that_comes_back_is_nobody_s_and_climbs_from_the_ground(event: Event) -> None:
    case = then(opened(), Event.CLIMB, 5)
    case = then(then(case, Event.CLAIM, 6, claim=HANA), event, 36)
    assert (case.state, case.claim, case.rung) == (State.WAITING, None, 0)
    assert due(case, 40.9) is None
    assert due(case, 41) is Event.CLIMB


@pytest.mark.parametrize("event", [Event.CLOSE, Event.WITHDRAW, Event.ERASE])
def test_nothing_more_happens_to_a_closed_case(event: Event) -> None:
    case = then(opened(), event, 1)
    assert (case.rung, case.due_at) == (0, None)
    assert due(case, 100_000) is None


def test_a_case_that_is_reopened_climbs_anew() -> None:
    case = then(then(opened(), Event.CLOSE, 1), Event.OPEN, 100)
    assert due(case, 105) is Event.CLIMB


def test_what_the_person_writes_while_they_wait_does_not_put_the_alarm_off() -> None:
    assert due(then(opened(), Event.PERSON_WRITES, 4), 5) is Event.CLIMB


def test_another_alarm_of_the_same_kind_does_not_put_the_alarm_off() -> None:
    assert due(then(opened(), Event.RAISE, 4, urgent_kind="violence"), 5) is Event.CLIMB


def test_a_greater_danger_brings_the_alarm_forward() -> None:
    case = then(opened(None), Event.RAISE, 10, urgent_kind="immediate-danger")
    assert due(case, 11.9) is None
    assert due(case, 12) is Event.CLIMB


def test_whoever_cries_again_from_the_top_of_the_ladder_alarms_the_coordinators_again() -> None:
    case = opened()
    for minutes in OF_VIOLENCE_MIN:
        case = then(case, Event.CLIMB, minutes)
    case = then(case, Event.RAISE, 60, urgent_kind="violence")
    assert due(case, 64.9) is None
    assert due(case, 65) is Event.CLIMB
    assert then(case, Event.CLIMB, 65).rung == RUNG_TOP


@pytest.mark.parametrize("kind", [None, *URGENT_KINDS])
def test_a_clock_set_back_makes_nobody_wait_longer_than_twice_their_time(kind: str | None) -> None:
    wait = LIMITS.rung_wait(kind, 0)
    set_back_to = NOON - dt.timedelta(days=1)
    assert due_event(opened(kind), set_back_to, LIMITS) is Event.CLIMB
    a_little = NOON - wait * (PLAUSIBLE_WAITS - 1)
    assert due_event(opened(kind), a_little, LIMITS) is None


def test_a_clock_set_back_keeps_no_case_with_somebody_for_long() -> None:
    case = then(opened(), Event.CLAIM, 0, claim=HANA)
    assert due(case, -1) is None
    assert due(case, -LEASE_MIN - 1) is Event.LAPSE


def test_no_step_but_a_close_leaves_a_case_without_a_deadline() -> None:
    events = set(Event) - {Event.ERASE, Event.CLOSE, Event.WITHDRAW}
    claimed = then(opened(), Event.CLAIM, 0, claim=HANA)
    closed = then(opened(), Event.CLOSE, 0)
    for before in (opened(), claimed, closed):
        for event in events:
            try:
                after = then(before, event, 1, claim=KEN)
            except CaseError:
                continue
            assert (after.due_at is None) == (after.state is State.CLOSED), (before.state, event)


def test_the_ladders_of_the_knowledge_are_for_every_kind_and_as_fast_as_the_facts_say() -> None:
    knowledge, faults = load_knowledge()
    assert faults == []
    assert set(knowledge.ladders) == {None, *URGENT_KINDS}
    assert {len(ladder) for ladder in knowledge.ladders.values()} == {RUNG_TOP}
    assert knowledge.ladders["immediate-danger"][0] == 2
    slowest = knowledge.ladders[None]
    assert all(ladder < slowest for kind, ladder in knowledge.ladders.items() if kind)


def test_the_readme_says_when_each_alarm_goes_off() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    for ladder in load_knowledge()[0].ladders.values():
        assert f" | {' | '.join(str(minutes) for minutes in ladder)} |\n" in readme


def test_the_shortest_that_a_case_may_stand_is_found_among_all() -> None:
    assert LIMITS.shortest == dt.timedelta(minutes=2)
    assert replace(LIMITS, lease=dt.timedelta(seconds=5)).shortest == dt.timedelta(seconds=5)
