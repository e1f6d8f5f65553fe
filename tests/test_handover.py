"""A case goes from hand to hand, and nobody is left without anybody knowing."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from cases.model import Case, Claim
from sandbox.telegram import User
from storage.cases import case_by_code
from tests.scene import GROUP, PERSON, VOLUNTEERS, Scene
from tests.test_dealing import BEATEN, code_of, says

HANA, KEN = Claim(VOLUNTEERS["Hana"], "Hana"), Claim(VOLUNTEERS["Ken"], "Ken")


@pytest.fixture
async def taken(stage: Scene) -> Scene:
    """A case that Hana has; the bot knows Ken."""
    await says(stage, "Ken", "/languages vi")
    await stage.writes(BEATEN)
    await stage.volunteer_presses("Hana", "Claim")
    stage.news(PERSON)
    return stage


async def case_of(here: Scene) -> Case:
    assert here.running is not None
    async with here.running.database.begin() as tx:
        case = await case_by_code(tx, code_of(here, "ALARM"))
    assert case is not None
    return case


def topic_of(here: Scene) -> int:
    return int(here.find(GROUP, "ALARM")["message_thread_id"])


# --- a colleague who accepts


@pytest.mark.parametrize("words", ["@ken_in_tokyo", "Ken", "@KEN"])
async def test_whoever_has_a_case_asks_a_colleague_by_name_and_they_accept(
    taken: Scene, words: str
) -> None:
    taken.telegram.users[VOLUNTEERS["Ken"]].username = "ken_in_tokyo"
    await says(taken, "Ken", "/mine")
    asked = await says(taken, "Hana", f"/handover {words}", topic_id=topic_of(taken))
    assert "Ken: Hana asks you to take" in asked
    assert f"tg://user?id={KEN.staff_id}" in taken.find(GROUP, "asks you")["_html"]
    assert taken.find(GROUP, "asks you")["message_thread_id"] == topic_of(taken)
    assert (await case_of(taken)).claim == HANA
    await taken.volunteer_presses("Ken", "Accept")
    assert (await case_of(taken)).claim == KEN
    told = taken.find(GROUP, "Ken has it now, from Hana")
    for who in (HANA, KEN):
        assert f"tg://user?id={who.staff_id}" in told["_html"]
    assert "reply_markup" not in taken.find(GROUP, "asks you")
    assert taken.news(PERSON) == []


async def test_whoever_replies_to_a_colleague_s_message_with_handover_asks_them(
    taken: Scene,
) -> None:
    note = await taken.telegram.write(
        GROUP, VOLUNTEERS["Ken"], "I can do this one", topic_id=topic_of(taken)
    )
    await taken.telegram.write(
        GROUP, VOLUNTEERS["Hana"], "/handover", reply_to=note, topic_id=topic_of(taken)
    )
    await taken.settled()
    await taken.volunteer_presses("Ken", "Accept")
    assert (await case_of(taken)).claim == KEN


async def test_a_case_is_handed_over_by_the_button_below_its_alert_and_a_name(
    taken: Scene,
) -> None:
    await taken.volunteer_presses("Hana", "Hand over")
    await taken.volunteer_presses("Hana", "Ken")
    assert "reply_markup" not in taken.find(GROUP, "Who is to be asked")
    await taken.volunteer_presses("Ken", "Accept")
    assert (await case_of(taken)).claim == KEN


async def test_to_choose_from_there_are_those_on_duty_where_anybody_is(taken: Scene) -> None:
    for number, name in ((610, "Yui"), (611, "Rin")):
        taken.telegram.users[number] = User(number, name)
        taken.group.members.add(number)
        await taken.telegram.write(GROUP, number, "/duty on" if name == "Yui" else "/mine")
    await taken.settled()
    await says(taken, "Hana", "/handover", topic_id=topic_of(taken))
    names = str(taken.find(GROUP, "Who is to be asked")["reply_markup"])
    assert "Yui" in names
    assert "Rin" not in names
    assert "Hana" not in names


async def test_a_name_that_two_have_or_nobody_shows_whom_there_is_to_ask(taken: Scene) -> None:
    taken.telegram.users[610] = User(610, "Ken")
    taken.group.members.add(610)
    await taken.telegram.write(GROUP, 610, "/mine")
    await taken.settled()
    for words in ("Ken", "Somebody"):
        told = await says(taken, "Hana", f"/handover {words}", topic_id=topic_of(taken))
        assert "Who is to be asked" in told
    assert (await case_of(taken)).offered_to is None


async def test_only_the_colleague_who_is_asked_can_accept(taken: Scene) -> None:
    taken.telegram.users[610] = User(610, "Yui")
    taken.group.members.add(610)
    taken.group.administrators.add(610)
    await says(taken, "Hana", "/handover Ken", topic_id=topic_of(taken))
    message_id, data = taken.button(GROUP, "Accept")
    for number in (610, VOLUNTEERS["Hana"]):
        await taken.telegram.press(GROUP, number, message_id, data)
        await taken.settled()
        assert taken.telegram.popups[-1]["text"] == "Ken is asked. Only they can answer."
    assert (await case_of(taken)).claim == HANA


async def test_a_colleague_who_has_left_the_group_cannot_accept(taken: Scene) -> None:
    await says(taken, "Hana", "/handover Ken", topic_id=topic_of(taken))
    taken.group.members.discard(VOLUNTEERS["Ken"])
    await taken.volunteer_presses("Ken", "Accept")
    assert (await case_of(taken)).claim == HANA


@pytest.mark.parametrize("who", ["Ken", "Hana"])
async def test_an_offer_that_is_declined_or_taken_back_changes_nothing(
    taken: Scene, who: str
) -> None:
    await says(taken, "Hana", "/handover Ken", topic_id=topic_of(taken))
    message_id, data = taken.button(GROUP, "Accept")
    await taken.volunteer_presses(who, "Not now")
    assert taken.find(GROUP, "not handed over. It stays with Hana")
    await taken.telegram.press(GROUP, VOLUNTEERS["Ken"], message_id, data)
    await taken.settled()
    assert "Nobody is asked" in taken.telegram.popups[-1]["text"]
    assert (await case_of(taken)).claim == HANA


async def test_an_accept_that_comes_twice_or_after_the_lease_hands_nothing_over(
    taken: Scene,
) -> None:
    await says(taken, "Hana", "/handover Ken", topic_id=topic_of(taken))
    message_id, data = taken.button(GROUP, "Accept")
    await taken.minutes_pass(30)
    presses = [taken.telegram.press(GROUP, KEN.staff_id, message_id, data) for _ in range(2)]
    await asyncio.gather(*presses)
    await taken.settled()
    assert (await case_of(taken)).claim is None


async def test_whoever_accepts_has_a_whole_lease(taken: Scene) -> None:
    await taken.minutes_pass(25)
    await says(taken, "Hana", "/handover Ken", topic_id=topic_of(taken))
    await taken.volunteer_presses("Ken", "Accept")
    await taken.minutes_pass(29)
    assert (await case_of(taken)).claim == KEN
    await taken.minutes_pass(1)
    assert taken.find(GROUP, "Ken did not reply for 30 minutes")


async def test_a_colleague_s_case_is_not_anybody_s_to_hand_over(taken: Scene) -> None:
    told = await says(taken, "Ken", "/handover Ken", topic_id=topic_of(taken))
    assert "Hana has it. Only they, or an administrator" in told
    await taken.volunteer_presses("Ken", "Hand over")
    assert "Only they, or an administrator" in taken.telegram.popups[-1]["text"]


async def test_outside_a_topic_handover_means_the_only_case_that_one_has_or_its_code(
    taken: Scene,
) -> None:
    assert "Hana asks you" in await says(taken, "Hana", "/handover Ken")
    await taken.volunteer_presses("Ken", "Not now")
    code = code_of(taken, "ALARM")
    assert "Hana asks you" in await says(taken, "Hana", f"/handover {code.lower()} Ken")
    assert "Which case?" in await says(taken, "Ken", "/handover Hana")


# --- a coordinator


async def test_a_coordinator_takes_a_case_over_and_who_had_it_is_told(taken: Scene) -> None:
    taken.group.administrators.add(VOLUNTEERS["Ken"])
    await taken.volunteer_presses("Ken", "Take over")
    assert (await case_of(taken)).claim == KEN
    told = taken.find(GROUP, "Ken took it over from Hana")
    assert f"tg://user?id={HANA.staff_id}" in told["_html"]
    assert told["message_thread_id"] == topic_of(taken)
    assert taken.news(PERSON) == []


async def test_a_coordinator_takes_a_case_over_by_a_command_in_its_topic(taken: Scene) -> None:
    taken.group.administrators.add(VOLUNTEERS["Ken"])
    assert "Which case?" in await says(taken, "Ken", "/takeover")
    told = await says(taken, "Ken", "/takeover", topic_id=topic_of(taken))
    assert "Ken took it over from Hana" in told
    await says(taken, "Ken", "/takeover", topic_id=topic_of(taken))
    assert (await case_of(taken)).claim == KEN


async def test_nobody_but_a_coordinator_takes_a_case_over(taken: Scene) -> None:
    await taken.volunteer_presses("Ken", "Take over")
    assert "Only an administrator" in taken.telegram.popups[-1]["text"]
    told = await says(taken, "Ken", "/takeover", topic_id=topic_of(taken))
    assert "Only an administrator" in told
    assert (await case_of(taken)).claim == HANA


async def test_a_case_that_nobody_has_is_claimed_not_taken_over(taken: Scene) -> None:
    taken.group.administrators.add(VOLUNTEERS["Ken"])
    message_id, data = taken.button(GROUP, "Take over")
    await taken.volunteer_presses("Hana", "Release")
    await taken.telegram.press(GROUP, KEN.staff_id, message_id, data)
    await taken.settled()
    assert taken.telegram.popups[-1]["text"] == "Nobody has it."


async def test_an_offer_ends_when_a_coordinator_takes_the_case_over(taken: Scene) -> None:
    taken.telegram.users[610] = User(610, "Yui")
    taken.group.members.add(610)
    taken.group.administrators.add(610)
    await says(taken, "Hana", "/handover Ken", topic_id=topic_of(taken))
    accept = taken.button(GROUP, "Accept")
    message_id, data = taken.button(GROUP, "Take over")
    await taken.telegram.press(GROUP, 610, message_id, data)
    await taken.telegram.press(GROUP, KEN.staff_id, *accept)
    await taken.settled()
    assert (await case_of(taken)).claim == Claim(610, "Yui")


# --- who is called when nobody answers


async def test_the_first_alarm_calls_those_on_duty_who_speak_the_language(stage: Scene) -> None:
    await says(stage, "Ken", "/languages vi")
    await says(stage, "Ken", "/duty on")
    await says(stage, "Hana", "/languages en")
    await says(stage, "Hana", "/duty on")
    await stage.writes(BEATEN)
    await stage.minutes_pass(5)
    assert stage.find(GROUP, "still waits")["text"].splitlines()[1:] == ["Ken"]
    assert f"tg://user?id={KEN.staff_id}" in stage.find(GROUP, "still waits")["_html"]
    await stage.minutes_pass(5)
    assert stage.find(GROUP, "NOBODY has answered")["text"].splitlines()[1:] == ["Ken, Hana"]


async def test_who_is_away_or_has_left_is_called_no_more_and_who_left_is_forgotten(
    stage: Scene,
) -> None:
    await says(stage, "Ken", "/duty on")
    await says(stage, "Hana", "/away")
    await stage.writes(BEATEN)
    stage.group.members.discard(VOLUNTEERS["Ken"])
    await stage.minutes_pass(5)
    assert stage.find(GROUP, "still waits")["text"].splitlines()[1:] == []
    assert "On duty now: –" in await says(stage, "Hana", "/duty")


async def test_whoever_leaves_the_group_is_forgotten_at_once(stage: Scene) -> None:
    await says(stage, "Ken", "/duty on")
    stage.group.members.discard(VOLUNTEERS["Ken"])
    left = stage.telegram.users[VOLUNTEERS["Ken"]].as_json()
    await stage.telegram.write(GROUP, VOLUNTEERS["Ken"], content={"left_chat_member": left})
    await stage.settled()
    assert "On duty now: –" in await says(stage, "Hana", "/duty")


async def test_a_new_alarm_in_a_case_that_somebody_has_calls_them(taken: Scene) -> None:
    await taken.writes("nó đang đập cửa phòng em, cứu em")
    again = taken.find(GROUP, "AGAIN")
    assert "Hana: you have this case. Answer now" in again["text"]
    assert f"tg://user?id={HANA.staff_id}" in again["_html"]
    case = await case_of(taken)
    assert case.due_at is not None
    assert case.due_at - taken.clock() < dt.timedelta(minutes=6)


@pytest.mark.parametrize(
    "data",
    [
        "hand:to:{code}:999999",
        "hand:to:{code}:x",
        "hand:to:XXXXX:1",
        "hand:to:{code}",
        "hand:accept:XXXXX",
        "hand:accept:{code}",
        "hand:decline:{code}",
        "case:takeover:{code}",
    ],
)
async def test_a_forged_button_hands_nothing_over_and_says_so(taken: Scene, data: str) -> None:
    message_id, _ = taken.button(GROUP, "Close")
    before = len(taken.telegram.popups)
    forged = data.replace("{code}", code_of(taken, "ALARM"))
    await taken.telegram.press(GROUP, VOLUNTEERS["Ken"], message_id, forged)
    await taken.settled()
    assert len(taken.telegram.popups) == before + 1
    case = await case_of(taken)
    assert (case.claim, case.offered_to) == (HANA, None)


async def test_a_name_that_looks_like_markup_breaks_no_message(stage: Scene) -> None:
    stage.telegram.users[VOLUNTEERS["Hana"]].first_name = "A<b>&"
    await stage.writes(BEATEN)
    assert "A<b>&: " in await says(stage, "Hana", "/next")
    assert "👤 A<b>&" in await says(stage, "Hana", "/mine")
    await says(stage, "Ken", "/mine")
    told = await says(stage, "Ken", "/handover Ken", topic_id=topic_of(stage))
    assert "A<b>& has it. Only they" in told
    assert "A<b>& asks you" in await says(stage, "Hana", "/handover Ken")
    # The board leaves the group's minute to all of the above.
    stage.now += dt.timedelta(minutes=1)
    await stage.board_is_looked_at()
    assert stage.find(GROUP, "Waiting: 0 · taken: 1")["text"].endswith("👤 A<b>&")
