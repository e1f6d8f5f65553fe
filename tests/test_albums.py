"""Photos, voices, places and albums go both ways as they are, and show nobody's name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conversation.content import Content
from tests.contents import CONTENTS, photo
from tests.databases import bot_process
from tests.scene import GROUP, PERSON, VOLUNTEERS, Message, Scene, scene, sqlite_url, until

ALARM = "ông chủ đánh em chảy máu, cứu em với"
PERSON_NAMES = ("Sentinel", "sentinel_name", "SentinelSurname", str(PERSON))
VOLUNTEER_NAMES = ("Hana", "hana_username", "SentinelLast", str(VOLUNTEERS["Hana"]))


def kind_of(content: dict[str, Any]) -> set[str]:
    return {each for each in content if each != "media_group_id"}


async def replies_with(here: Scene, contents: Sequence[dict[str, Any]]) -> list[int]:
    """Hana replies to the alert with something that is no text, all at once."""
    alert = here.find(GROUP, "ALARM")
    topic = alert.get("message_thread_id")
    ids = [
        await here.telegram.write(
            GROUP, VOLUNTEERS["Hana"], reply_to=alert["message_id"], topic_id=topic, content=each
        )
        for each in contents
    ]
    await here.settled()
    return ids


async def sends_together(here: Scene, contents: Sequence[dict[str, Any]]) -> list[int]:
    ids = [await here.telegram.write(PERSON, PERSON, content=each) for each in contents]
    await here.settled()
    return ids


def albums(messages: Sequence[Message]) -> list[list[str]]:
    """Return the captions of each album among messages."""
    found: dict[str, list[str]] = {}
    for message in messages:
        if "media_group_id" in message:
            found.setdefault(message["media_group_id"], []).append(message.get("caption", ""))
    return list(found.values())


async def test_every_kind_of_content_goes_both_ways_as_it_is(stage: Scene) -> None:
    await stage.writes(ALARM)
    await stage.volunteer_presses("Hana", "Claim")
    for content in CONTENTS.values():
        stage.news(GROUP)
        stage.news(PERSON)
        await stage.sends(content)
        (copy,) = stage.news(GROUP)
        assert {key: copy[key] for key in kind_of(content)} == content
        assert stage.news(PERSON) == []
        await replies_with(stage, [content])
        (copy,) = stage.news(PERSON)
        assert {key: copy[key] for key in kind_of(content)} == content
        await stage.minutes_pass(1)


async def test_an_album_arrives_as_an_album_both_ways(stage: Scene) -> None:
    await stage.writes(ALARM)
    parts = [photo("phiếu lương", "1"), photo(None, "1"), photo("hợp đồng", "1")]
    await sends_together(stage, parts)
    assert albums(stage.messages(GROUP)) == [["phiếu lương", "", "hợp đồng"]]
    ids = await replies_with(stage, parts)
    assert albums(stage.messages(PERSON)) == [["phiếu lương", "", "hợp đồng"]]
    assert stage.group.messages[ids[0]]["_reactions"] == ["👌"]


async def test_whoever_sends_an_album_is_told_once_that_it_was_passed_on(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.news(PERSON)
    await sends_together(stage, [photo(None, "1") for _ in range(5)])
    (told,) = stage.news(PERSON)
    assert told["text"] == "Đã chuyển cho tình nguyện viên."


async def test_each_photo_of_an_album_can_be_replied_to(stage: Scene) -> None:
    await stage.writes(ALARM)
    sent = await sends_together(stage, [photo("một", "1"), photo("hai", "1")])
    copy = next(each for each in stage.messages(GROUP) if each.get("caption") == "hai")
    await stage.telegram.write(
        GROUP, VOLUNTEERS["Hana"], "Tờ này là gì?", reply_to=copy["message_id"]
    )
    await stage.settled()
    reply = stage.find(PERSON, "Tờ này là gì?")
    assert reply["reply_to_message"]["message_id"] == sent[1]


async def test_of_an_album_of_which_a_photo_is_deleted_the_rest_arrives(stage: Scene) -> None:
    await stage.writes(ALARM)
    first = await stage.telegram.write(PERSON, PERSON, content=photo("một", "1"))
    gone = await stage.telegram.write(PERSON, PERSON, content=photo("hai", "1"))
    await stage.telegram.write(PERSON, PERSON, content=photo("ba", "1"))
    del stage.telegram.chats[PERSON].messages[gone]
    await stage.settled()
    assert first in stage.telegram.chats[PERSON].messages
    assert albums(stage.messages(GROUP)) == [["một", "ba"]]
    assert "no longer exists" in stage.find(GROUP, "was not delivered")["text"]


async def test_no_photo_of_an_album_is_lost_when_the_bot_is_killed_while_it_gathers_them(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        async with bot_process(here.config, tmp_path) as process:
            await here.telegram.write(PERSON, PERSON, ALARM)
            await until(lambda: len(here.messages(GROUP)) == 2)
            for name in ("một", "hai", "ba"):
                await here.telegram.write(PERSON, PERSON, content=photo(name, "1"))
            await until(lambda: not here.telegram.updates)
            process.kill()
            await process.wait()
        assert len(here.messages(GROUP)) == 2
        async with here.bot_runs():
            await here.settled()
        captions = {each.get("caption") for each in here.messages(GROUP)}
        assert {"một", "hai", "ba"} <= captions


# --- nobody's name


def _as_told(here: Scene, chat: int) -> str:
    """Return everything that a side has received from the bot, as it looks without what stood
    there before."""
    return str([{**each, "reply_to_message": None} for each in here.messages(chat)])


async def test_whatever_is_sent_neither_side_ever_sees_a_name_of_the_other(stage: Scene) -> None:
    stage.telegram.users[VOLUNTEERS["Hana"]].username = "hana_username"
    person = stage.telegram.users[PERSON].as_json() | {"last_name": "SentinelSurname"}
    hana = stage.telegram.users[VOLUNTEERS["Hana"]].as_json() | {"last_name": "SentinelLast"}
    await stage.writes(ALARM)
    await stage.volunteer_presses("Ken", "Claim")
    for sender, names in ((person, "Sentinel"), (hana, "Hana")):
        from_somebody = {
            "from": sender,
            "forward_origin": {"type": "user", "date": 1764000000, "sender_user": sender},
            "via_bot": {"id": 9, "is_bot": True, "first_name": f"{names} bot"},
            "author_signature": names,
        }
        own = [
            {
                "contact": {
                    "phone_number": f"{names} 1",
                    "first_name": names,
                    "user_id": sender["id"],
                }
            },
            {"contact": {"phone_number": "2", "first_name": sender["first_name"]}},
            {"story": {"id": 1, "chat": {"id": sender["id"], "type": "private"}}},
        ]
        for content in [{"text": "xin nhắn"}, *CONTENTS.values(), *own]:
            everything = {**from_somebody, **content}
            if sender is person:
                await stage.sends(everything)
            else:
                await replies_with(stage, [everything])
            await stage.minutes_pass(1)
    await replies_with(stage, [{"from": hana, "text": "write to @Hana_Username"}])
    mention = {"type": "text_mention", "offset": 0, "length": 2, "user": hana}
    await replies_with(stage, [{"from": hana, "text": "me", "entities": [mention]}])
    told_group, told_person = _as_told(stage, GROUP), _as_told(stage, PERSON)
    assert "caption of a photo" in told_group
    assert "caption of a photo" in told_person
    assert [name for name in PERSON_NAMES if name in told_group] == []
    assert [name for name in VOLUNTEER_NAMES if name in told_person] == []


async def test_whoever_shares_their_own_card_is_told_that_nobody_got_it(stage: Scene) -> None:
    await stage.writes(ALARM)
    stage.news(GROUP)
    card = {"phone_number": "+81 90 1234 5678", "first_name": "Nguyễn", "user_id": PERSON}
    await stage.sends({"contact": card})
    (notice,) = stage.news(GROUP)
    assert "their own contact card" in notice["text"]
    assert "không chuyển cho ai" in stage.texts(PERSON)[-1]


@pytest.mark.parametrize(
    "shows",
    [
        {"contact": {"phone_number": "1", "first_name": "Hana", "user_id": 601}},
        {"contact": {"phone_number": "1", "first_name": "Ken", "user_id": 602}},
        {"story": {"id": 1, "chat": {"id": 601, "type": "private"}}},
    ],
)
async def test_a_volunteer_who_would_show_who_they_are_is_told_that_it_was_not_sent(
    stage: Scene, shows: dict[str, Any]
) -> None:
    await stage.writes(ALARM)
    stage.news(PERSON)
    (sent,) = await replies_with(stage, [shows])
    assert stage.news(PERSON) == []
    notice = stage.find(GROUP, "shows who you or a colleague are")
    assert notice["reply_to_message"]["message_id"] == sent


async def test_a_place_that_moves_is_passed_on_every_two_minutes(stage: Scene) -> None:
    await stage.writes(ALARM)
    place = await stage.sends(CONTENTS["live location"])
    message = stage.telegram.chats[PERSON].messages[place]
    for _ in range(12):
        await stage.minutes_pass(0.5)
        message["location"] = {
            **message["location"],
            "latitude": message["location"]["latitude"] + 1,
        }
        await stage.telegram.add_update({"edited_message": message})
        await stage.settled()
    places = [each["location"]["latitude"] for each in stage.messages(GROUP) if "location" in each]
    assert len(places) == 4
    assert places == sorted(places)
