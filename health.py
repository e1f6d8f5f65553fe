"""Whether the bot is well, over HTTP for machines on this machine: `/metrics`, `/healthz` and
`/readyz`."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import time
from collections.abc import Callable
from typing import Literal, get_args

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from delivery.waiting import until_it_works
from delivery.webhook import listening
from errors import StorageError
from metrics import Metrics
from storage.backlog import read_backlog
from storage.database import Database

log = structlog.get_logger()

READ_EVERY_S = 5.0
# Two readings failed, or the first one hangs.
DATABASE_SILENT_S = 15.0
# Three calls of getUpdates, each as long as it can be: somebody should look.
STUCK_AFTER_S = 120.0
LISTEN_AGAIN_S = 5.0

Reason = Literal["turn", "database", "telegram"]
"""Why the bot is not ready: another process serves the file; the database does not answer; Telegram
does not, or has given no updates for minutes."""
REASONS: tuple[Reason, ...] = get_args(Reason)


class Health:
    """What is known of a running bot's health."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.waits_for: Reason | None = "turn"
        """What it still waits for at the start; None once it serves."""
        self._answered_s: float | None = None
        gauge = Gauge(
            "kakekomi_not_ready",
            "Whether this is why /readyz says no",
            ["reason"],
            registry=metrics.registry,
        )
        for reason in REASONS:
            gauge.labels(reason).set_function(functools.partial(self._is_why, reason))

    def _is_why(self, reason: Reason) -> bool:
        return self.not_ready() == reason

    async def watch_backlog(self, database: Database, clock: Callable[[], dt.datetime]) -> None:
        """Read for ever what waits in the database; cancel to stop."""
        while True:
            try:
                with self._metrics.step("database"):
                    async with database.begin() as tx:
                        self._metrics.show_backlog(await read_backlog(tx, clock()))
                self._answered_s = time.monotonic()
            except StorageError:
                log.exception("the backlog cannot be read")
                self._answered_s = None
            await asyncio.sleep(READ_EVERY_S)

    def not_ready(self) -> Reason | None:
        """Return why the bot cannot serve, or None when it can.

        A process that does not fetch updates is ready: another one does, or they are brought.
        """
        if self.waits_for is not None:
            return self.waits_for
        now, fetched_s = time.monotonic(), self._metrics.fetched_s
        if self._answered_s is None or now - self._answered_s > DATABASE_SILENT_S:
            return "database"
        if fetched_s is not None and now - fetched_s > STUCK_AFTER_S:
            return "telegram"
        return None

    async def serve(self, address: str) -> None:
        """Answer at an address for ever; cancel to stop.

        A port that is taken is waited for: nobody in danger must wait for a figure.
        """
        host, _, port = address.rpartition(":")
        async with contextlib.AsyncExitStack() as open_until_cancelled:

            async def listen() -> None:
                site = listening(self._app(), host.strip("[]"), int(port))
                await open_until_cancelled.enter_async_context(site)

            await until_it_works(listen, OSError, LISTEN_AGAIN_S, "METRICS_LISTEN is taken")
            await asyncio.Event().wait()

    def _app(self) -> web.Application:
        async def healthz(_request: web.Request) -> web.Response:
            return _said(self._metrics.steps.stuck(STUCK_AFTER_S))

        async def readyz(_request: web.Request) -> web.Response:
            return _said(self.not_ready())

        async def metrics(_request: web.Request) -> web.Response:
            body = generate_latest(self._metrics.registry)
            return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

        app = web.Application()
        app.router.add_get("/healthz", healthz)
        app.router.add_get("/readyz", readyz)
        app.router.add_get("/metrics", metrics)
        return app


def _said(wrong: str | None) -> web.Response:
    return web.Response(status=503 if wrong else 200, text=f"{wrong or 'ok'}\n")
