"""A hidden chat: what is gone from the phone, what stays, and what is kept of it meanwhile."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import func, select

from storage.chat_messages import DELETABLE_FOR
from storage.database import Database
from storage.purge import purge
from storage.tables import chat_messages, people
from tests.scene import PERSON, Scene

WORD = "con mèo xanh"


async def hide(here: Scene) -> None:
    await here.writes("/hide")
    await here.writes(WORD)
    await here.presses("Dọn ngay")


def on_phone(here: Scene) -> list[str]:
    """Return everything that stands in the chat, from whomever."""
    return [each.get("text", "") for each in here.telegram.chats[PERSON].messages.values()]


def database_of(here: Scene) -> Database:
    assert here.running is not None
    return here.running.database


async def known_messages(here: Scene) -> int:
    async with database_of(here).begin() as tx:
        query = select(func.count()).select_from(chat_messages)
        return int((await tx.connection.execute(query)).scalar_one())


async def test_one_harmless_message_stays_of_all_that_both_wrote(stage: Scene) -> None:
    await stage.writes("cong ty khong tra luong 3 thang roi")
    await hide(stage)
    (left,) = on_phone(stage)
    assert left.startswith("Chào hỏi tiếng Nhật")


async def test_a_long_chat_is_emptied_in_batches_that_telegram_takes(stage: Scene) -> None:
    for _ in range(60):
        await stage.telegram.write(PERSON, PERSON, "/about")
    await stage.settled()
    assert len(on_phone(stage)) == 120
    await hide(stage)
    assert len(on_phone(stage)) == 1


async def test_what_is_older_than_telegram_lets_a_bot_delete_stays(stage: Scene) -> None:
    await stage.writes("/about")
    stage.now += DELETABLE_FOR + dt.timedelta(minutes=1)
    await hide(stage)
    asked, answered, harmless = on_phone(stage)
    assert asked == "/about"
    assert "Kakekomi" in answered
    assert "Kakekomi" not in harmless


async def test_the_chat_is_emptied_also_when_telegram_fails_at_first(stage: Scene) -> None:
    failures = [502, 500]

    async def failing(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        if method.lower() != "deletemessages" or not failures:
            return None
        return web.Response(status=failures.pop())

    stage.server.fault = failing
    await hide(stage)
    assert failures == []
    assert len(on_phone(stage)) == 1


async def test_a_hidden_chat_lists_one_harmless_command_until_the_word_comes(
    stage: Scene,
) -> None:
    chat = stage.telegram.chats[PERSON]
    await hide(stage)
    assert chat.commands == [{"command": "phrase", "description": "Một câu chào tiếng Nhật"}]
    await stage.writes("/phrase")
    assert " = " in stage.texts(PERSON)[-1]
    await stage.writes(WORD)
    assert chat.commands is None


@pytest.mark.parametrize("method", ["setmycommands", "deletemycommands"])
async def test_the_list_of_commands_changes_also_when_telegram_fails_at_first(
    stage: Scene, method: str
) -> None:
    failures = [502, 500]

    async def failing(called: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        if called.lower() != method or not failures:
            return None
        return web.Response(status=failures.pop())

    stage.server.fault = failing
    await hide(stage)
    assert stage.telegram.chats[PERSON].commands is not None
    await stage.writes(WORD)
    assert stage.telegram.chats[PERSON].commands is None
    assert failures == []


async def test_a_reply_that_still_waits_does_not_show_on_a_hidden_phone(stage: Scene) -> None:
    await stage.writes("ông chủ đánh em chảy máu, cứu em với")
    await hide(stage)
    await stage.volunteer_replies("Hana", "Bạn có an toàn không?", to="ALARM")
    await stage.volunteer_closes("Hana")
    assert len(on_phone(stage)) == 1


async def test_the_word_is_nowhere_in_what_is_kept(stage: Scene) -> None:
    await hide(stage)
    async with database_of(stage).begin() as tx:
        person = (await tx.connection.execute(select(people))).one()
        kept = [tx.vault.open(person.sealed_state), person.sealed_recent]
    assert kept[1] is None
    assert WORD not in str(kept)


async def test_message_numbers_are_kept_for_two_days_and_go_with_the_person(stage: Scene) -> None:
    await stage.writes("xin chào")
    assert await known_messages(stage) == 3
    async with database_of(stage).begin() as tx:
        assert (await purge(tx, stage.clock()))["message numbers"] == 0
        later = stage.clock() + DELETABLE_FOR + dt.timedelta(minutes=1)
        assert (await purge(tx, later))["message numbers"] == 3
    await stage.writes("/forget")
    await stage.presses("Ừ, xoá hết")
    assert await known_messages(stage) == 0


async def test_nothing_of_us_shows_on_a_hidden_phone_when_something_breaks(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hide(stage)

    def breaks(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr("assistant.respond", breaks)
    await stage.writes("xin chào")
    assert on_phone(stage)[1:] == ["xin chào"]
