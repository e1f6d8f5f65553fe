"""The pinned board of the staff group: who waits, who has whom, how many are on duty."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from conversation import board
from desk.steps import Desk
from errors import StorageError
from storage.boards import locked_board, note_shown, replace_unsent
from storage.outbox import Outgoing, Purpose, enqueue
from storage.queue import open_queue
from storage.volunteers import whole_team

log = structlog.get_logger()

# At most one edit each time: of the group's twenty messages a minute the board takes two.
LOOK_EVERY_S = 30.0


@dataclass(frozen=True)
class BoardDesk:
    """Of several processes each may look: what the board says is kept in the database.

    `staff_chat_id` says where the group is now.
    """

    desk: Desk
    staff_chat_id: Callable[[], int]

    async def run(self, clock: Callable[[], dt.datetime]) -> None:
        """Keep the board true for ever; cancel to stop."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look(clock())
            except StorageError:
                log.exception("the board was not looked at; trying again")

    async def look(self, now: dt.datetime) -> None:
        """Let the board say how things stand, if it says something else: by an edit, or by a new
        one where there is none. At most one waits to be sent. Raises StorageError."""
        voice, chat_id = self.desk.content.staff_voice(now), self.staff_chat_id()
        async with self.desk.database.begin() as tx:
            known = await locked_board(tx, chat_id)
            members = await whole_team(tx)
            on_duty = sum(member.is_on_duty(now) for member in members)
            said = board.board(voice, await open_queue(tx), on_duty, chat_id, now)
            shown = hashlib.sha256(repr(said).encode()).hexdigest()
            if shown == known.shown:
                return
            message_id = known.message_id
            edits = None if message_id is None else (chat_id, message_id)
            message = Outgoing(None, Purpose.BOARD, said.text, said.buttons, edits=edits)
            replaced = await replace_unsent(tx, message)
            if replaced is None:
                return
            if not replaced:
                await enqueue(tx, message, now)
            await note_shown(tx, chat_id, shown)
        self.desk.sent()
