"""The pinned board of each group of the staff: who waits, who has whom, how many are on duty."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from cases.queue import of_group
from conversation import board
from desk.looking import look_for_ever
from desk.steps import Desk
from storage.boards import locked_board, note_shown, raise_late, replace_unsent
from storage.outbox import Outgoing, Purpose, enqueue
from storage.queue import open_queue
from storage.staff_chats import StaffChats
from storage.volunteers import whole_team

# At most one edit each time: of the group's twenty messages a minute the board takes two.
LOOK_EVERY_S = 30.0


@dataclass(frozen=True)
class BoardDesk:
    """Of several processes each may look: what a board says is kept in the database."""

    desk: Desk
    chats: StaffChats

    async def run(self, clock: Callable[[], dt.datetime]) -> None:
        """Keep the board true for ever; cancel to stop."""
        await look_for_ever(self.look, clock, LOOK_EVERY_S)

    async def look(self, now: dt.datetime) -> None:
        """Let the board of each group that the bot can write in say how things stand there, if it
        says something else. Raises StorageError."""
        for group_id in self.chats.ids:
            if not self.chats.is_away(group_id):
                with self.desk.metrics.step("board"):
                    await self._look_at(group_id, now)
        self.desk.sent()

    async def _look_at(self, group_id: int, now: dt.datetime) -> None:
        """Change a board by an edit, or by a new one where there is none. At most one waits to be
        sent."""
        voice, chat_id = self.desk.content.staff_voice(now), self.chats.chat_of(group_id)
        here = self.chats.other(group_id)
        async with self.desk.database.begin() as tx:
            known = await locked_board(tx, chat_id)
            await raise_late(tx, here, now)
            members = await whole_team(tx)
            on_duty = sum(member.is_on_duty(now) for member in members)
            queue = of_group(await open_queue(tx), here)
            said = board.board(voice, queue, on_duty, chat_id, now)
            shown = hashlib.sha256(repr(said).encode()).hexdigest()
            if shown == known.shown:
                return
            message_id = known.message_id
            edits = None if message_id is None else (chat_id, message_id)
            message = Outgoing(
                None, Purpose.BOARD, said.text, said.buttons, edits=edits, group_id=here
            )
            replaced = await replace_unsent(tx, message)
            if replaced is None:
                return
            if not replaced:
                await enqueue(tx, message, now)
            await note_shown(tx, chat_id, shown)
