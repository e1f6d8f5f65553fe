"""Nothing is lost when Telegram refuses, breaks off or talks nonsense."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conversation.content import Content
from sandbox.methods import call
from tests.faults import refusing, unconfirmed
from tests.scene import GROUP, PERSON, Scene, scene, sqlite_url, until

ALARM = "ông chủ đánh em chảy máu, cứu em với"


async def test_a_429_in_the_staff_group_delays_no_person(stage: Scene) -> None:
    stage.server.fault = refusing(1, GROUP, "sendMessage", 429, retry_after=3)
    await stage.telegram.write(PERSON, PERSON, ALARM)
    await until(lambda: any("🆘" in text for text in stage.texts(PERSON)))
    assert stage.messages(GROUP) == []
    await stage.settled()
    assert stage.find(GROUP, "ALARM")


@pytest.mark.parametrize("status", [500, 502])
async def test_an_alert_is_sent_again_until_telegram_takes_it(stage: Scene, status: int) -> None:
    stage.server.fault = refusing(2, GROUP, "sendMessage", status)
    await stage.writes(ALARM)
    assert "(perhaps a repeat)" in stage.find(GROUP, "ALARM")["text"]


async def test_the_group_reads_in_its_own_language_that_an_alert_may_be_a_repeat(
    content: Content, tmp_path: Path
) -> None:
    async with scene(replace(content, staff_language="ja"), sqlite_url(tmp_path)) as here:
        here.server.fault = refusing(1, GROUP, "sendMessage", 502)
        async with here.bot_runs():
            await here.writes(ALARM)
            assert "（同じものが二回届いたかもしれません）" in here.find(GROUP, "🔴 緊急")["text"]


async def test_an_answer_that_telegram_took_but_did_not_confirm_comes_again_marked(
    stage: Scene,
) -> None:
    taken: list[object] = []

    async def cut_off(method: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if method != "sendMessage" or taken or int(params["chat_id"]) != PERSON:
            return None
        taken.append(await call(stage.telegram, method, params))
        return web.Response(body=b'{"ok": tr', status=200)

    stage.server.fault = cut_off
    await stage.writes("/help")
    first, second = stage.texts(PERSON)
    assert second == f"{first}\n(có thể bị lặp lại)"


@pytest.mark.parametrize("answer", [b"[]", b"null", b'{"ok": true}', b"<html>"])
async def test_an_answer_that_is_none_stops_nothing(stage: Scene, answer: bytes) -> None:
    left = ["getupdates", "getchat", "sendmessage", "copymessage"]

    async def talk_nonsense(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        if method.lower() not in left:
            return None
        left.remove(method.lower())
        return web.Response(body=answer)

    stage.server.fault = talk_nonsense
    await stage.writes(ALARM)
    assert stage.find(GROUP, "ALARM")
    assert not left


async def test_a_reply_that_may_have_come_before_is_marked(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.news(PERSON)
    stage.server.fault = unconfirmed(stage, "copyMessage", PERSON)
    await stage.volunteer_replies("Hana", "Are you safe?", to="ALARM")
    _taken, first, second = stage.news(PERSON)
    assert "reply_markup" not in first
    ((button,),) = second["reply_markup"]["inline_keyboard"]
    assert button["text"] == "(có thể bị lặp lại)"


async def test_a_reply_to_an_alert_that_telegram_did_not_confirm_reaches_the_person(
    stage: Scene,
) -> None:
    stage.server.fault = unconfirmed(stage, "sendMessage", GROUP)
    await stage.writes(ALARM)
    first, _second = [each for each in stage.messages(GROUP) if "ALARM" in each["text"]]
    await stage.telegram.write(GROUP, 601, "Are you safe?", reply_to=first["message_id"])
    await stage.settled()
    assert stage.find(PERSON, "Are you safe?")


async def test_who_replies_to_a_message_that_stands_for_no_case_is_told(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    await stage.volunteer_replies("Hana", "Are you safe?", to="Hana has it.")
    assert stage.find(GROUP, "nobody got this reply")
    assert "Are you safe?" not in stage.texts(PERSON)


async def test_a_claim_is_not_lost_while_telegram_does_not_say_who_is_a_member(
    stage: Scene,
) -> None:
    await stage.writes(ALARM)
    stage.server.fault = refusing(2, GROUP, "getChatMember", 500)
    await stage.volunteer_presses("Hana", "Claim")
    assert stage.find(GROUP, "Hana has it.")


async def test_volunteers_are_told_when_a_reply_cannot_reach_the_person(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.telegram.chats[PERSON].blocked = True
    await stage.volunteer_replies("Hana", "Are you safe?", to="ALARM")
    assert "they blocked the bot" in stage.find(GROUP, "not delivered")["text"]


async def test_whoever_is_answered_in_english_reads_the_mark_in_english(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path), language="en") as here, here.bot_runs():
        here.server.fault = unconfirmed(here, "sendMessage", PERSON)
        await here.writes("/help")
        assert here.texts(PERSON)[-1].endswith("(perhaps a repeat)")


async def test_the_last_word_to_somebody_who_is_forgotten_is_marked_in_their_language(
    stage: Scene,
) -> None:
    await stage.writes("/forget")
    stage.server.fault = unconfirmed(stage, "sendMessage", PERSON)
    await stage.presses("Ừ, xoá hết")
    assert stage.texts(PERSON)[-1].endswith("(có thể bị lặp lại)")
