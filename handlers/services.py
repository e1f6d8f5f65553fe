"""What the handlers call, in one value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from telegram.ext import CallbackContext, ExtBot

from assistant import Assistant
from conversation.content import Content
from delivery.outbox import StaffChat
from desk import Desk

Bot = ExtBot[None]
Context = CallbackContext[Bot, dict[Any, Any], dict[Any, Any], dict[Any, Any]]


@dataclass(frozen=True)
class Services:
    assistant: Assistant
    desk: Desk
    content: Content
    staff_chat: StaffChat
    clock: Callable[[], dt.datetime]
    _failed: set[int] = field(default_factory=set)

    def note_failure(self, update_id: int) -> None:
        """Remember that the handler of an update failed."""
        self._failed.add(update_id)

    def take_failure(self, update_id: int) -> bool:
        """Return whether the handler of an update failed, and forget it."""
        failed = update_id in self._failed
        self._failed.discard(update_id)
        return failed


def services(context: Context) -> Services:
    found = context.bot_data["services"]
    assert isinstance(found, Services)
    return found
