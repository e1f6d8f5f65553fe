"""Buttons that nobody was shown: forged, replayed, cut, of other chats, of other people."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from sandbox.telegram import CALLBACK_DATA_BYTES_MAX, User
from storage.tables import cases, inbox
from tests.scene import GROUP, PERSON, VOLUNTEERS, Scene

ALARM = "ông chủ đánh em chảy máu, cứu em với"
CASE_BUTTONS = ("case:claim:", "case:close:", "case:handed:", "case:back:", "case:release:")
# A card, a group of cards, and what is none.
ITEMS = (
    ":safe-to-write", ":safe-to-write", ":police-now", ":safety", ":safety",
    ":nobody", ":safe-to-writ", ":", "", "::", ":x:1",
)  # fmt: skip
# Somebody with bad intentions, a group of theirs, and a volunteer who has left.
STRANGER, STRANGERS, FORMER = 5010203999, -1007777777777, 603
VERBS = (
    "language", "topic", "pillar", "table", "row", "helpful", "menu", "emergency", "human",
    "human-yes", "human-no", "stop", "none", "forget-no", "forget-yes", "ask-later", "safe",
    "quiet",
)  # fmt: skip

patient = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def fits(data: str) -> bool:
    return 1 <= len(data.encode("utf-8", "replace")) <= CALLBACK_DATA_BYTES_MAX


def cut(data: str, at: int) -> str:
    return data[:at] or data


anything = st.text(min_size=1, max_size=64)
arguments = st.lists(
    st.sampled_from(("0", "1", "-1", "9" * 40, "٣", "²", "vi", "labour", "minimum-wage", "yes", ""))
    | st.text(max_size=12),
    max_size=3,
)
verbs = st.sampled_from(VERBS)
of_a_person = st.builds(lambda verb, rest: ":".join([verb, *rest]), verbs, arguments)
# {code} is the code of the victim's case.
whole = st.just(CALLBACK_DATA_BYTES_MAX)
codes = st.sampled_from(("{code}", "{code}", "{code}", "XXXXX", ""))
of_an_alert = st.builds(
    lambda verb, code, rest, at: cut(f"case:{verb}:{code}{rest}", at),
    st.sampled_from(("claim", "close", "outcome", "release", "checklist", "CLAIM", "eat", "")),
    codes,
    st.sampled_from(("", "", "", ":helped", ":", ":1", " ", "\u0000", "ề", "x" * 64)),
    whole | st.integers(1, 40),
)
of_a_list = st.builds(
    lambda verb, code, item, at: cut(f"card:{verb}:{code}{item}", at),
    st.sampled_from(("send", "send", "group", "groups", "SEND", "eat", "")),
    codes,
    st.sampled_from(ITEMS),
    whole | st.integers(1, 40),
)
of_staff = of_an_alert | of_a_list
places = st.sampled_from(
    ("own chat", "strangers", "group: another's alert", "group: copy", "group: list of cards")
)


@pytest.fixture
async def two_cases(stage: Scene) -> Scene:
    """Two people have cases, the first of them a list of cards in its topic; a stranger has a chat
    and a group of their own with the bot."""
    telegram = stage.telegram
    telegram.add_person(User(PERSON + 1, "Somebody", "vi"))
    telegram.add_person(User(STRANGER, "Stranger", "en"))
    telegram.add_group(STRANGERS, "strangers", [User(STRANGER, "Stranger", "en")], forum=False)
    telegram.users[FORMER] = User(FORMER, "Former")
    await stage.writes(ALARM)
    await stage.writes(ALARM, person=PERSON + 1)
    await stage.writes("/menu", person=STRANGER)
    await stage.volunteer_replies("Hana", "/say safe", to=f"ALARM {code_of(stage, 0)}")
    return stage


def code_of(here: Scene, number: int) -> str:
    """Return the code of the first or second case."""
    alerts = [text for text in here.texts(GROUP) if "ALARM" in text]
    return alerts[number].split("ALARM ")[1][:5]


def post(here: Scene, chat: int, text: str, number: int = 0) -> int:
    """Return the id of a message of the bot's in a chat that holds a text."""
    found = [each for each in here.messages(chat) if text in each.get("text", "")]
    return int(found[number]["message_id"])


