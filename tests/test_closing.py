"""Volunteers close cases with what came of them, and look up cases and their history."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from sqlalchemy import select

from cases.codes import codes_meant
from cases.model import Event, Outcome, State
from conversation.content import Content
from conversation.history import CASES_SHOWN_MAX
from storage.tables import case_events
from tests.scene import GROUP, PERSON, VOLUNTEERS, Scene

ALARM = "ông chủ đánh em chảy máu, cứu em với"


def code_of(here: Scene) -> str:
    """Return the code of the newest case."""
    return str(here.find(GROUP, "ALARM")["text"]).split("ALARM ")[1][:5]


def labels(here: Scene, holding: str = "ALARM") -> list[str]:
    markup = here.find(GROUP, holding).get("reply_markup", {"inline_keyboard": []})
    return [button["text"] for row in markup["inline_keyboard"] for button in row]


async def outcomes(here: Scene) -> list[tuple[str, str | None]]:
    assert here.running is not None
    async with here.running.database.begin() as tx:
        query = select(case_events.c.event, case_events.c.outcome).order_by(case_events.c.id)
        return [(row.event, row.outcome) for row in await tx.connection.execute(query)]


async def asks(here: Scene, command: str, who: str = "Hana") -> str:
    """A volunteer writes a command into the group itself; return the answer."""
    here.news(GROUP)
    # Each command has the group's whole budget before it.
    here.now += dt.timedelta(minutes=1)
    await here.telegram.write(GROUP, VOLUNTEERS[who], command)
    await here.settled()
    (answer,) = here.news(GROUP)
    assert "message_thread_id" not in answer
    return str(answer["text"])


async def test_close_asks_what_came_of_it_below_the_same_alert(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.news(GROUP)
    await stage.volunteer_presses("Hana", "Close")
    assert stage.news(GROUP) == []
    assert labels(stage) == [
        "Helped", "Handed on to …", "No answer from the person", "Not needed",
        "Abuse of the service", "◂ Back",
    ]  # fmt: skip
    await stage.volunteer_presses("Hana", "Back")
    assert labels(stage) == ["Claim", "Close", "Checklist"]
    assert await outcomes(stage) == [("open", None)]


async def test_the_choice_closes_and_the_history_keeps_it(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Close")
    await stage.volunteer_presses("Hana", "Not needed")
    assert stage.find(GROUP, "closed by Hana. Outcome: Not needed.")
    assert labels(stage) == []
    assert await outcomes(stage) == [("open", None), ("close", "not-needed")]


async def test_a_case_is_handed_on_to_an_office_that_the_volunteer_chooses(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Ken", "Close")
    await stage.volunteer_presses("Ken", "Handed on to")
    assert "OTIT or its successor" in labels(stage)
    await stage.volunteer_presses("Ken", "Labour office")
    assert stage.find(GROUP, "Outcome: Handed on to … Labour office.")
    assert (await outcomes(stage))[-1] == ("close", "handed-to-labour-office")


async def test_of_two_who_close_at_once_one_says_what_came_of_it(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Close")
    presses = []
    for who, label in (("Hana", "Helped"), ("Ken", "Not needed")):
        message_id, data = stage.button(GROUP, label)
        presses.append(stage.telegram.press(GROUP, VOLUNTEERS[who], message_id, data))
    await asyncio.gather(*presses)
    await stage.settled()
    assert [event for event, _ in await outcomes(stage)] == ["open", "close"]
    assert "It is closed already." in [popup["text"] for popup in stage.telegram.popups]


async def test_no_button_stays_below_an_older_alert_on_which_the_case_was_closed(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    older, data = stage.button(GROUP, "Close")
    await stage.writes("ông ấy đang cầm dao ngoài cửa")
    await stage.telegram.press(GROUP, VOLUNTEERS["Hana"], older, data)
    await stage.settled()
    helped = f"case:outcome:{data.rpartition(':')[2]}:helped"
    await stage.telegram.press(GROUP, VOLUNTEERS["Hana"], older, helped)
    await stage.settled()
    assert "reply_markup" not in stage.group.messages[older]
    assert labels(stage, "AGAIN") == []


async def test_a_made_up_outcome_closes_nothing(stage: Scene) -> None:
    await stage.writes(ALARM)
    message_id, _ = stage.button(GROUP, "Close")
    for data in ("case:outcome:{}:", "case:outcome:{}:rich", "case:close:{}:helped"):
        made_up = data.format(code_of(stage))
        await stage.telegram.press(GROUP, VOLUNTEERS["Hana"], message_id, made_up)
        await stage.settled()
        assert stage.telegram.popups[-1]["text"] == "There is no such case."
    assert await outcomes(stage) == [("open", None)]


async def test_case_tells_how_a_case_stands(stage: Scene) -> None:
    await stage.writes(ALARM)
    code = code_of(stage)
    stage.now += dt.timedelta(hours=2, minutes=10)
    said = await asks(stage, f"/case {code.lower()}")
    assert f"{code}: Beaten or threatened" in said
    assert "It waits for a volunteer: 2 hours" in said
    assert "Language: Vietnamese (vi)" in said
    assert "Opened: 2026-12-01 12:00" in said
    await stage.volunteer_presses("Hana", "Claim")
    assert "Hana has it." in await asks(stage, f"/case {code}")
    await stage.volunteer_closes("Hana", "No answer")
    said = await asks(stage, f"/case@kakekomi_bot {code}", who="Ken")
    assert "It is closed." in said
    assert "Closed last as: No answer from the person" in said


async def test_in_a_case_s_topic_no_code_is_needed_and_the_answer_stands_there(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    for command in ("/case", "/history"):
        await stage.volunteer_notes("Hana", command)
        answer = stage.messages(GROUP)[-1]
        assert code_of(stage) in answer["text"]
        assert answer["message_thread_id"] == max(stage.group.topics)


async def test_case_without_a_code_or_with_a_wrong_one_says_so(stage: Scene) -> None:
    await stage.writes(ALARM)
    assert (await asks(stage, "/case")).startswith("Which case?")
    assert await asks(stage, "/history ZZZZZ") == "There is no such case."
    assert await asks(stage, "/case nobody knows this") == "There is no such case."


def test_a_code_is_found_without_regard_to_case_width_and_misread_letters() -> None:
    assert codes_meant("k7qmw")[0] == "K7QMW"
    assert codes_meant(" Ｋ７ＱＭＷ ")[0] == "K7QMW"
    assert "K7QMW" in codes_meant("KIOMW")
    assert "K7QMW" in codes_meant("k10mw")
    assert "258AB" in codes_meant("ZS8AB")
    assert codes_meant("K7QM") == codes_meant("K7QMWX") == codes_meant("") == ()


async def test_a_misread_code_finds_its_case(stage: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.new_code", lambda: "K7QMW")
    await stage.writes(ALARM)
    assert "K7QMW: Beaten" in await asks(stage, "/case kI0mw")


async def test_where_several_cases_may_be_meant_the_group_is_told_which(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(("K7QMW", "K7DMW"))
    monkeypatch.setattr("assistant.new_code", lambda: next(codes))
    await stage.writes(ALARM)
    await stage.writes(ALARM, person=stage.person("Somebody", PERSON + 1))
    assert "K7DMW, K7QMW" in await asks(stage, "/case K70MW")
    assert "K7DMW: Beaten" in await asks(stage, "/case K7DMW")


async def test_history_tells_every_step_with_its_time_in_japan_and_who_took_it(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    await stage.writes("dạ em đây")
    await stage.volunteer_replies("Ken", "Bạn có an toàn không?", to="ALARM")
    await stage.volunteer_presses("Ken", "Close")
    await stage.volunteer_presses("Ken", "Handed on to")
    await stage.volunteer_presses("Ken", "Police")
    lines = (await asks(stage, f"/history {code_of(stage)}")).splitlines()
    assert [line[17:] for line in lines[1:]] == [
        "the person asked for a human or wrote of danger",
        "Hana: claimed it",
        "the person wrote",
        "Ken: replied to the person",
        "Ken: closed it (Handed on to … Police)",
    ]
    assert all(line.startswith("2026-12-01 12:0") for line in lines[1:])


async def test_search_finds_cases_by_what_is_known_of_them_but_not_by_words(stage: Scene) -> None:
    await stage.writes(ALARM)
    code = code_of(stage)
    await stage.volunteer_presses("Hana", "Claim")
    for words in (code[1:4].lower(), "BEATEN", "vietnamese", "claimed hana", "violence vi"):
        assert code in await asks(stage, f"/search {words}"), words
    for words in ("chảy", "waiting", "hana closed"):
        assert (await asks(stage, f"/search {words}")).startswith("No case fits."), words
    assert "cannot be searched" in await asks(stage, "/search")
    await stage.volunteer_closes("Hana")
    assert code in await asks(stage, "/search closed")


async def test_a_long_list_of_cases_says_how_many_more_there_are(stage: Scene) -> None:
    for number in range(CASES_SHOWN_MAX + 2):
        await stage.writes(ALARM, person=stage.person("Somebody", PERSON + 1 + number))
        stage.now += dt.timedelta(minutes=5)
    lines = (await asks(stage, "/search waiting")).splitlines()
    assert len(lines) == CASES_SHOWN_MAX + 1
    assert lines[-1] == "… 2 more"


async def test_only_members_look_up_cases(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.group.members.discard(VOLUNTEERS["Ken"])
    for command in (f"/case {code_of(stage)}", f"/history {code_of(stage)}", "/search vi"):
        assert (await asks(stage, command, who="Ken")).startswith("This works only")


def test_every_step_outcome_and_state_has_its_words_for_the_volunteers(content: Content) -> None:
    needed = [f"staff-step-{event.value}" for event in Event]
    needed += [f"staff-outcome-{outcome.value}" for outcome in Outcome]
    needed += [f"staff-state-{state.value}" for state in State]
    for language in content.translations.staff.values():
        assert set(needed) <= set(language.ui)
