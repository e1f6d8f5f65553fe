"""The stand-in over HTTP: the Bot API for the bot, and the page with its own small API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.methods import Params, call
from sandbox.telegram import ApiError, Telegram, public
from sandbox.webhook import bring_updates

PAGE = Path(__file__).parent / "page"
_JSON_PARAMS = (
    "reply_markup",
    "commands",
    "link_preview_options",
    "scope",
    "allowed_updates",
    "message_ids",
    "reply_parameters",
    "reaction",
)
# How long the page's request for changes stays open.
WATCH_S = 20.0

Explain = Callable[[str, str | None], dict[str, Any]]
Fault = Callable[[str, Params], Awaitable[web.StreamResponse | None]]


class Server:
    """Serves a `Telegram` on the loopback address.

    `explain(text, language)` says how a message is judged, for the page's third pane. `fault` may
    answer a call of the Bot API in its place: tests use it to make Telegram fail.
    """

    def __init__(self, telegram: Telegram, explain: Explain | None = None) -> None:
        self.telegram = telegram
        self.fault: Fault | None = None
        self._explain = explain
        self._runner: web.AppRunner | None = None
        self._bringing: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> str:
        """Listen; return the address, such as `http://127.0.0.1:8765`."""
        app = web.Application(client_max_size=1 << 20)
        app.add_routes(
            [
                web.post("/bot{token}/{method}", self._bot_api),
                web.get("/", self._page),
                web.static("/page", PAGE),
                web.get("/api/state", self._state),
                web.post("/api/do", self._do),
                web.post("/api/explain", self._explained),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self._bringing = asyncio.create_task(bring_updates(self.telegram))
        bound = self._runner.addresses[0][1]
        return f"http://{host}:{bound}"

    async def stop(self) -> None:
        if self._bringing is not None:
            self._bringing.cancel()
            await asyncio.gather(self._bringing, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    # --- the Bot API

    async def _bot_api(self, request: web.Request) -> web.StreamResponse:
        answer = await self._answer(request.match_info["method"], dict(await request.post()))
        answer.headers["Date"] = formatdate(self.telegram.clock(), usegmt=True)
        return answer

    async def _answer(self, method: str, form: dict[str, Any]) -> web.StreamResponse:
        params = _params(form)
        if self.fault is not None:
            instead = await self.fault(method, params)
            if instead is not None:
                return instead
        try:
            result = await call(self.telegram, method, params)
        except ApiError as error:
            body = {"ok": False, "error_code": error.code, "description": error.description}
            if error.parameters:
                body["parameters"] = error.parameters
            return web.json_response(body, status=error.code)
        return web.json_response({"ok": True, "result": public(result)})

    # --- the page

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html")

    async def _state(self, request: web.Request) -> web.StreamResponse:
        """Everything the page shows, once it differs from version `since`."""
        since = int(request.query.get("since", "-1"))
        telegram = self.telegram
        async with telegram.changed:
            try:
                different = telegram.changed.wait_for(lambda: telegram.version != since)
                await asyncio.wait_for(different, WATCH_S)
            except TimeoutError:
                pass
        chats = [
            {
                **chat.as_json(),
                "members": sorted(chat.members),
                "topics": chat.topics,
                "commands": chat.commands,
                "pinned": chat.pinned,
                "messages": list(chat.messages.values()),
            }
            for chat in telegram.chats.values()
        ]
        users = {user.id: user.as_json() for user in telegram.users.values()}
        state = {
            "version": telegram.version,
            "chats": chats,
            "users": users,
            "popups": telegram.popups,
            "commands": telegram.commands,
        }
        return web.json_response(state)

    async def _do(self, request: web.Request) -> web.StreamResponse:
        """What somebody does on the page: write, edit, press, or choose the account's language."""
        wish = await request.json()
        telegram, chat, user = self.telegram, int(wish["chat"]), int(wish["user"])
        if chat not in telegram.chats or user not in telegram.users:
            raise web.HTTPNotFound(text="no such chat or user")
        if wish["what"] == "write":
            await telegram.write(
                chat,
                user,
                wish.get("text"),
                reply_to=wish.get("reply_to"),
                topic_id=wish.get("topic"),
                content=SAMPLES.get(wish.get("sample")),
            )
        elif wish["what"] == "edit":
            await telegram.edit(chat, int(wish["message"]), wish["text"])
        elif wish["what"] == "press":
            await telegram.press(chat, user, int(wish["message"]), wish["data"])
        elif wish["what"] == "language":
            telegram.users[user].language_code = wish["language"]
            await telegram.tell()
        else:
            raise web.HTTPBadRequest(text="what: write, edit, press or language")
        return web.json_response({"ok": True})

    async def _explained(self, request: web.Request) -> web.StreamResponse:
        wish = await request.json()
        judged = self._explain(wish["text"], wish.get("language")) if self._explain else {}
        return web.json_response(judged)


def _params(form: dict[str, Any]) -> Params:
    return {key: _param(key, value) for key, value in form.items()}


def _param(key: str, value: Any) -> Any:
    if isinstance(value, web.FileField):
        return value.file.read()
    return json.loads(value) if key in _JSON_PARAMS else value


# What the page can send besides text, as the Bot API would show it.
SAMPLES: dict[str | None, dict[str, Any]] = {
    "photo": {
        "photo": [{"file_id": "photo", "file_unique_id": "p", "width": 90, "height": 90}],
    },
    "voice": {"voice": {"file_id": "voice", "file_unique_id": "v", "duration": 7}},
    "sticker": {
        "sticker": {
            "file_id": "sticker",
            "file_unique_id": "s",
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": "😢",
        }
    },
    "location": {"location": {"latitude": 35.68, "longitude": 139.76}},
    "forwarded": {
        "text": "nghi phep co luong duoc may ngay",
        "forward_origin": {"type": "hidden_user", "date": 1764000000, "sender_user_name": "Tuấn"},
    },
    "poll": {
        "poll": {
            "id": "1",
            "question": "overtime on sunday?",
            "options": [
                {"persistent_id": "1", "text": "yes", "voter_count": 0},
                {"persistent_id": "2", "text": "no", "voter_count": 0},
            ],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": False,
            "members_only": False,
        }
    },
}