async def press(here: Scene, chat: int, user: int, message_id: int, data: str | None) -> None:
    """Somebody presses a button as only a changed app can: with any data, on any message."""
    # Each press has the staff group's whole budget before it.
    here.now += dt.timedelta(minutes=2)
    about = here.telegram.chats[chat].as_json()
    await here.telegram.add_update(
        {
            "callback_query": {
                "id": "1",
                "from": here.telegram.users[user].as_json(),
                "message": {"message_id": message_id, "date": 0, "chat": about},
                "chat_instance": "1",
                **({"data": data} if data is not None else {}),
            }
        }
    )
    await here.settled()


async def standing(here: Scene) -> list[tuple[Any, ...]]:
    """Return how the two cases stand, and what the two people have been shown."""
    assert here.running is not None
    victims = (PERSON, PERSON + 1)
    async with here.running.database.begin() as tx:
        query = select(cases.c.code, cases.c.state, cases.c.sealed_claim).order_by(cases.c.id)
        stand = [tuple(row) for row in (await tx.connection.execute(query)).all()[:2]]
        failed = select(func.count()).where((inbox.c.attempts > 0) | (inbox.c.state == "failed"))
        assert (await tx.connection.execute(failed)).scalar_one() == 0
    return [*stand, *(tuple(here.texts(victim)) for victim in victims)]


def heard(here: Scene, chat: int) -> int:
    return len(here.telegram.popups) + (len(here.messages(chat)) if chat > 0 else 0)


@patient
@given(data=(of_a_person | of_staff | anything).filter(fits), place=places)
async def test_a_stranger_s_forged_button_moves_nobody_s_case_and_the_stranger_is_told(
    two_cases: Scene, data: str, place: str
) -> None:
    here = two_cases
    data = data.replace("{code}", code_of(here, 0))
    assume(data != "forget-yes")
    chat, message_id = {
        "own chat": (STRANGER, post(here, STRANGER, "")),
        "strangers": (STRANGERS, 1),
        "group: another's alert": (GROUP, post(here, GROUP, "ALARM", 1)),
        "group: copy": (GROUP, post(here, GROUP, "cứu em với")),
        "group: list of cards": (GROUP, post(here, GROUP, "Cards for")),
    }[place]
    before, told = await standing(here), heard(here, chat)
    await press(here, chat, STRANGER, message_id, data)
    assert await standing(here) == before
    assert heard(here, chat) > told


@patient
@given(data=of_staff.filter(fits), by=st.sampled_from(("Hana", "Ken")), number=st.integers(0, 3))
async def test_a_volunteer_s_forged_button_moves_no_case_but_the_one_it_stands_below(
    two_cases: Scene, data: str, by: str, number: int
) -> None:
    here = two_cases
    code = code_of(here, 0)
    data = data.replace("{code}", code)
    message_id = (
        post(here, GROUP, "ALARM", 0),
        post(here, GROUP, "ALARM", 1),
        post(here, GROUP, "cứu em với"),
        post(here, GROUP, "Cards for"),
    )[number]
    shown = {
        0: [f"{each}{code}" for each in (*CASE_BUTTONS, "case:checklist:")]
        + [f"case:outcome:{code}:helped"],
        3: [f"card:groups:{code}", f"card:group:{code}:safety"]
        + [f"card:send:{code}:{each}" for each in ("safe-to-write", "police-now")],
    }
    assume(data not in shown.get(number, []))
    before, told = await standing(here), heard(here, GROUP)
    await press(here, GROUP, VOLUNTEERS[by], message_id, data)
    assert await standing(here) == before
    assert heard(here, GROUP) > told


@pytest.mark.parametrize("verb", CASE_BUTTONS)
async def test_a_button_of_one_case_below_the_alert_of_another_does_nothing_and_says_so(
    two_cases: Scene, verb: str
) -> None:
    before = await standing(two_cases)
    other = post(two_cases, GROUP, "ALARM", 1)
    await press(two_cases, GROUP, VOLUNTEERS["Hana"], other, verb + code_of(two_cases, 0))
    assert "does not belong to that case" in two_cases.telegram.popups[-1]["text"]
    assert await standing(two_cases) == before


