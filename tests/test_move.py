"""A bot that began on one machine goes on, with its people and cases, on another database."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from conversation.content import Content
from tests.conftest import POSTGRESQL
from tests.databases import BOT, emptied, run_tool
from tests.scene import PERSON, Scene, scene, sqlite_url

ALARM = "ông chủ đánh em chảy máu, cứu em với"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database to move to."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'elsewhere' / 'kakekomi.sqlite3'}"
    await (await emptied(os.environ[POSTGRESQL])).close()
    return os.environ[POSTGRESQL]


async def move(here: Scene, folder: Path, url: str) -> tuple[int, str]:
    """Whoever runs the bot moves its database with the command."""
    return await run_tool(
        sys.executable, str(BOT), "move-to", url,
        folder=folder,
        DATABASE_URL=here.config.database_url,
        ENCRYPTION_KEYS=here.config.encryption_keys[0].get_secret_value(),
    )  # fmt: skip


async def test_a_person_and_their_case_go_on_after_the_move(
    content: Content, tmp_path: Path, target: str
) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        newcomer = here.person("Bình", 5010203041)
        async with here.bot_runs():
            await here.writes(ALARM)
            await here.volunteer_presses("Hana", "Claim")
        code, printed = await move(here, tmp_path, target)
        assert code == 0, printed
        assert "1 people" in printed
        assert "1 cases" in printed
        here.config = here.config.model_copy(update={"database_url": target})
        async with here.bot_runs():
            await here.volunteer_replies("Hana", "Are you safe?", to="ALARM")
            assert here.texts(PERSON)[-1] == "Are you safe?"
            # New people and cases get numbers that nobody has.
            await here.writes(ALARM, person=newcomer)
            assert len(here.group.topics) == 2


async def test_a_database_that_holds_anything_is_not_moved_into(
    content: Content, tmp_path: Path, target: str
) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        async with here.bot_runs():
            await here.writes(ALARM)
        assert (await move(here, tmp_path, target))[0] == 0
        code, printed = await move(here, tmp_path, target)
        assert code == 1
        assert "not empty" in printed


async def test_a_wrong_address_is_refused_with_what_to_write(
    content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path)) as here:
        code, printed = await move(here, tmp_path, "postgresql://db/kakekomi")
        assert code == os.EX_CONFIG
        assert "DATABASE_URL" in printed
        assert "postgresql+asyncpg://" in printed
