"""What a technician installs: units that systemd takes, and copies that can be gone on from."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from conversation.content import Content
from tests.conftest import POSTGRESQL
from tests.databases import emptied, run_tool
from tests.scene import GROUP, PERSON, Scene, scene, sqlite_url

ALARM = "ông chủ đánh em chảy máu, cứu em với"
DEPLOY = Path(__file__).parent.parent / "deploy"
# From 0 (nothing allowed) to 100; below 20 systemd calls a unit well protected.
EXPOSURE_MAX = "20"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="left out: systemd is not installed"
)
needs_sqlite3 = pytest.mark.skipif(
    shutil.which("sqlite3") is None, reason="left out: the program sqlite3 is not installed"
)


@pytest.fixture
def units(tmp_path: Path) -> list[str]:
    """The shipped units, with the program where it is on this machine."""
    for path in DEPLOY.glob("kakekomi*.*"):
        unit = path.read_text(encoding="utf-8")
        unit = unit.replace("/opt/kakekomi/.venv/bin/python", sys.executable)
        unit = unit.replace("/opt/kakekomi/deploy/backup", str(DEPLOY / "backup"))
        (tmp_path / path.name).write_text(unit, encoding="utf-8")
    return sorted(str(path) for path in tmp_path.glob("kakekomi*.*"))


@needs_systemd
async def test_systemd_has_nothing_to_say_against_the_units(
    units: list[str], tmp_path: Path
) -> None:
    assert len(units) == 3
    code, said = await run_tool("systemd-analyze", "verify", *units, folder=tmp_path)
    assert (code, said) == (0, "")


@needs_systemd
async def test_the_bot_may_do_little_on_the_machine(units: list[str], tmp_path: Path) -> None:
    (service,) = (unit for unit in units if unit.endswith("/kakekomi.service"))
    command = ("systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE_MAX}")
    code, said = await run_tool(*command, service, folder=tmp_path)
    assert code == 0, said


class Sqlite:
    """The database of one machine."""

    def __init__(self, folder: Path) -> None:
        self.url = sqlite_url(folder)
        self.source = str(folder / "kakekomi.sqlite3")
        self.restored_url = f"sqlite+aiosqlite:///{folder / 'elsewhere' / 'kakekomi.sqlite3'}"

    async def restore(self, copy: Path) -> None:
        assert copy.suffix == ".sqlite3"
        there = Path(str(make_url(self.restored_url).database))
        there.parent.mkdir()
        shutil.copy(copy, there)


class Postgresql:
    """The database of several machines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        url = make_url(os.environ[POSTGRESQL])
        there = url.set(database=f"{url.database}_restored")
        self.url = os.environ[POSTGRESQL]
        self.restored_url = there.render_as_string(hide_password=False)
        self.source, self.target, self.server = (
            each.set(drivername="postgresql").render_as_string(hide_password=False)
            for each in (url, there, url.set(database="postgres"))
        )
        self.name = there.database

    async def restore(self, copy: Path) -> None:
        assert copy.suffix == ".dump"
        await self.drop()
        await self._run("psql", "-c", f"CREATE DATABASE {self.name}", self.server)
        options = ("--no-owner", "--exit-on-error", "--single-transaction")
        await self._run("pg_restore", *options, f"--dbname={self.target}", str(copy))

    async def drop(self) -> None:
        await self._run("psql", "-c", f"DROP DATABASE IF EXISTS {self.name}", self.server)

    async def _run(self, *command: str) -> None:
        code, printed = await run_tool(*command, folder=self.folder)
        assert code == 0, printed


@pytest.fixture(
    params=[
        pytest.param("sqlite", marks=needs_sqlite3),
        pytest.param("postgresql", marks=pytest.mark.postgresql),
    ]
)
async def kept(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Sqlite | Postgresql]:
    if request.param == "sqlite":
        yield Sqlite(tmp_path)
        return
    await (await emptied(os.environ[POSTGRESQL])).close()
    database = Postgresql(tmp_path)
    yield database
    await database.drop()


async def back_up(source: str, folder: Path) -> tuple[int, str]:
    copies = folder / "copies"
    copies.mkdir(exist_ok=True)
    return await run_tool(str(DEPLOY / "backup"), source, str(copies), folder=folder)


async def cries_for_help_and_hana_claims(here: Scene) -> None:
    await here.writes(ALARM)
    await here.volunteer_presses("Hana", "Claim")


async def test_a_bot_goes_on_with_people_and_cases_from_a_copy_made_while_it_ran(
    content: Content, tmp_path: Path, kept: Sqlite | Postgresql
) -> None:
    async with scene(content, kept.url) as here:
        async with here.bot_runs():
            await cries_for_help_and_hana_claims(here)
            crowd = [here.person("Somebody", 700_000 + number) for number in range(20)]
            writing = asyncio.gather(*(here.writes("/help", person=each) for each in crowd))
            assert await back_up(kept.source, tmp_path) == (0, "")
            await writing
        (copy,) = (tmp_path / "copies").iterdir()
        await kept.restore(copy)
        here.config = here.config.model_copy(update={"database_url": kept.restored_url})
        async with here.bot_runs():
            await here.settled()
            await here.volunteer_replies("Hana", "Are you safe?", to="ALARM")
            assert here.texts(PERSON)[-1] == "Are you safe?"
            await here.writes(ALARM)
            assert len(here.group.topics) == 1
            assert here.find(GROUP, "AGAIN")


@needs_sqlite3
async def test_where_there_is_no_database_no_empty_copy_is_made(tmp_path: Path) -> None:
    code, said = await back_up(str(tmp_path / "nothing.sqlite3"), tmp_path)
    assert code == 1
    assert "there is no database" in said
    assert list((tmp_path / "copies").iterdir()) == []


@needs_sqlite3
async def test_copies_are_kept_for_a_week(tmp_path: Path) -> None:
    source = tmp_path / "kakekomi.sqlite3"
    sqlite3.connect(source).close()
    source.touch()
    copies = tmp_path / "copies"
    copies.mkdir()
    eight_days_ago, yesterday, not_ours = (
        copies / "kakekomi-20261101T000000Z.sqlite3",
        copies / "kakekomi-20261108T000000Z.sqlite3",
        copies / "photograph",
    )
    now_s = source.stat().st_mtime
    for path, age_days in ((eight_days_ago, 8.5), (yesterday, 1), (not_ours, 8.5)):
        path.touch()
        os.utime(path, (now_s, now_s - age_days * 86_400))
    assert await back_up(str(source), tmp_path) == (0, "")
    assert not eight_days_ago.exists()
    assert len(list(copies.iterdir())) == 3


def test_every_line_of_the_log_that_the_page_explains_can_be_logged() -> None:
    root = DEPLOY.parent
    page = (root / "docs" / "deploy.md").read_text(encoding="utf-8")
    table = page[page.index("| line | what it means") :]
    said = [
        part
        for row in table.splitlines()[2:]
        for line in re.findall("`([^`]+)`", row.split("|")[1])
        for part in line.split("…")
    ]
    source = "".join(path.read_text(encoding="utf-8") for path in root.glob("[a-z]*/*.py"))
    source += "".join(path.read_text(encoding="utf-8") for path in root.glob("*.py"))
    assert len(said) > 8
    assert [part for part in said if part not in source] == []
