"""Fixtures: the real content, and a scene with the real bot on the stand-in."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conversation.content import Content, load_content
from desk import board, follow_up, ladder, selftest
from logs import set_up_logs
from tests.scene import Scene, scene, sqlite_url

BROWSER = "KAKEKOMI_TEST_BROWSER"
POSTGRESQL = "KAKEKOMI_TEST_POSTGRESQL"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for marker, variable in (("browser", BROWSER), ("postgresql", POSTGRESQL)):
        if not os.environ.get(variable):
            left_out = pytest.mark.skip(reason=f"left out: set {variable} to run it")
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(left_out)


@pytest.fixture(scope="session")
def content() -> Content:
    set_up_logs(())
    return load_content()


@pytest.fixture(autouse=True)
def _time_moves_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due with the cases, and the board, happens when a test says that time passes, the
    self-test when a test says that it looks."""
    monkeypatch.setattr(ladder, "LOOK_EVERY_S", 3600.0)
    monkeypatch.setattr(board, "LOOK_EVERY_S", 3600.0)
    monkeypatch.setattr(selftest, "FIRST_AFTER_S", 3600.0)
    monkeypatch.setattr(follow_up, "LOOK_EVERY_S", 3600.0)


@pytest.fixture
async def stage(content: Content, tmp_path: Path) -> AsyncIterator[Scene]:
    """A scene whose bot runs on SQLite."""
    async with scene(content, sqlite_url(tmp_path)) as here, here.bot_runs():
        yield here
