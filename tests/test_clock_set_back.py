"""Somebody sets the clock back: nobody waits for a moment that was, nothing is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from delivery.pacing import PER_MINUTE, wait_s
from storage import inbox as inbox_rows
from storage.database import Database, Transaction
from storage.migrate import migrate
from storage.outbox import (
    CLAIM,
    Due,
    Outgoing,
    Purpose,
    claim,
    enqueue,
    first_of_people,
    first_of_staff,
)
from storage.outcomes import mark_again
from tests.databases import emptied
from tests.scene import GROUP, PERSON, Scene, sqlite_url

ALARM = "ông chủ đánh em chảy máu, cứu em với"
NOON = dt.datetime(2026, 12, 1, 3, tzinfo=dt.UTC)
SET_BACK = NOON - dt.timedelta(minutes=10)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await emptied(sqlite_url(tmp_path))
    await migrate(database)
    yield database
    await database.close()


async def test_an_alarm_that_is_to_be_tried_again_does_not_wait_for_the_old_time(
    stage: Scene,
) -> None:
    failed: list[str] = []

    async def fail_once(method: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if method != "sendMessage" or int(params["chat_id"]) != GROUP or failed:
            return None
        failed.append(method)
        stage.now -= dt.timedelta(minutes=10)
        body = {"ok": False, "error_code": 429, "description": "Too Many Requests"}
        return web.json_response({**body, "parameters": {"retry_after": 2}}, status=429)

    stage.server.fault = fail_once
    await stage.writes(ALARM)
    assert stage.find(GROUP, "ALARM")
    stage.now -= dt.timedelta(minutes=10)
    await stage.writes(ALARM)
    assert stage.find(GROUP, "AGAIN")


async def first(tx: Transaction, to: int | None, now: dt.datetime) -> Due | None:
    """Return the first message to a person, or to the staff, whose turn it is."""
    if to is None:
        return await first_of_staff(tx, now)
    return next(iter(await first_of_people(tx, now, 1)), None)


@pytest.mark.parametrize("to", [None, PERSON])
async def test_what_was_never_tried_waits_for_no_time(database: Database, to: int | None) -> None:
    async with database.begin() as tx:
        await enqueue(tx, Outgoing(to, Purpose.ANSWER, "hello"), NOON)
        almost = NOON - dt.timedelta(seconds=1)
        due = await first(tx, to, almost)
        assert due is not None
        assert await claim(tx, [due], almost)


@pytest.mark.parametrize("to", [None, PERSON])
async def test_no_wait_is_longer_than_waits_are(database: Database, to: int | None) -> None:
    async with database.begin() as tx:
        await enqueue(tx, Outgoing(to, Purpose.ANSWER, "hello"), NOON)
        due = await first(tx, to, NOON)
        assert due is not None
        assert await mark_again(tx, due, NOON + dt.timedelta(seconds=9), "", uncertain=False)
        assert await first(tx, to, NOON) is None
        assert await first(tx, to, SET_BACK)


async def test_what_a_dead_process_was_sending_is_taken_over(database: Database) -> None:
    async with database.begin() as tx:
        await enqueue(tx, Outgoing(None, Purpose.ALERT, "help"), NOON)
        due = await first_of_staff(tx, NOON)
        assert due is not None
        assert await claim(tx, [due], NOON)
        assert await first_of_staff(tx, NOON + CLAIM / 2) is None
        again = await first_of_staff(tx, NOON - dt.timedelta(minutes=1))
    assert again is not None
    assert again.uncertain


async def test_what_a_dead_process_stored_is_taken_over(database: Database) -> None:
    async with database.begin() as tx:
        await inbox_rows.store(tx, {7: ("lane", {"words": "hello"})}, NOON)
        three = dt.timedelta(seconds=3)
        assert await inbox_rows.waiting_lanes(tx, NOON, three) == []
        assert await inbox_rows.waiting_lanes(tx, SET_BACK, three) == ["lane"]


def test_the_group_s_budget_is_not_used_up_by_what_was_sent_at_a_later_time() -> None:
    assert wait_s([NOON] * PER_MINUTE, SET_BACK, kept=0) == 0.0
