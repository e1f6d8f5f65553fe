"""Updates that Telegram brings: the answer 200 is given only after the durable write."""

from __future__ import annotations

import contextlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from telegram import Bot, Update
from telegram.error import TelegramError

from delivery.inbox import Raw
from delivery.waiting import until_it_works
from errors import StorageError

log = structlog.get_logger()

# The Bot API's updates are far smaller: a text has 4096 characters.
BODY_BYTES_MAX = 1 << 20
# Telegram opens so many connections at most; each waits for one durable write.
CONNECTIONS_MAX = 40
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
# Telegram asks again after this when an update could not be stored.
RETRY_AFTER_S = "1"
# How long to wait before telling Telegram again where to bring updates.
SET_AGAIN_S = 5.0


@dataclass(frozen=True)
class Webhook:
    """Where Telegram brings updates, and the secret by which it is known."""

    url: str
    secret: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"


def webhook_app(
    webhook: Webhook, put: Callable[[Sequence[Raw]], Awaitable[None]]
) -> web.Application:
    """Return the endpoint: 200 once `put` has stored the update, 503 when it could not.

    Whoever does not know the secret gets 403 before a byte of the body is read.
    """

    async def receive(request: web.Request) -> web.Response:
        told = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(told.encode(), webhook.secret.encode()):
            return web.Response(status=403)
        raw = _update(await request.read())
        if raw is None:
            return web.Response(status=400)
        try:
            await put([raw])
        except StorageError:
            return web.Response(status=503, headers={"Retry-After": RETRY_AFTER_S})
        return web.Response()

    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_post(webhook.path, receive)
    return app


def _update(body: bytes) -> Raw | None:
    try:
        raw: Any = json.loads(body)
    except ValueError:
        return None
    known = isinstance(raw, dict) and isinstance(raw.get("update_id"), int)
    return raw if known else None


@contextlib.asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve while the block runs; yields the address. Requests under way are finished first."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=10.0)
    try:
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0]
        yield f"http://{bound[0]}:{bound[1]}"
    finally:
        await runner.cleanup()


async def set_webhook(bot: Bot, webhook: Webhook) -> None:
    """Tell Telegram where to bring updates, and again until it has heard."""

    async def tell() -> None:
        await bot.set_webhook(
            webhook.url,
            secret_token=webhook.secret,
            allowed_updates=Update.ALL_TYPES,
            max_connections=CONNECTIONS_MAX,
        )

    await until_it_works(tell, TelegramError, SET_AGAIN_S, "the webhook cannot be set")
    with contextlib.suppress(TelegramError):
        waiting = (await bot.get_webhook_info()).pending_update_count
        log.info("the webhook is set", waiting=waiting)
