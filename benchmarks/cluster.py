"""A PostgreSQL of the run's own, to be restarted and stopped at will."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tests.front import free_ports

# The server refuses to run as root; Debian's package makes this user.
SERVER_USER = "postgres"
_PROGRAMS = "/usr/lib/postgresql/*/bin"


class Cluster:
    """Its `url` is a DATABASE_URL, from the time that it runs."""

    def __init__(self) -> None:
        """Raises SystemExit where PostgreSQL is not installed."""
        found = sorted(Path("/").glob(_PROGRAMS.lstrip("/")))
        known = shutil.which("initdb")
        if not (known or found):
            raise SystemExit("--postgresql needs the server's programs: apt-get install postgresql")
        self._programs = Path(known).parent if known else found[-1]
        self._folder = Path()
        (self._port,) = free_ports(1)
        self.url = f"postgresql+asyncpg://{SERVER_USER}@127.0.0.1:{self._port}/postgres"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Make the cluster and run it while the block runs; nothing is left of it."""
        self._folder = Path(tempfile.mkdtemp(prefix="kakekomi-postgresql-"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, SERVER_USER)
        try:
            await self._run("initdb", "--auth=trust", f"--username={SERVER_USER}")
            await self._start()
            try:
                yield
            finally:
                await self._stop()
        finally:
            shutil.rmtree(self._folder)

    @contextlib.asynccontextmanager
    async def stopped(self) -> AsyncIterator[None]:
        """Stop it, as a machine that loses its power does, while the block runs."""
        await asyncio.shield(self._stop())
        try:
            yield
        finally:
            await asyncio.shield(self._start())

    async def _start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -k {self._folder}"
        log = str(self._folder / "log")
        await self._run("pg_ctl", "start", "--wait", "--log", log, "--options", options)

    async def _stop(self) -> None:
        await self._run("pg_ctl", "stop", "--wait", "--mode=immediate")

    async def _run(self, program: str, *arguments: str) -> None:
        data = ("--pgdata", str(self._folder / "data"))
        as_server = ("runuser", "-u", SERVER_USER, "--") if os.geteuid() == 0 else ()
        process = await asyncio.create_subprocess_exec(
            *as_server, str(self._programs / program), *arguments, *data,
            cwd=self._folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        if await process.wait():
            raise RuntimeError(f"{program} {arguments[0]} failed")
