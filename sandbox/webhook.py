"""The stand-in brings updates to a webhook, as Telegram does: again until it gets a 200."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import aiohttp

from sandbox.telegram import Telegram, Webhook, public

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
TRY_AGAIN_S = 0.2
PATIENCE = aiohttp.ClientTimeout(total=20.0)


async def bring_updates(telegram: Telegram) -> None:
    """Bring updates for ever, many chats at once while the webhook takes them; cancel to stop."""
    async with aiohttp.ClientSession(timeout=PATIENCE) as session:
        while True:
            async with telegram.changed:
                await telegram.changed.wait_for(lambda: bool(telegram.webhook and telegram.updates))
            webhook = telegram.webhook
            if webhook is None:
                continue
            batch = _first_of_each_chat(telegram.updates)[: webhook.connections_max]
            taken = await asyncio.gather(*(_bring(session, webhook, each) for each in batch))
            done = {each["update_id"] for each, ok in zip(batch, taken, strict=True) if ok}
            telegram.updates = [each for each in telegram.updates if each["update_id"] not in done]
            if not all(taken):
                await asyncio.sleep(TRY_AGAIN_S)


def _first_of_each_chat(updates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Telegram brings a chat's next update once the one before was taken."""
    first: dict[Any, dict[str, Any]] = {}
    for each in updates:
        first.setdefault(_chat_id(each), each)
    return list(first.values())


def _chat_id(update: dict[str, Any]) -> int:
    """Return the chat of an update; one of no chat is alone."""
    for what in update.values():
        if isinstance(what, dict):
            chat: dict[str, int] = what.get("message", what).get("chat", {})
            return chat.get("id", int(update["update_id"]))
    return int(update["update_id"])


async def _bring(session: aiohttp.ClientSession, webhook: Webhook, update: dict[str, Any]) -> bool:
    headers = {SECRET_HEADER: webhook.secret}
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
        async with session.post(webhook.url, json=public(update), headers=headers) as answer:
            return answer.status == 200
    return False
