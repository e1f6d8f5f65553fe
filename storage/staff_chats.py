"""The groups of the staff: which there are, where each is now, and what the self-test told it.

Telegram gives a group a new id when it is upgraded; each is known by the id in the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from storage.database import Transaction, insert_new
from storage.tables import staff_chats


class StaffChats:
    """The groups of the settings. `load` learns what another process wrote of them."""

    def __init__(self, default_id: int, by_language: Mapping[str, int] | None = None) -> None:
        """`by_language` names the groups to which the cases of a language go; the rest, and what is
        about no case, goes to the default group."""
        self.default_id = default_id
        others = {code: id_ for code, id_ in (by_language or {}).items() if id_ != default_id}
        self._by_language = others
        self.other_ids = tuple(dict.fromkeys(others.values()))
        self._now = {each: each for each in (default_id, *self.other_ids)}
        self._away: set[int] = set()

    @property
    def ids(self) -> tuple[int, ...]:
        """The configured ids, the default group's first."""
        return tuple(self._now)

    def chat_of(self, group_id: int | None) -> int:
        """Return the id that a group has now; None is the default group."""
        return self._now[self.default_id if group_id is None else group_id]

    def group_at(self, chat_id: int) -> int | None:
        """Return the configured id of the group that a chat is; None for any other chat.

        What was written before an upgrade may come after it.
        """
        found = (each for each, now in self._now.items() if chat_id in (each, now))
        return next(found, None)

    def is_at(self, chat_id: int) -> bool:
        """Whether a chat is one of the groups."""
        return self.group_at(chat_id) is not None

    def other(self, chat_id: int) -> int | None:
        """Return the group that a chat is as messages and cases name it: None is the default."""
        group_id = self.group_at(chat_id)
        return None if group_id == self.default_id else group_id

    def languages_of(self, group_id: int) -> tuple[str, ...]:
        """Return the languages whose cases go to a group that is not the default one."""
        return tuple(code for code, each in self._by_language.items() if each == group_id)

    def is_away(self, group_id: int) -> bool:
        """Whether the bot was shut out of the group when it wrote there last."""
        return group_id in self._away

    async def load(self, tx: Transaction) -> None:
        """Learn where the groups are now, and which have shut the bot out."""
        query = select(staff_chats).where(staff_chats.c.configured_id.in_(self.ids))
        rows = (await tx.connection.execute(query)).all()
        self._now |= {row.configured_id: row.current_id for row in rows}
        self._away = {row.configured_id for row in rows if row.is_away}

    async def group_for(self, tx: Transaction, language: str) -> int | None:
        """Return the group to which a new case of a language goes; None is the default group."""
        group_id = self._by_language.get(language)
        if group_id is None:
            return None
        await self.load(tx)
        return None if group_id in self._away else group_id

    async def follow(self, tx: Transaction, chat_id: int, before: int | None) -> None:
        """Learn that a group has a new id, if that is what it had `before`."""
        await self.load(tx)
        group_id = next((each for each, now in self._now.items() if now == before), None)
        if group_id is not None:
            await self.move(tx, group_id, chat_id)

    async def move(self, tx: Transaction, group_id: int, chat_id: int) -> None:
        """Remember that Telegram has given a group a new id."""
        await _save(tx, group_id, current_id=chat_id)
        self._now[group_id] = chat_id

    async def set_away(self, tx: Transaction, group_id: int, *, is_away: bool) -> bool:
        """Remember whether a group has shut the bot out; return whether that is news."""
        was_away = (await _locked(tx, group_id)).is_away
        await _save(tx, group_id, is_away=is_away)
        (self._away.add if is_away else self._away.discard)(group_id)
        return bool(was_away != is_away)


async def flaws_told(tx: Transaction, group_id: int) -> str:
    """Return what the self-test told a group last; nobody else tells it anything before the
    transaction ends."""
    return str((await _locked(tx, group_id)).flaws_told)


async def note_flaws_told(tx: Transaction, group_id: int, told: str) -> None:
    """Remember what the self-test tells a group now."""
    await _save(tx, group_id, flaws_told=told)


async def _locked(tx: Transaction, group_id: int) -> Any:
    """Return the row of a group, made now if there is none, for this transaction alone."""
    new = {"configured_id": group_id, "current_id": group_id}
    await tx.connection.execute(insert_new(tx, staff_chats, "configured_id").values(new))
    query = select(staff_chats).where(staff_chats.c.configured_id == group_id)
    return (await tx.connection.execute(query.with_for_update())).one()


async def _save(tx: Transaction, group_id: int, **values: int | str | bool) -> None:
    await _locked(tx, group_id)
    change = update(staff_chats).where(staff_chats.c.configured_id == group_id).values(values)
    await tx.connection.execute(change)
