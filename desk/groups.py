"""Several groups of volunteers: a case whose group is gone goes to the default group."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog

from cases.lifecycle import risk
from conversation import alerts
from conversation.content import Content
from storage.cases import case_by_code
from storage.database import Database, Transaction
from storage.groups import groups_of_cases, leave_group
from storage.inbox import finish
from storage.lanes import groups_of_lanes, move_lane
from storage.outbox import Outgoing, Purpose, enqueue
from storage.staff_chats import StaffChats

log = structlog.get_logger()


@dataclass(frozen=True)
class Groups:
    """Moves cases between groups, and says so."""

    database: Database
    content: Content
    chats: StaffChats

    async def shut_out(self, tx: Transaction, group_id: int, now: dt.datetime) -> None:
        """The bot cannot write in a group: the default one has all that waits for it and all its
        cases, and is told why and how to mend it."""
        if await self.chats.set_away(tx, group_id, is_away=True):
            log.warning("a group has shut the bot out", languages=self.chats.languages_of(group_id))
            await self._tell(tx, "staff-group-away", group_id, None, now)
        await self._move(tx, group_id, now)

    async def let_in(self, tx: Transaction, group_id: int, now: dt.datetime) -> None:
        """The bot can write in a group again: its new cases go there. Both groups are told."""
        if await self.chats.set_away(tx, group_id, is_away=False):
            for told in (None, group_id):
                await self._tell(tx, "staff-group-back", group_id, told, now)

    async def note_let_in(self, update_id: int, group_id: int | None, now: dt.datetime) -> None:
        """Mark an update done by which the bot was let into a group; None if into none of ours.
        Raises StorageError."""
        async with self.database.begin() as tx:
            if await finish(tx, update_id) and group_id is not None:
                await self.let_in(tx, group_id, now)

    async def follow(self, chat_id: int, before: int | None) -> None:
        """Learn where the groups are now; a chat is one of them if `before` was the id that is
        known of it. Raises StorageError."""
        async with self.database.begin() as tx:
            await self.chats.follow(tx, chat_id, before)

    async def is_elsewhere(self, code: str, group_id: int | None) -> bool:
        """Return whether a case is in another group than this one. Raises StorageError."""
        async with self.database.begin() as tx:
            case = await case_by_code(tx, code)
        return case is not None and case.group_id != group_id

    async def adopt(self, tx: Transaction, now: dt.datetime) -> None:
        """Move the cases of groups that the settings name no more."""
        known = self.chats.ids
        for group_id in await groups_of_cases(tx, known) | await groups_of_lanes(tx, known):
            await self._move(tx, group_id, now)

    async def _tell(
        self, tx: Transaction, key: str, group_id: int, told: int | None, now: dt.datetime
    ) -> None:
        offered = self.content.translations.languages
        languages = ", ".join(
            offered[code].entry.own_name if code in offered else code
            for code in self.chats.languages_of(group_id)
        )
        text = self.content.staff_voice(now).say(key, languages=languages)
        await enqueue(tx, Outgoing(None, Purpose.NOTICE, text, group_id=told), now)

    async def _move(self, tx: Transaction, group_id: int, now: dt.datetime) -> None:
        """Move what waits for a group and its cases to the default group, which gets a new alert
        of each case that had one, the most dangerous first."""
        voice = self.content.staff_voice(now)
        moved = await leave_group(tx, group_id)
        await move_lane(tx, group_id)
        kinds: list[str | None] = [*self.content.knowledge.urgent, None]
        for case in sorted(moved, key=lambda each: kinds.index(each.urgent_kind)):
            kind = alerts.kind_name(voice, case)
            text = f"<b>{voice.say('staff-moved-here', code=case.code, kind=kind)}</b>"
            danger = risk(case.urgent_kind)
            alert = Outgoing(None, Purpose.ALERT, text, case_id=case.id, risk=danger)
            await enqueue(tx, alert, now)
