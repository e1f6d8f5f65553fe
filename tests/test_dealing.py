"""Volunteers say when they are on duty and what they speak, and are dealt the next case."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from conversation.content import Content
from sandbox.telegram import User
from storage.keys import rekey
from storage.purge import VOLUNTEERS_KEPT, purge
from storage.tables import volunteers
from storage.vault import Vault
from storage.volunteers import whole_team
from tests.conftest import POSTGRESQL
from tests.databases import emptied
from tests.scene import ANONYMOUS, GROUP, NOW, PERSON, VOLUNTEERS, Scene, scene, sqlite_url

BEATEN = "ông chủ đánh em chảy máu, cứu em với"
SUICIDE = "em muốn chết, em không muốn sống nữa"
KILL_ME = "I want to kill myself tonight"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def here(
    request: pytest.FixtureRequest, content: Content, tmp_path: Path
) -> AsyncIterator[Scene]:
    """A scene on either database."""
    url = sqlite_url(tmp_path) if request.param == "sqlite" else os.environ[POSTGRESQL]
    await (await emptied(url)).close()
    async with scene(content, url) as here, here.bot_runs():
        yield here


async def says(here: Scene, name: str, text: str, topic_id: int | None = None) -> str:
    """A volunteer writes a command in the group; return what the bot then says there."""
    here.news(GROUP)
    await here.telegram.write(GROUP, VOLUNTEERS[name], text, topic_id=topic_id)
    await here.settled()
    return "\n".join(message.get("text", "") for message in here.news(GROUP))


async def asks_for_a_human(here: Scene, person: int) -> None:
    await here.writes("/human", person=person)
    message_id, data = here.button(person, "Có, chuyển giúp mình")
    await here.telegram.press(person, person, message_id, data)
    await here.settled()


def code_of(here: Scene, alert: str) -> str:
    return str(here.find(GROUP, alert)["text"].split(f"{alert} ")[1][:5])


# --- duty, away, languages


async def test_a_volunteer_goes_on_duty_until_a_time_in_japan_and_off_again(here: Scene) -> None:
    assert "Hana is on duty until 23:00" in await says(here, "Hana", "/duty on 23:00")
    assert "On duty now: Hana" in await says(here, "Ken", "/duty")
    assert "Hana is off duty" in await says(here, "Hana", "/duty off")
    assert "On duty now: –" in await says(here, "Ken", "/duty")


async def test_a_duty_without_an_end_ends_after_twelve_hours(here: Scene) -> None:
    assert "until 00:00" in await says(here, "Hana", "/duty on")
    here.now += dt.timedelta(hours=12)
    assert "On duty now: –" in await says(here, "Ken", "/duty")


async def test_a_planned_duty_begins_and_ends_by_itself(here: Scene) -> None:
    assert "from 18:00 until 22:00" in await says(here, "Hana", "/duty on 18:00-22:00")
    assert "On duty now: –" in await says(here, "Ken", "/duty")
    here.now += dt.timedelta(hours=7)
    assert "On duty now: Hana" in await says(here, "Ken", "/duty")
    here.now += dt.timedelta(hours=4)
    assert "On duty now: –" in await says(here, "Ken", "/duty")


@pytest.mark.parametrize("words", ["/duty", "/duty on yesterday", "/duty maybe", "/duty on 99h"])
async def test_what_is_no_duty_is_answered_with_how_to_write_one(stage: Scene, words: str) -> None:
    told = await says(stage, "Hana", words)
    assert "Write /duty on (for 12 hours), /duty on 23:00, /duty on 3h" in told
    assert "On duty now: –" in told


async def test_who_goes_off_duty_with_a_case_is_reminded_of_it(here: Scene) -> None:
    await here.writes(BEATEN)
    await says(here, "Hana", "/duty on")
    await says(here, "Hana", "/next")
    assert "still has 1" in await says(here, "Hana", "/duty off")


async def test_who_goes_away_is_off_duty_until_they_say_that_they_are_on(here: Scene) -> None:
    await says(here, "Hana", "/duty on")
    assert "Hana is away until 2026-12-04 12:0" in await says(here, "Hana", "/away 3d")
    assert "On duty now: –" in await says(here, "Ken", "/duty")
    await says(here, "Hana", "/duty on")
    assert "On duty now: Hana" in await says(here, "Ken", "/duty")
    await says(here, "Hana", "/away")
    assert "Hana is back" in await says(here, "Hana", "/away off")
    assert "Write /away" in await says(here, "Hana", "/away for ever")


async def test_languages_are_codes_that_the_bot_knows(stage: Scene) -> None:
    assert "Hana speaks: vi, en" in await says(stage, "Hana", "/languages VI, en")
    told = await says(stage, "Hana", "/languages french")
    assert "vi (Tiếng Việt)" in told
    assert "You said: vi, en" in told


async def test_an_administrator_who_hides_their_name_is_told_why_they_cannot_be_on_duty(
    stage: Scene,
) -> None:
    content = {"from": ANONYMOUS, "sender_chat": stage.group.as_json()}
    await stage.telegram.write(GROUP, VOLUNTEERS["Hana"], "/duty on", content=content)
    await stage.settled()
    assert stage.find(GROUP, "Turn off “remain anonymous”")
    assert "On duty now: –" in await says(stage, "Ken", "/duty")


async def test_a_command_of_somebody_who_left_the_group_does_nothing_and_says_so(
    stage: Scene,
) -> None:
    await stage.writes(BEATEN)
    stage.group.members.discard(VOLUNTEERS["Ken"])
    for command in ("/next", "/mine", "/duty on", "/languages vi", "/away"):
        assert "only in the staff group, for its members" in await says(stage, "Ken", command)
    assert "is yours" in await says(stage, "Hana", "/next")


# --- the next case


async def test_next_deals_the_greatest_danger_first_and_leads_to_it(here: Scene) -> None:
    for number, text in enumerate(("/human", BEATEN, SUICIDE)):
        person = here.person(f"P{number}", PERSON + 1 + number)
        if text == "/human":
            await asks_for_a_human(here, person)
        else:
            await here.writes(text, person=person)
    alert = here.find(GROUP, "Wants to die")
    told = await says(here, "Hana", "/next")
    assert "is yours" in told
    assert "Wants to die" in told
    link = f"https://t.me/c/1234567890/{alert['message_thread_id']}/{alert['message_id']}"
    assert link in here.find(GROUP, "is yours")["_html"]
    assert "Release" in str(alert["reply_markup"])
    assert "Một tình nguyện viên đã nhận" in here.texts(PERSON + 3)[-1]
    # The group takes only so many messages in a minute.
    await here.minutes_pass(1)
    assert "Beaten" in await says(here, "Hana", "/next")
    assert "asks for a human" in await says(here, "Ken", "/next")
    assert "Nobody waits" in await says(here, "Ken", "/next")


async def test_of_volunteers_who_ask_at_once_each_is_dealt_another_case(here: Scene) -> None:
    for number in range(2):
        person = here.person(f"P{number}", PERSON + 1 + number)
        await here.writes(BEATEN, person=person)
    for number in range(4):
        here.telegram.users[700 + number] = User(700 + number, f"V{number}")
        here.group.members.add(700 + number)
    here.news(GROUP)
    await asyncio.gather(
        *(here.telegram.write(GROUP, 700 + number, "/next") for number in range(4))
    )
    await here.settled()
    told = [message.get("text", "") for message in here.news(GROUP)]
    dealt = [text.split(": ")[1][:5] for text in told if "is yours" in text]
    assert len(dealt) == len(set(dealt)) == 2
    assert sum("Nobody waits" in text for text in told) == 2


async def test_next_leaves_a_case_to_who_speaks_its_language_but_says_that_it_waits(
    here: Scene,
) -> None:
    await here.writes(BEATEN)
    await says(here, "Hana", "/languages en")
    told = await says(here, "Hana", "/next")
    assert "Others wait (vi)" in told
    await says(here, "Ken", "/languages vi")
    assert "is yours" in await says(here, "Ken", "/next")


async def test_next_offers_a_life_in_danger_whatever_its_language_when_nobody_on_duty_speaks_it(
    here: Scene,
) -> None:
    await here.writes(SUICIDE)
    await says(here, "Hana", "/languages en")
    await says(here, "Ken", "/languages vi")
    await says(here, "Ken", "/duty on")
    assert "Others wait (vi)" in await says(here, "Hana", "/next")
    await says(here, "Ken", "/duty off")
    assert "is yours" in await says(here, "Hana", "/next")


async def test_mine_shows_the_volunteer_s_cases_and_how_long_each_waits_for_a_reply(
    here: Scene,
) -> None:
    assert "Hana has no case" in await says(here, "Hana", "/mine")
    await here.writes(BEATEN)
    await says(here, "Hana", "/next")
    await here.minutes_pass(12)
    code = code_of(here, "ALARM")
    mine = await says(here, "Hana", "/mine")
    assert f"🔴 {code} · Beaten or threatened with violence · vi · 12 min · 👤 Hana" in mine
    await here.volunteer_replies("Hana", "Bạn có an toàn không?", to="ALARM")
    assert "· answered ·" in await says(here, "Hana", "/mine")
    await here.writes("vâng cảm ơn chị")
    await here.minutes_pass(7)
    assert "· 7 min ·" in await says(here, "Hana", "/mine")
    assert "Ken has no case" in await says(here, "Ken", "/mine")


async def test_a_command_written_in_a_case_s_topic_is_answered_there(stage: Scene) -> None:
    await stage.writes(BEATEN)
    topic_id = stage.find(GROUP, "ALARM")["message_thread_id"]
    await says(stage, "Hana", "/mine", topic_id=topic_id)
    assert stage.find(GROUP, "Hana has no case")["message_thread_id"] == topic_id
    await says(stage, "Hana", "/mine")
    assert "message_thread_id" not in stage.find(GROUP, "Hana has no case")


async def test_in_a_group_without_topics_next_leads_to_the_alert(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path), forum=False) as here, here.bot_runs():
        await here.writes(BEATEN)
        alert = here.find(GROUP, "ALARM")["message_id"]
        await says(here, "Hana", "/next")
        assert f"https://t.me/c/1234567890/{alert}" in here.find(GROUP, "is yours")["_html"]


# --- what is kept of volunteers


async def test_of_a_volunteer_nothing_readable_is_kept(here: Scene) -> None:
    await says(here, "Hana", "/duty on")
    assert here.running is not None
    async with here.running.database.begin() as tx:
        row = (await tx.connection.execute(select(volunteers))).one()
        (hana,) = await whole_team(tx)
    assert hana.claim.name == "Hana"
    kept = str(tuple(row))
    assert "Hana" not in kept
    assert str(VOLUNTEERS["Hana"]) not in kept.replace(row.staff_hash, "")


async def test_a_new_key_still_finds_the_volunteer(here: Scene) -> None:
    await says(here, "Hana", "/languages vi")
    assert here.running is not None
    new = Vault(["bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleSE="])
    async with here.running.database.begin() as tx:
        await rekey(tx, new)
        row = (await tx.connection.execute(select(volunteers))).one()
    assert row.staff_hash == new.hash(VOLUNTEERS["Hana"])
    assert new.open(row.sealed_profile)["languages"] == ["vi"]


async def test_a_volunteer_who_has_not_been_seen_for_a_year_is_forgotten(here: Scene) -> None:
    await says(here, "Hana", "/duty on")
    assert here.running is not None
    async with here.running.database.begin() as tx:
        await purge(tx, NOW + VOLUNTEERS_KEPT - dt.timedelta(days=1))
        assert len(await whole_team(tx)) == 1
        gone = await purge(tx, NOW + VOLUNTEERS_KEPT + dt.timedelta(days=1))
        assert gone["volunteers"] == 1
        assert await whole_team(tx) == []
