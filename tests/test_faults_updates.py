"""Updates that come again, out of order, or in a shape that nobody knows."""

from __future__ import annotations

from pathlib import Path

from conversation.content import Content
from tests.scene import GROUP, PERSON, Scene, scene, sqlite_url


async def test_updates_that_come_in_another_order_are_done_in_theirs(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        for text in ("/help", "/about", "/menu"):
            await here.telegram.write(PERSON, PERSON, text)
        in_order, here.telegram.updates = here.telegram.updates, here.telegram.updates[::-1]
        async with here.bot_runs():
            await here.settled()
            jumbled = here.texts(PERSON)
            for update in in_order:
                message = update["message"]
                await here.writes(message["text"])
            assert here.texts(PERSON) == jumbled * 2


async def test_an_update_that_telegram_repeats_is_done_once(stage: Scene) -> None:
    await stage.telegram.write(PERSON, PERSON, "/help")
    (update,) = stage.telegram.updates
    await stage.settled()
    stage.telegram.updates.append(update)
    await stage.telegram.tell()
    await stage.settled()
    assert len(stage.messages(PERSON)) == 1


async def test_an_update_of_a_kind_that_nobody_knows_stops_nobody_and_volunteers_are_told(
    stage: Scene,
) -> None:
    strange = {"message_id": 1, "date": 0, "chat": {"id": PERSON, "type": "private"}}
    strange["poll"] = {"id": "sentinel of a new shape"}
    stage.telegram.updates.append({"update_id": 900_000, "message": strange})
    await stage.telegram.tell()
    await stage.settled()
    assert stage.find(GROUP, "number 900000")
    await stage.writes("/help")
    assert len(stage.messages(PERSON)) == 1


async def test_a_cry_for_help_is_heard_before_the_questions_that_were_there_first(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        crowd = [here.person("Somebody", 7000000 + number) for number in range(150)]
        for person in crowd:
            await here.telegram.write(person, person, "/help")
        await here.telegram.write(PERSON, PERSON, "ông chủ đánh em chảy máu, cứu em với")
        async with here.bot_runs():
            await here.settled()
        heard = here.find(GROUP, "ALARM")["message_id"]
        answered_after = [here.messages(person)[-1]["message_id"] > heard for person in crowd]
        assert answered_after.count(True) > len(crowd) / 2
