"""What the handlers call, in one value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from telegram.ext import CallbackContext, ExtBot

from assistant import Assistant
from conversation.content import Content
from desk.answers import AnswerDesk
from desk.block import BlockDesk
from desk.cards import CardDesk
from desk.closing import ClosingDesk
from desk.duty import DutyDesk
from desk.groups import Groups
from desk.handover import HandOver
from desk.history import HistoryDesk
from desk.learning import LearningDesk
from desk.queue import QueueDesk
from desk.relay import RelayDesk
from desk.steps import Desk
from storage.staff_chats import StaffChats

Bot = ExtBot[None]
Context = CallbackContext[Bot, dict[Any, Any], dict[Any, Any], dict[Any, Any]]


@dataclass(frozen=True)
class Services:
    assistant: Assistant
    desk: Desk
    content: Content
    chats: StaffChats
    groups: Groups
    clock: Callable[[], dt.datetime]
    _failed: dict[int, Exception] = field(default_factory=dict)

    @property
    def cards(self) -> CardDesk:
        """What volunteers take from the shelf, over the same desk."""
        return CardDesk(self.desk)

    @property
    def blocking(self) -> BlockDesk:
        """Whom coordinators keep from the volunteers, over the same desk."""
        return BlockDesk(self.desk)

    @property
    def relay(self) -> RelayDesk:
        """What volunteers write to people, over the same desk."""
        return RelayDesk(self.desk)

    @property
    def answers(self) -> AnswerDesk:
        """What volunteers take from the knowledge base, over the same desk."""
        return AnswerDesk(self.desk)

    @property
    def closing(self) -> ClosingDesk:
        """How volunteers close a case, over the same desk."""
        return ClosingDesk(self.desk)

    @property
    def history(self) -> HistoryDesk:
        """What volunteers look up, over the same desk."""
        return HistoryDesk(self.desk)

    @property
    def queue(self) -> QueueDesk:
        """What deals the cases, over the same desk."""
        return QueueDesk(self.desk)

    @property
    def handover(self) -> HandOver:
        """How a case goes from hand to hand, over the same desk."""
        return HandOver(self.desk)

    @property
    def duty(self) -> DutyDesk:
        """What volunteers say about themselves, over the same desk."""
        return DutyDesk(self.desk)

    @property
    def learning(self) -> LearningDesk:
        """What volunteers learn from, over the same desk."""
        return LearningDesk(self.desk)

    def note_failure(self, update_id: int, error: Exception) -> None:
        """Remember why the handler of an update failed."""
        self._failed[update_id] = error

    def take_failure(self, update_id: int) -> Exception | None:
        """Return why the handler of an update failed, if it did, and forget it."""
        return self._failed.pop(update_id, None)


def services(context: Context) -> Services:
    found = context.bot_data["services"]
    assert isinstance(found, Services)
    return found
