"""Two processes of the real bot: both serve, or one waits to take over."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.clock import Clock

ROOT = Path(__file__).parent.parent
STARTS_WITHIN_S = 600.0
STOPS_WITHIN_S = 60.0
# What Python ends with when the disk is full and takes no more of its log.
LOG_NOT_WRITTEN = 120


@dataclass
class _Process:
    """One `bot.py run`; `settings` are its own, `code` is what it ended with."""

    pid: int
    output: Path
    settings: dict[str, str]
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    code: int = 0
    meant_to_end: bool = False

    def serves(self) -> bool:
        return not self.ended.is_set() and "serves Telegram" in self.output.read_text()

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


class Processes:
    """One for each of `settings`, beside the `environment` of all; who dies is replaced at once.

    `ended_by_themselves` counts those that nobody ended, or that did not end when asked to.
    """

    def __init__(
        self,
        environment: dict[str, str],
        settings: Sequence[dict[str, str]],
        folder: Path,
        clock: Clock | None,
    ) -> None:
        self.ended_by_themselves = 0
        self._environment = environment
        self._settings = settings
        self._folder = folder
        self._clock_files = [str(clock.file)] if clock else []
        self._asked: list[tuple[Path, dict[str, str]]] = []
        self._all: list[_Process] = []
        self._closing = False
        self._starter: asyncio.subprocess.Process | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run them while the block runs."""
        self._starter = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.starter", *self._clock_files,
            cwd=ROOT, env=self._environment,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        listening = asyncio.create_task(self._listen(self._starter))
        try:
            first, *others = self._settings
            self._start(first)
            # Only after the first has made the tables can it be asked what is left to do.
            await self.ready()
            for settings in others:
                self._start(settings)
            yield
        finally:
            # It kills them all when its input ends.
            self._closing = True
            if self._starter.stdin is not None:
                self._starter.stdin.close()
            await self._starter.wait()
            listening.cancel()

    @property
    def serving(self) -> list[int]:
        """The ids of the processes that serve, the oldest first."""
        return [each.pid for each in self._all if each.serves()]

    def memory_mib(self) -> tuple[int, int]:
        """Return how much memory the oldest process that serves holds now, and at most so far."""
        status = Path(f"/proc/{self.serving[0]}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines())
        now, most = (int(lines[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM"))
        return now, most

    async def ready(self) -> None:
        """Wait until one serves."""
        async with asyncio.timeout(STARTS_WITHIN_S):
            # Whose turn it is changes when one dies.
            while not self.serving:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def end(self, pid: int, *, gently: bool) -> None:
        """End a process; another takes over."""
        served = next((each for each in self._all if each.pid == pid), None)
        if served is None:
            return
        served.meant_to_end = True
        served.signal(signal.SIGTERM if gently else signal.SIGKILL)
        try:
            async with asyncio.timeout(STOPS_WITHIN_S):
                await served.ended.wait()
        except TimeoutError:
            served.signal(signal.SIGKILL)
            await served.ended.wait()
        # A process that is just starting has no handler yet, and SIGTERM ends it as it is.
        well = (0, -signal.SIGTERM, LOG_NOT_WRITTEN)
        self.ended_by_themselves += gently and served.code not in well

    def _start(self, settings: dict[str, str]) -> None:
        assert self._starter is not None
        assert self._starter.stdin is not None
        output = self._folder / f"bot-{len(self._asked) + 1}.log"
        output.touch()
        self._asked.append((output, settings))
        wish = json.dumps({"output": str(output), "settings": settings})
        self._starter.stdin.write(f"{wish}\n".encode())

    async def _listen(self, starter: asyncio.subprocess.Process) -> None:
        assert starter.stdout is not None
        asked = iter(self._asked)
        async for line in starter.stdout:
            what, *numbers = line.decode().split()
            if what == "started":
                self._all.append(_Process(int(numbers[0]), *next(asked)))
            elif what == "ended":
                self._ended(int(numbers[0]), int(numbers[1]))

    def _ended(self, pid: int, code: int) -> None:
        process = next(each for each in self._all if each.pid == pid)
        self._all.remove(process)
        process.code = code
        process.ended.set()
        if not process.meant_to_end:
            self.ended_by_themselves += 1
        if not self._closing:
            self._start(process.settings)
