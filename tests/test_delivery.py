"""What happens when sending fails, decided without a network."""

from __future__ import annotations

import datetime as dt

import pytest
from telegram.error import BadRequest, Forbidden, TelegramError

from delivery.pacing import CROWDED_FROM, KEPT_FOR_ALARMS, PER_MINUTE, is_crowded, wait_s
from delivery.retry import Again, Failure, GiveUp, Trouble, after
from delivery.send import failure_of

YOUNG = dt.timedelta(minutes=1)
OLD = dt.timedelta(days=3)


def test_telegram_s_own_wait_is_kept() -> None:
    decision = after(Failure(Trouble.RATE_LIMITED, wait_s=37), 0, YOUNG, to_staff=False)
    assert decision == Again(37)


def test_what_may_have_arrived_is_sent_again_as_a_possible_repeat() -> None:
    decision = after(Failure(Trouble.UNCERTAIN), 0, YOUNG, to_staff=False)
    assert decision == Again(1, uncertain=True)


def test_a_person_who_blocked_the_bot_is_given_up_at_once() -> None:
    assert after(Failure(Trouble.BLOCKED), 0, YOUNG, to_staff=False) == GiveUp(Trouble.BLOCKED)


@pytest.mark.parametrize("trouble", [Trouble.SHUT_OUT, Trouble.NOT_CONNECTED, Trouble.UNCERTAIN])
def test_the_staff_group_is_tried_for_ever(trouble: Trouble) -> None:
    assert isinstance(after(Failure(trouble), 500, OLD, to_staff=True), Again)


def test_a_copy_for_the_staff_is_given_up_when_its_person_blocked_the_bot() -> None:
    assert after(Failure(Trouble.BLOCKED), 0, YOUNG, to_staff=True) == GiveUp(Trouble.BLOCKED)


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (Forbidden("Forbidden: bot was blocked by the user"), Trouble.BLOCKED),
        (Forbidden("Forbidden: user is deactivated"), Trouble.DEACTIVATED),
        (BadRequest("Bad Request: user is deactivated"), Trouble.DEACTIVATED),
        (Forbidden("bot can't initiate conversation with a user"), Trouble.BLOCKED),
        (Forbidden("Forbidden: bot was kicked from the supergroup chat"), Trouble.SHUT_OUT),
        (Forbidden("Forbidden: the group chat was deleted"), Trouble.SHUT_OUT),
        (Forbidden("bot is not a member of the supergroup chat"), Trouble.SHUT_OUT),
        (BadRequest("Chat not found"), Trouble.SHUT_OUT),
        (BadRequest("Not enough rights to send text messages to the chat"), Trouble.SHUT_OUT),
        (BadRequest("Have no rights to send a message"), Trouble.SHUT_OUT),
        (BadRequest("Message is too long"), Trouble.TOO_LARGE),
        (BadRequest("Message can't be copied"), Trouble.NOT_COPIED),
        (BadRequest("Message to copy not found"), Trouble.GONE),
        (BadRequest("Button_data_invalid"), Trouble.REJECTED),
    ],
)
def test_telegram_s_words_tell_a_person_who_is_gone_from_a_group_that_shuts_the_bot_out(
    error: TelegramError, trouble: Trouble
) -> None:
    assert failure_of(error).trouble is trouble


def test_a_person_is_tried_for_two_days() -> None:
    failure = Failure(Trouble.NOT_CONNECTED)
    assert isinstance(after(failure, 50, YOUNG, to_staff=False), Again)
    assert after(failure, 50, OLD, to_staff=False) == GiveUp(Trouble.NOT_CONNECTED)


@pytest.mark.parametrize(("to_staff", "longest_s"), [(False, 300), (True, 30)])
def test_waits_grow_to_five_minutes_and_for_alarms_to_half_a_minute(
    to_staff: bool, longest_s: int
) -> None:
    waits = [
        after(Failure(Trouble.NOT_CONNECTED), attempts, YOUNG, to_staff=to_staff)
        for attempts in (0, 1, 2, 3, 50)
    ]
    assert waits == [Again(1), Again(2), Again(4), Again(8), Again(longest_s)]


def test_telegram_does_not_put_an_alarm_off_for_longer_than_half_a_minute() -> None:
    decision = after(Failure(Trouble.RATE_LIMITED, wait_s=600), 0, YOUNG, to_staff=True)
    assert decision == Again(30)


def test_a_message_that_telegram_refuses_is_not_sent_again() -> None:
    assert after(Failure(Trouble.REJECTED), 0, YOUNG, to_staff=True) == GiveUp(Trouble.REJECTED)


def seconds(*numbers: int) -> list[dt.datetime]:
    return [dt.datetime(2026, 12, 1, 3, 0, number, tzinfo=dt.UTC) for number in numbers]


def test_what_can_wait_leaves_room_in_the_group_for_an_alarm() -> None:
    copies = seconds(*range(PER_MINUTE - KEPT_FOR_ALARMS))
    (now,) = seconds(20)
    assert wait_s(copies, now, kept=KEPT_FOR_ALARMS) == 40.0
    assert wait_s(copies, now, kept=0) == 0.0


def test_the_group_is_crowded_while_half_of_its_minute_is_used_up() -> None:
    sent = seconds(*range(CROWDED_FROM))
    (now,) = seconds(20)
    assert is_crowded(sent, now)
    assert not is_crowded(sent[1:], now)
    assert not is_crowded(sent, now + dt.timedelta(minutes=1))


def test_even_alarms_keep_telegram_s_limit() -> None:
    (now,) = seconds(30)
    assert wait_s(seconds(*range(PER_MINUTE)), now, kept=0) == 30.0
