"""The life of a case."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from cases import lifecycle
from cases.lifecycle import TRANSITIONS, more_urgent, risk
from cases.model import Case, Claim, Event, Origin, State
from errors import CaseError
from knowledge.schema import URGENT_KINDS
from tests.limits import LIMITS

HANA, KEN = Claim(601, "Hana"), Claim(602, "Ken")
NOON = dt.datetime(2026, 12, 1, 3, tzinfo=dt.UTC)


def a_case(state: State = State.WAITING, kind: str | None = "threats") -> Case:
    claim = HANA if state is State.CLAIMED else None
    return Case(1, "ABCDE", 7, "vi", state, Origin.ALARM, kind, claim, NOON)


def step(
    case: Case, event: Event, urgent_kind: str | None = None, claim: Claim | None = None
) -> Case:
    return lifecycle.step(
        case, event, now=NOON, limits=LIMITS, urgent_kind=urgent_kind, claim=claim
    )


def offer(case: Case, colleague: Claim) -> Case:
    return lifecycle.step(
        case, Event.OFFER, now=NOON, limits=LIMITS, claim=HANA, offered_to=colleague
    )


def test_whoever_claims_a_waiting_case_has_it() -> None:
    after = step(a_case(), Event.CLAIM, claim=HANA)
    assert (after.state, after.claim) == (State.CLAIMED, HANA)


def test_whoever_replies_first_to_a_waiting_case_has_it() -> None:
    after = step(a_case(), Event.STAFF_REPLIES, claim=KEN)
    assert (after.state, after.claim) == (State.CLAIMED, KEN)


def test_to_look_at_the_checklist_is_not_to_have_the_case() -> None:
    assert step(a_case(), Event.CHECKLIST, claim=HANA) == a_case()


def test_a_colleague_s_reply_does_not_take_the_case_away() -> None:
    after = step(a_case(State.CLAIMED), Event.STAFF_REPLIES, claim=KEN)
    assert after.claim == HANA


@pytest.mark.parametrize("event", [Event.ACCEPT, Event.TAKE_OVER])
def test_whoever_takes_a_case_over_has_it(event: Event) -> None:
    after = step(a_case(State.CLAIMED), event, claim=KEN)
    assert (after.claim, after.offered_to) == (KEN, None)


def test_until_the_colleague_accepts_the_case_stays_where_it_is() -> None:
    offered = offer(a_case(State.CLAIMED), KEN)
    assert (offered.claim, offered.offered_to) == (HANA, KEN)
    declined = step(offered, Event.DECLINE, claim=KEN)
    assert (declined.claim, declined.offered_to) == (HANA, None)


def test_of_two_colleagues_who_are_asked_the_second_is_asked() -> None:
    case = offer(offer(a_case(State.CLAIMED), KEN), Claim(603, "Yui"))
    assert case.offered_to == Claim(603, "Yui")


def test_an_offer_ends_when_the_case_leaves_who_made_it_and_outlives_all_else() -> None:
    for (state, event), target in TRANSITIONS.items():
        if state is State.CLAIMED and event is not Event.OFFER:
            after = step(offer(a_case(State.CLAIMED), KEN), event, claim=KEN)
            stays = target is State.CLAIMED and after.claim == HANA
            ended = event is Event.DECLINE or not stays
            assert (after.offered_to is None) == ended, event


def test_however_the_steps_follow_one_another_the_case_is_whole() -> None:
    chance = random.Random(9)  # noqa: S311 - not for keeping secrets
    for _ in range(300):
        case = a_case(State.CLOSED)
        for _ in range(30):
            event, actor = chance.choice(list(Event)), chance.choice([HANA, KEN])
            try:
                case = lifecycle.step(
                    case, event, now=NOON, limits=LIMITS, claim=actor, offered_to=KEN
                )
            except CaseError:
                continue
            assert (case.claim is not None) == (case.state is State.CLAIMED)
            assert case.offered_to is None or case.state is State.CLAIMED
            assert (case.due_at is None) == (case.state is State.CLOSED)


def test_a_second_alarm_raises_the_case_but_never_lowers_it() -> None:
    assert step(a_case(), Event.RAISE, urgent_kind="violence").urgent_kind == "violence"
    assert (
        step(a_case(kind="violence"), Event.RAISE, urgent_kind="threats").urgent_kind == "violence"
    )


def test_an_alarm_reopens_a_closed_case_and_nobody_has_it() -> None:
    after = step(a_case(State.CLOSED), Event.RAISE, urgent_kind="violence")
    assert (after.state, after.claim) == (State.WAITING, None)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_a_step_that_the_table_does_not_hold_raises_and_changes_nothing(
    state: State, event: Event
) -> None:
    case = a_case(state)
    if (state, event) in TRANSITIONS:
        assert step(case, event, claim=HANA).state is TRANSITIONS[state, event]
    else:
        with pytest.raises(CaseError, match=state.value):
            step(case, event, claim=HANA)
    assert case == a_case(state)


def test_every_claimed_case_has_a_holder_and_no_other_has_one() -> None:
    for (state, event), target in TRANSITIONS.items():
        after = step(a_case(state), event, claim=KEN)
        assert (after.claim is not None) == (target is State.CLAIMED)


def test_danger_to_life_is_more_urgent_than_threats() -> None:
    assert more_urgent("threats", "immediate-danger") == "immediate-danger"
    assert more_urgent(None, "threats") == "threats"
    assert more_urgent(None, None) is None


def test_the_more_urgent_of_two_kinds_has_the_higher_risk_and_a_request_none() -> None:
    ordered = sorted([None, *reversed(URGENT_KINDS)], key=risk, reverse=True)
    assert ordered == [*URGENT_KINDS, None]
    assert risk(None) == 0
