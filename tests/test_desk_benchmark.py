"""The benchmark of the desk keeps Telegram's limits and simulates time as it says."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import web

from benchmarks import desk, simulated_time
from benchmarks.limits import GROUP_PER_MINUTE, TelegramLimits
from benchmarks.shift import GROUP
from conversation.content import Content


async def test_a_group_takes_20_messages_a_minute_and_then_says_how_long_to_wait() -> None:
    now_s = 0.0
    limits = TelegramLimits(lambda: now_s)
    for _ in range(GROUP_PER_MINUTE):
        assert await limits("sendMessage", {"chat_id": GROUP}) is None
        now_s += 1.0
    refused = await limits("createForumTopic", {"chat_id": GROUP})
    assert isinstance(refused, web.Response)
    assert isinstance(refused.body, bytes)
    assert json.loads(refused.body)["parameters"] == {"retry_after": 40}
    assert await limits("sendMessage", {"chat_id": 5}) is None
    assert await limits("answerCallbackQuery", {}) is None
    now_s += 40.0
    assert await limits("editMessageText", {"chat_id": GROUP}) is None
    assert (len(limits.taken), limits.refused[GROUP]) == (GROUP_PER_MINUTE + 2, 1)


def test_an_hour_of_waiting_passes_at_once() -> None:
    async def wait() -> float:
        clock = simulated_time.Clock()
        await asyncio.sleep(3600.0)
        return clock.at_s(clock.now())

    assert simulated_time.run(wait(), factor=100_000) >= 3600.0


def test_a_small_shift_loses_nobody_and_nobody_is_helped_twice(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "QUIET_S", 60.0)
    few = ["--people", "7", "--volunteers", "7", "--minutes", "0.5"]
    options = desk.parser().parse_args(few)
    judgement = simulated_time.run(desk.kakekomi(options, content, tmp_path), factor=100)
    assert len(judgement.alert_s) == len(judgement.human_s) == 7
    assert {name: what for name, what in judgement.found.items() if what} == {}