@pytest.mark.parametrize("number", [0, 1])
async def test_a_card_for_one_case_is_not_sent_from_another_s_list_or_alert(
    two_cases: Scene, number: int
) -> None:
    before = await standing(two_cases)
    first, second = code_of(two_cases, 0), code_of(two_cases, 1)
    below = post(two_cases, GROUP, ("Cards for", "ALARM")[number])
    code = (second, first)[number]
    await press(two_cases, GROUP, VOLUNTEERS["Hana"], below, f"card:send:{code}:safe-to-write")
    assert two_cases.telegram.popups[-1]["text"].startswith("Nothing was sent")
    assert await standing(two_cases) == before


async def test_a_card_is_not_sent_again_from_a_list_that_was_used(two_cases: Scene) -> None:
    used, code = post(two_cases, GROUP, "Cards for"), code_of(two_cases, 0)
    await press(two_cases, GROUP, VOLUNTEERS["Hana"], used, f"card:send:{code}:safe-to-write")
    assert two_cases.telegram.popups[-1]["text"] == "Sent."
    sent = await standing(two_cases)
    for data in ("send:{}:safe-to-write", "send:{}:police-now", "groups:{}", "group:{}:safety"):
        await press(two_cases, GROUP, VOLUNTEERS["Ken"], used, f"card:{data.format(code)}")
        assert two_cases.telegram.popups[-1]["text"].startswith("Nothing was sent")
    assert await standing(two_cases) == sent


@pytest.mark.parametrize("verb", CASE_BUTTONS)
async def test_somebody_who_has_left_the_group_moves_no_case(two_cases: Scene, verb: str) -> None:
    before = await standing(two_cases)
    alert = post(two_cases, GROUP, "ALARM", 0)
    await press(two_cases, GROUP, FORMER, alert, verb + code_of(two_cases, 0))
    assert two_cases.telegram.popups[-1]["text"].startswith("This works only in the staff group")
    assert await standing(two_cases) == before


async def test_an_old_button_of_a_closed_case_does_nothing_more(two_cases: Scene) -> None:
    alert, code = post(two_cases, GROUP, "ALARM", 0), code_of(two_cases, 0)
    await press(two_cases, GROUP, VOLUNTEERS["Hana"], alert, f"case:outcome:{code}:helped")
    closed = await standing(two_cases)
    for verb in CASE_BUTTONS:
        await press(two_cases, GROUP, VOLUNTEERS["Ken"], alert, verb + code)
        assert two_cases.telegram.popups[-1]["text"] == "It is closed already."
    assert await standing(two_cases) == closed


async def test_an_old_button_of_somebody_who_was_forgotten_does_nothing(two_cases: Scene) -> None:
    alert, code = post(two_cases, GROUP, "ALARM", 0), code_of(two_cases, 0)
    await two_cases.writes("/forget")
    await two_cases.presses("Ừ, xoá hết")
    forgotten = await standing(two_cases)
    for verb in CASE_BUTTONS:
        await press(two_cases, GROUP, VOLUNTEERS["Ken"], alert, verb + code)
        assert "Nothing was done" in two_cases.telegram.popups[-1]["text"]
    assert await standing(two_cases) == forgotten


@pytest.mark.parametrize("chat", [GROUP, STRANGERS])
async def test_a_person_s_button_in_a_group_makes_nobody_of_the_group(
    two_cases: Scene, chat: int
) -> None:
    before, said = await standing(two_cases), len(two_cases.messages(chat))
    for data in ("human-yes", "emergency", "forget-yes", "menu"):
        await press(two_cases, chat, STRANGER, 1, data)
        assert two_cases.telegram.popups[-1]["text"].startswith("I do nothing here")
    assert len(two_cases.messages(chat)) == said
    assert await standing(two_cases) == before


async def test_a_button_without_data_or_without_a_chat_stops_nobody(two_cases: Scene) -> None:
    before = await standing(two_cases)
    await press(two_cases, STRANGER, STRANGER, 1, None)
    query = {
        "id": "2",
        "from": two_cases.telegram.users[STRANGER].as_json(),
        "inline_message_id": "made-up",
        "chat_instance": "1",
        "data": f"case:close:{code_of(two_cases, 0)}",
    }
    for data in (query["data"], "menu"):
        await two_cases.telegram.add_update({"callback_query": {**query, "data": data}})
    await two_cases.settled()
    assert await standing(two_cases) == before
