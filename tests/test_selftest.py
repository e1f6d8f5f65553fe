"""The self-test: the group is told what is wrong with the bot's surroundings, once."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from conversation.content import Content
from desk import selftest
from desk.selftest import Surroundings, flaws
from sandbox.telegram import RIGHTS
from tests.conftest import POSTGRESQL
from tests.databases import emptied
from tests.scene import GROUP, NOW, PERSON, Message, Scene, scene, sqlite_url, until

ALARM = "ông chủ đánh em chảy máu, cứu em với"
FINE = Surroundings(is_forum=True, rights=RIGHTS, reads_all=False, telegram_time=NOW)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def here(
    request: pytest.FixtureRequest, content: Content, tmp_path: Path
) -> AsyncIterator[Scene]:
    """A scene whose bot does not run yet, on either database."""
    url = sqlite_url(tmp_path) if request.param == "sqlite" else os.environ[POSTGRESQL]
    await (await emptied(url)).close()
    async with scene(content, url) as made:
        yield made


async def looks(here: Scene) -> list[str]:
    """The bot looks round; return what the group is told."""
    here.news(GROUP)
    assert here.running is not None
    await here.running.self_test.look()
    await here.settled()
    return [message["text"] for message in here.news(GROUP)]


async def test_a_group_where_all_is_well_is_told_nothing(here: Scene) -> None:
    async with here.bot_runs():
        assert await looks(here) == []


async def test_a_group_without_topics_is_told_how_to_turn_them_on(here: Scene) -> None:
    here.group.is_forum = False
    async with here.bot_runs():
        (said,) = await looks(here)
    assert "Topics are off" in said
    assert "tap the group's name" in said


@pytest.mark.parametrize(
    ("right", "name"),
    [
        ("can_manage_topics", "Manage Topics"),
        ("can_pin_messages", "Pin Messages"),
        ("can_delete_messages", "Delete Messages"),
    ],
)
async def test_a_right_that_is_missing_is_named_as_telegram_names_it(
    here: Scene, right: str, name: str
) -> None:
    here.group.bot_rights = RIGHTS - {right}
    async with here.bot_runs():
        (said,) = await looks(here)
    assert f"switch on {name}." in said
    assert said.count("•") == 1


async def test_a_bot_that_is_no_administrator_says_so_and_that_privacy_mode_hides_replies(
    here: Scene,
) -> None:
    here.group.bot_rights = None
    here.telegram.privacy_mode = True
    async with here.bot_runs():
        (said,) = await looks(here)
    assert "I am not an administrator" in said
    assert "Privacy mode is on" in said


async def test_privacy_mode_does_not_matter_to_an_administrator(here: Scene) -> None:
    here.telegram.privacy_mode = True
    async with here.bot_runs():
        assert await looks(here) == []


async def test_a_language_of_the_settings_that_nobody_is_offered_is_named(here: Scene) -> None:
    here.config = here.config.model_copy(update={"languages": ("vi", "xx")})
    async with here.bot_runs():
        (said,) = await looks(here)
    assert "the settings name them: xx." in said


@pytest.mark.parametrize(("seconds", "said"), [(45, "is slow"), (-45, "is fast")])
async def test_a_clock_that_is_off_by_more_than_half_a_minute_is_said_to_be(
    here: Scene, seconds: float, said: str
) -> None:
    async with here.bot_runs():
        assert await looks(here) == []
        here.telegram.clock = lambda: here.clock().timestamp() + seconds
        (told,) = await looks(here)
    assert f"The clock of the machine that I run on {said}" in told
    assert "(NTP)" in told


async def test_what_is_wrong_is_said_once_and_again_only_when_it_changes(here: Scene) -> None:
    here.group.bot_rights = RIGHTS - {"can_pin_messages"}
    async with here.bot_runs():
        assert len(await looks(here)) == 1
        assert await looks(here) == []
    async with here.bot_runs():
        assert await looks(here) == []
        here.group.bot_rights = frozenset()
        (said,) = await looks(here)
        assert said.count("•") == 3
        here.group.bot_rights = RIGHTS
        (said,) = await looks(here)
        assert "everything is mended" in said
        assert await looks(here) == []


async def test_while_telegram_does_not_say_nothing_is_told_and_people_are_served(
    here: Scene,
) -> None:
    async def silent(method: str, _params: object) -> web.StreamResponse | None:
        return web.Response(status=502) if method.lower() == "getchat" else None

    here.group.is_forum = False
    async with here.bot_runs():
        here.server.fault = silent
        assert await looks(here) == []
        await here.writes(ALARM)
        assert here.find(GROUP, "ALARM")
        here.server.fault = None
        assert any("Topics are off" in text for text in await looks(here))


async def test_the_start_does_not_wait_for_the_self_test_and_it_comes_by_itself(
    here: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selftest, "FIRST_AFTER_S", 0.05)
    here.group.bot_rights = None

    def told() -> list[Message]:
        return [each for each in here.messages(GROUP) if "no topics" in each.get("text", "")]

    async with here.bot_runs():
        await here.writes("/start")
        assert here.messages(PERSON)
        await until(lambda: bool(told()))
    assert len(told()) == 1


def test_without_a_time_of_telegram_s_no_clock_is_blamed() -> None:
    unknown = Surroundings(is_forum=True, rights=RIGHTS, reads_all=True, telegram_time=None)
    assert flaws(unknown, (), NOW) == ()


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_a_clock_that_is_half_a_minute_off_is_well_enough(seconds: int) -> None:
    assert flaws(FINE, (), NOW + dt.timedelta(seconds=seconds)) == ()


def test_a_plain_group_needs_no_right_to_manage_topics() -> None:
    plain = Surroundings(
        is_forum=False,
        rights=RIGHTS - {"can_manage_topics"},
        reads_all=True,
        telegram_time=NOW,
    )
    assert [each.kind for each in flaws(plain, (), NOW)] == ["not-a-forum"]
