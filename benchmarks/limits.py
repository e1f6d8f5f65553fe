"""Telegram's limits on what a bot sends, as the stand-in keeps them.

20 messages a minute to one group, 30 a second in all, one a second to one person with short bursts.
Telegram's developers say that edits count like messages, and answers to presses not at all. They do
not say whether a new forum topic counts; it shows a message of its own in the group, and counts
here.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from benchmarks.broken import refusal
from sandbox.methods import Params

COUNTED = (
    "sendmessage", "copymessage", "editmessagetext", "editmessagereplymarkup", "createforumtopic",
)  # fmt: skip
GROUP_PER_MINUTE = 20
ALL_PER_S = 30
# As many at once as one a second allows within this time.
BURST_S = 3.0


@dataclass
class _Window:
    """At most `most` calls in any `seconds`."""

    most: int
    seconds: float
    moments_s: deque[float] = field(default_factory=deque)

    def wait_s(self, now_s: float) -> float:
        while self.moments_s and self.moments_s[0] <= now_s - self.seconds:
            self.moments_s.popleft()
        return self.moments_s[0] + self.seconds - now_s if len(self.moments_s) >= self.most else 0.0


@dataclass(frozen=True)
class Call:
    """A call that Telegram took, `at_s` in simulated seconds."""

    at_s: float
    method: str
    chat_id: int
    params: Params


class TelegramLimits:
    """A `fault` of the stand-in: 429 for what is too much. Keeps the calls that were taken."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self.taken: list[Call] = []
        self.refused: Counter[int] = Counter()
        """How many calls got 429 because of the chat's own limit, by chat."""
        self.refused_in_all = 0
        """How many got it because of the limit for all chats together."""
        self._clock_s = clock_s
        self._all = _Window(ALL_PER_S, 1.0)
        self._chats: dict[int, _Window] = {}

    async def __call__(self, method: str, params: Params) -> web.StreamResponse | None:
        if (method := method.lower()) not in COUNTED:
            return None
        now_s, chat_id = self._clock_s(), int(params["chat_id"])
        windows = (self._all, self._chat(chat_id))
        in_all_s, of_chat_s = (window.wait_s(now_s) for window in windows)
        wait_s = max(in_all_s, of_chat_s)
        if wait_s > 0:
            if of_chat_s > 0:
                self.refused[chat_id] += 1
            else:
                self.refused_in_all += 1
            retry_s = math.ceil(wait_s)
            return refusal(429, f"Too Many Requests: retry after {retry_s}", retry_after=retry_s)
        for window in windows:
            window.moments_s.append(now_s)
        self.taken.append(Call(now_s, method, chat_id, params))
        return None

    def _chat(self, chat_id: int) -> _Window:
        of_group, of_person = (GROUP_PER_MINUTE, 60.0), (int(BURST_S), BURST_S)
        new = _Window(*(of_group if chat_id < 0 else of_person))
        return self._chats.setdefault(chat_id, new)
