"""A Bot API that breaks: the stand-in's answers, with faults drawn from a seed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from sandbox.methods import Params, call
from sandbox.telegram import ApiError, Telegram, public

# Longer than the bot waits for an answer.
LATE_S = 6.0
RETRY_AFTER_S = 2
GARBAGE = (b"\x00\xff\x17", b"<html>try later</html>", b"[]", b"null", b'{"ok": true}', b"{}")


class CutOff(web.Response):
    """No answer at all: the connection is closed."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if request.transport is not None:
            request.transport.close()
        return await super().prepare(request)


def refusal(status: int, description: str, **parameters: int) -> web.Response:
    """Return the Bot API's answer to what it does not do."""
    body = {"ok": False, "error_code": status, "description": description}
    return web.json_response({**body, "parameters": parameters}, status=status)


AWAY: dict[str, Callable[[], web.Response]] = {
    "group deleted": lambda: refusal(403, "Forbidden: the group chat was deleted"),
    "group not found": lambda: refusal(400, "Bad Request: chat not found"),
    "bot removed": lambda: refusal(403, "Forbidden: bot was kicked from the supergroup chat"),
}
NOT_DONE: dict[str, Callable[[], web.Response]] = {
    "429": lambda: refusal(429, "Too Many Requests", retry_after=RETRY_AFTER_S),
    "500": lambda: refusal(500, "Internal Server Error"),
    "502": lambda: web.Response(status=502, text="<html>Bad Gateway</html>"),
    "no answer": CutOff,
}
DONE = ("garbage", "half an answer", "done, then closed", "late")
FAULTS = (*NOT_DONE, *DONE)


class BrokenTelegram:
    """A `fault` of the stand-in: while `on`, a `share` of all calls goes wrong.

    `away` says, for a chat that is not there, which of `AWAY` is answered. `count` says how often
    each fault happened; `refused` holds chat and text of what Telegram would not bring to somebody
    who had blocked the bot.
    """

    def __init__(self, telegram: Telegram, rng: random.Random, share: float) -> None:
        self.on = False
        self.count: Counter[str] = Counter()
        self.refused: list[tuple[int, str]] = []
        self.away: dict[int, str] = {}
        self._telegram = telegram
        self._rng = rng
        self._share = share
        self._seen: dict[int, dict[str, Any]] = {}

    async def __call__(self, method: str, params: Params) -> web.StreamResponse | None:
        method = method.lower()
        if method == "getupdates":
            self._seen |= {each["update_id"]: each for each in self._telegram.updates}
        for name in ("chat_id", "from_chat_id"):
            if int(params.get(name, 0)) in self.away:
                return AWAY[self.away[int(params[name])]]()
        if not self.on or self._rng.random() > self._share:
            self._note_refusal(method, params)
            return None
        if method == "getupdates" and self._rng.random() < 0.5:
            return await self._jumbled(params)
        fault = self._rng.choice(FAULTS)
        self.count[fault] += 1
        if fault in NOT_DONE:
            return NOT_DONE[fault]()
        return await self._done(fault, method, params)

    async def _done(self, fault: str, method: str, params: Params) -> web.Response:
        """Do what was asked, and answer so that the bot cannot know it."""
        result: Any = None
        with contextlib.suppress(ApiError):
            result = await call(self._telegram, method, params)
        if fault == "garbage":
            return web.Response(body=self._rng.choice(GARBAGE))
        if fault == "late" and method != "getupdates":
            await asyncio.sleep(LATE_S)
            return web.json_response({"ok": True, "result": public(result)})
        if fault == "half an answer":
            whole = web.json_response({"ok": True, "result": public(result)}).body
            assert isinstance(whole, bytes)
            return web.Response(body=whole[: len(whole) // 2])
        return CutOff()

    async def _jumbled(self, params: Params) -> web.Response:
        """Bring updates out of order, and some that were confirmed long ago."""
        result = [*await call(self._telegram, "getupdates", params)]
        if result:
            self.count["repeated and jumbled updates"] += 1
            older = [each for each in self._seen.values() if each not in result]
            result += self._rng.sample(older, min(len(older), 3))
            self._rng.shuffle(result)
        return web.json_response({"ok": True, "result": public(result)})

    def _note_refusal(self, method: str, params: Params) -> None:
        """Nothing runs between this and the answer: a refusal noted is a refusal given."""
        if method not in ("sendmessage", "copymessage"):
            return
        chat = self._telegram.chats.get(int(params["chat_id"]))
        if chat is None or not chat.blocked:
            return
        text = str(params.get("text", ""))
        if method == "copymessage":
            source = self._telegram.chats[int(params["from_chat_id"])]
            text = source.messages.get(int(params["message_id"]), {}).get("text", "")
        self.refused.append((chat.id, text))
