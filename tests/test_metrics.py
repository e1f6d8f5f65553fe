"""Who watches the bot sees how it is, and nothing of anybody who uses it."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

import health
import service
from assistant import Assistant
from conversation.content import Content
from delivery import polling
from knowledge.schema import URGENT_KINDS
from matching.judgement import Decision
from metrics import NEEDS, OUTCOMES, PARTS, RUNGS
from storage.inbox import ATTEMPTS_MAX
from storage.outbox import Purpose
from tests.faults import refusing
from tests.front import free_ports
from tests.scene import GROUP, PERSON, Scene, scene, sqlite_url
from tests.test_privacy import everybody_says_something, found_in

ALARM = "ông chủ đánh em chảy máu, cứu em với"
QUESTION = "cong ty khong tra luong 3 thang roi"
ADDRESS, SECOND_ADDRESS = (f"127.0.0.1:{port}" for port in free_ports(2))
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "READ_EVERY_S", 0.05)
    monkeypatch.setattr(health, "LISTEN_AGAIN_S", 0.05)


@pytest.fixture
async def watched(content: Content, tmp_path: Path) -> AsyncIterator[Scene]:
    """A scene whose bot shows its figures; it is not running yet."""
    async with scene(content, sqlite_url(tmp_path)) as here:
        here.config = here.config.model_copy(update={"metrics_listen": ADDRESS})
        yield here


async def asked(path: str, address: str = ADDRESS) -> tuple[int, str]:
    async with aiohttp.request("GET", f"http://{address}{path}") as answer:
        return answer.status, (await answer.text()).strip()


async def becomes(path: str, status: int, word: str, address: str = ADDRESS) -> None:
    """Wait until the path answers so."""

    async def answers() -> bool:
        try:
            return await asked(path, address) == (status, word)
        except aiohttp.ClientConnectionError:
            return False

    await until_true(answers)


async def until_true(wanted: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60.0):
        while not await wanted():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)


async def samples() -> list[Any]:
    _, text = await asked("/metrics")
    return [each for family in text_string_to_metric_families(text) for each in family.samples]


async def figures(name: str, **labels: str) -> list[float]:
    """Return the values of a figure: none before it was first read, else one."""
    return [
        float(each.value)
        for each in await samples()
        if each.name == f"kakekomi_{name}" and each.labels == labels
    ]


async def figure(name: str, **labels: str) -> float:
    (value,) = await figures(name, **labels)
    return value


async def becomes_figure(wanted: float, name: str, **labels: str) -> None:
    async def is_so() -> bool:
        return await figures(name, **labels) == [wanted]

    await until_true(is_so)


async def test_what_people_write_and_what_they_get_is_counted(watched: Scene) -> None:
    async with watched.bot_runs():
        await watched.writes("xin chào")
        await watched.writes(QUESTION)
        await watched.writes(ALARM)
        answered = [
            await figure("answers_total", decision=decision.value, language="vi")
            for decision in Decision
        ]
        assert sum(answered) == 3
        assert await figure("answers_total", decision="smalltalk", language="vi") == 1
        assert await figure("answers_total", decision="smalltalk", language="en") == 0
        assert await figure("alarms_total", urgent_kind="violence") == 1
        assert await figure("sends_total", purpose="alert", outcome="sent") == 1
        assert await figure("updates_received_total") == 3
        assert await figure("update_seconds_count") == 3
        assert await figure("updates_given_up_total") == 0
        assert await figure("fetches") == 1
        assert await figure("fetched_timestamp_seconds") > 0


async def test_an_update_that_is_given_up_is_counted(
    watched: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(Assistant, "handle", breaks)
    async with watched.bot_runs():
        await watched.writes("/help")
        assert await figure("updates_given_up_total") == 1
        assert await figure("update_seconds_count") == 0
    assert ATTEMPTS_MAX > 1


async def test_an_alert_that_telegram_does_not_take_is_seen_to_wait(watched: Scene) -> None:
    left = ["sent nowhere"]

    async def down(method: str, params: dict[str, Any]) -> web.StreamResponse | None:
        if method != "sendMessage" or int(params["chat_id"]) != GROUP or not left:
            return None
        return web.json_response({"ok": False, "description": "Bad Gateway"}, status=502)

    async with watched.bot_runs():
        watched.server.fault = down
        await watched.telegram.write(PERSON, PERSON, ALARM)
        await becomes_figure(1, "outbox_waiting", purpose="alert")
        watched.now += HOUR

        async def is_old() -> bool:
            return await figure("outbox_oldest_seconds", purpose="alert") > HOUR.total_seconds()

        async def is_uncertain() -> bool:
            return await figure("sends_total", purpose="alert", outcome="uncertain") > 0

        await until_true(is_old)
        await until_true(is_uncertain)
        left.clear()
        await watched.settled()
        await becomes_figure(0, "outbox_waiting", purpose="alert")
        assert await figure("sends_total", purpose="alert", outcome="sent") == 1


async def test_a_message_that_nobody_can_get_and_one_that_must_wait_are_counted(
    watched: Scene,
) -> None:
    async with watched.bot_runs():
        watched.server.fault = refusing(1, PERSON, "sendMessage", 429, retry_after=1)
        await watched.writes("/help")
        assert await figure("sends_total", purpose="answer", outcome="again") == 1
        watched.telegram.chats[PERSON].blocked = True
        await watched.writes("/help")
        assert await figure("sends_total", purpose="answer", outcome="failed") == 1


async def test_how_long_a_person_waits_for_a_volunteer_is_measured(watched: Scene) -> None:
    async with watched.bot_runs():
        await watched.writes(ALARM)
        await becomes_figure(1, "cases_waiting", need="alarm")
        watched.now += HOUR

        async def is_old() -> bool:
            return await figure("cases_oldest_seconds", need="alarm") > HOUR.total_seconds()

        await until_true(is_old)
        await watched.volunteer_presses("Hana", "Claim")
        await becomes_figure(0, "cases_waiting", need="alarm")
        await watched.volunteer_replies("Ken", "Are you safe?", to="ALARM")
        assert await figure("first_step_seconds_count", need="alarm") == 1
        assert HOUR.total_seconds() < await figure("first_step_seconds_sum", need="alarm")
        assert await figure("first_step_seconds_count", need="request") == 0


async def test_a_case_that_is_reopened_waits_from_then_on(watched: Scene) -> None:
    async with watched.bot_runs():
        await watched.writes(ALARM)
        await watched.volunteer_presses("Hana", "Claim")
        await watched.volunteer_closes("Hana")
        watched.now += 24 * HOUR
        await watched.writes(ALARM)
        await becomes_figure(1, "cases_waiting", need="alarm")
        await watched.volunteer_replies("Ken", "Are you safe?", to="ALARM")
        assert await figure("first_step_seconds_count", need="alarm") == 2
        assert await figure("first_step_seconds_sum", need="alarm") < HOUR.total_seconds()


async def test_each_alarm_because_nobody_answered_is_counted(watched: Scene) -> None:
    async with watched.bot_runs():
        await watched.writes(ALARM)
        assert [await figure("rungs_climbed_total", rung=rung) for rung in RUNGS] == [0, 0, 0]
        await watched.minutes_pass(5)
        await watched.minutes_pass(5)
        assert [await figure("rungs_climbed_total", rung=rung) for rung in RUNGS] == [1, 1, 0]
        assert await figure("sends_total", purpose="ping", outcome="sent") == 2


async def test_no_word_name_or_id_of_a_person_stands_in_the_figures(watched: Scene) -> None:
    async with watched.bot_runs():
        await everybody_says_something(watched)
        await becomes_figure(0, "cases_waiting", need="alarm")
        _, text = await asked("/metrics")
        shown = await samples()
    assert found_in(text) == []
    assert "first_step_seconds_count" in text
    closed_sets: dict[str, set[str]] = {
        "decision": {each.value for each in Decision},
        "language": {*watched.content.translations.languages, "other"},
        "urgent_kind": {*URGENT_KINDS},
        "purpose": {each.value for each in Purpose},
        "outcome": {*OUTCOMES},
        "need": set(NEEDS),
        "rung": {*RUNGS},
        "part": {*PARTS},
        "reason": {*health.REASONS},
    }
    for each in shown:
        for label, value in each.labels.items():
            assert label == "le" or value in closed_sets[label], each


async def test_a_bot_that_serves_says_so_and_one_whose_database_is_locked_says_that(
    watched: Scene, tmp_path: Path
) -> None:
    async with watched.bot_runs():
        await becomes("/readyz", 200, "ok")
        assert await asked("/healthz") == (200, "ok")
        assert await figure("not_ready", reason="database") == 0
        file = tmp_path / "kakekomi.sqlite3"
        lock = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        # The bot must be able to end what it is writing.
        await asyncio.to_thread(lock.execute, "BEGIN EXCLUSIVE")
        await becomes("/readyz", 503, "database")
        # A restart would not help.
        assert await asked("/healthz") == (200, "ok")
        assert await figure("not_ready", reason="database") == 1
        lock.close()
        await becomes("/readyz", 200, "ok")


async def test_a_bot_that_waits_to_serve_says_for_what(watched: Scene, tmp_path: Path) -> None:
    async def down(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        answer = {"ok": False, "description": "Bad Gateway"}
        return web.json_response(answer, status=502) if method == "getMe" else None

    async def run(scene: Scene) -> None:
        async with scene.bot_runs():
            await asyncio.Event().wait()

    lock = sqlite3.connect(tmp_path / "kakekomi.sqlite3", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    watched.server.fault = down
    second = Scene(watched.telegram, watched.server, watched.config, watched.content)
    second.config = second.config.model_copy(update={"metrics_listen": SECOND_ADDRESS})
    first_run = asyncio.create_task(run(watched))
    await becomes("/readyz", 503, "database")
    second_run = asyncio.create_task(run(second))
    await becomes("/readyz", 503, "turn", SECOND_ADDRESS)
    lock.close()
    await becomes("/readyz", 503, "telegram")
    watched.server.fault = None
    await becomes("/readyz", 200, "ok")
    first_run.cancel()
    await becomes("/readyz", 200, "ok", SECOND_ADDRESS)
    second_run.cancel()
    await asyncio.gather(first_run, second_run, return_exceptions=True)


async def test_a_bot_that_gets_no_updates_for_minutes_is_not_ready_but_needs_no_restart(
    watched: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(method: str, _params: dict[str, Any]) -> web.StreamResponse | None:
        answer = {"ok": False, "description": "Bad Gateway"}
        return web.json_response(answer, status=502) if method.lower() == "getupdates" else None

    # Every call is answered at once, so no step is as long as this.
    monkeypatch.setattr(health, "STUCK_AFTER_S", 5.0)
    watched.server.fault = down
    async with watched.bot_runs():
        await becomes("/readyz", 503, "telegram")
        assert await asked("/healthz") == (200, "ok")


async def test_a_bot_in_which_something_hangs_names_the_part(
    watched: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never_returns(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Assistant, "handle", never_returns)
    monkeypatch.setattr(polling, "LONG_POLL_S", 1)
    monkeypatch.setattr(health, "STUCK_AFTER_S", 5.0)
    async with watched.bot_runs():
        await watched.telegram.write(PERSON, PERSON, "/help")
        await becomes("/healthz", 503, "inbox")
        assert await figure("step_oldest_seconds", part="inbox") > 5.0


async def test_a_bot_serves_people_while_another_has_its_port(watched: Scene) -> None:
    other = web.AppRunner(web.Application())
    await other.setup()
    host, _, port = ADDRESS.partition(":")
    await web.TCPSite(other, host, int(port)).start()
    async with watched.bot_runs():
        await watched.writes("/help")
        assert len(watched.messages(PERSON)) == 1
        assert (await asked("/readyz"))[0] == 404
        await other.cleanup()
        await becomes("/readyz", 200, "ok")


async def test_two_bots_in_one_process_count_for_themselves(
    watched: Scene, content: Content, tmp_path: Path
) -> None:
    async with scene(content, sqlite_url(tmp_path / "other")) as other:
        other.config = other.config.model_copy(update={"metrics_listen": SECOND_ADDRESS})
        async with watched.bot_runs(), other.bot_runs():
            await watched.writes("/help")
            assert await figure("updates_received_total") == 1
            assert (
                "kakekomi_updates_received_total 0.0"
                in (await asked("/metrics", SECOND_ADDRESS))[1]
            )


async def test_without_the_setting_nobody_can_ask(stage: Scene) -> None:
    assert isinstance(stage.running, service.Running)
    with pytest.raises(aiohttp.ClientConnectionError):
        await asked("/metrics")


async def test_every_figure_in_the_page_on_running_the_bot_exists(watched: Scene) -> None:
    page = (Path(__file__).parent.parent / "docs" / "deploy.md").read_text(encoding="utf-8")
    named = set(re.findall(r"kakekomi_\w+_(?:seconds|total|ready)\b", page))
    async with watched.bot_runs():
        await becomes("/readyz", 200, "ok")
        assert named <= {each.name for each in await samples()}
    assert len(named) > 4
