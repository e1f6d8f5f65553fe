"""Between Telegram and the processes: brings each update to one that is up."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import aiohttp
from aiohttp import web

from benchmarks.broken import BrokenTelegram

# As nginx: a process that does not answer is given up.
PATIENCE = aiohttp.ClientTimeout(total=15.0)
LATE_S = 3.0
FAULTS = ("answer of the webhook lost", "update brought twice at once", "update brought late")


class Balancer:
    """While `broken` is on, a share of what is brought meets one of `FAULTS`."""

    def __init__(
        self, ports: Sequence[int], broken: BrokenTelegram, rng: random.Random, share: float
    ) -> None:
        self._ports = ports
        self._broken = broken
        self._rng = rng
        self._share = share
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> str:
        """Listen; return the address that Telegram is given."""
        app = web.Application()
        app.router.add_post("/telegram", self._bring)
        self._session = aiohttp.ClientSession(timeout=PATIENCE)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/telegram"

    async def stop(self) -> None:
        if self._runner is not None and self._session is not None:
            await self._runner.cleanup()
            await self._session.close()

    async def _bring(self, request: web.Request) -> web.Response:
        body = await request.read()
        fault = None
        if self._broken.on and self._rng.random() < self._share:
            fault = self._rng.choice(FAULTS)
            self._broken.count[fault] += 1
        if fault == "update brought late":
            await asyncio.sleep(self._rng.uniform(0.0, LATE_S))
        if fault == "update brought twice at once":
            statuses = await asyncio.gather(*(self._pass_on(request, body) for _ in range(2)))
            return web.Response(status=statuses[0])
        status = await self._pass_on(request, body)
        return web.Response(status=502 if fault == "answer of the webhook lost" else status)

    async def _pass_on(self, request: web.Request, body: bytes) -> int:
        """Return what the first process said that could be reached."""
        assert self._session is not None
        for port in self._rng.sample(self._ports, len(self._ports)):
            url = f"http://127.0.0.1:{port}/telegram"
            try:
                async with self._session.post(url, data=body, headers=request.headers) as answer:
                    return answer.status
            except aiohttp.ClientConnectorError:
                continue
            except (aiohttp.ClientError, TimeoutError):
                # It may have been taken: as nginx does, nobody else is asked.
                return 502
        return 502
