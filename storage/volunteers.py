"""Volunteers: found by the keyed hash of their Telegram id, all else about them sealed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import delete, select, update

from cases.model import Claim
from cases.team import Member
from storage.database import Transaction, insert_new
from storage.tables import volunteers

# That somebody was here is noted so often.
_SEEN_EVERY = dt.timedelta(days=1)


async def whole_team(tx: Transaction) -> list[Member]:
    """Return every volunteer who is known, those known for longest first."""
    rows = await tx.connection.execute(select(volunteers).order_by(volunteers.c.id))
    return [_member(tx, row) for row in rows]


async def member_by_id(tx: Transaction, member_id: int) -> Member | None:
    query = select(volunteers).where(volunteers.c.id == member_id)
    row = (await tx.connection.execute(query)).one_or_none()
    return None if row is None else _member(tx, row)


async def meet(
    tx: Transaction,
    claim: Claim,
    now: dt.datetime,
    username: str | None = None,
    language: str | None = None,
) -> Member:
    """Return the volunteer who acts, under the name that they have now; they are known from then
    on."""
    staff_hash = tx.vault.hash(claim.staff_id)
    met = Member(0, claim, username, language)
    new = insert_new(tx, volunteers, "staff_hash").values(
        staff_hash=staff_hash, sealed_profile=_seal(tx, met), seen_at=now
    )
    await tx.connection.execute(new)
    query = select(volunteers).where(volunteers.c.staff_hash == staff_hash).with_for_update()
    row = (await tx.connection.execute(query)).one()
    known = _member(tx, row)
    current = Member(
        known.id, claim, username, language, known.languages,
        known.duty_from, known.duty_until, known.away_until,
    )  # fmt: skip
    if current != known or abs(now - row.seen_at) > _SEEN_EVERY:
        await save_member(tx, current, now)
    return current


async def save_member(tx: Transaction, member: Member, now: dt.datetime) -> None:
    """Keep what a volunteer said about themselves."""
    values = {"sealed_profile": _seal(tx, member), "seen_at": now}
    await tx.connection.execute(
        update(volunteers).where(volunteers.c.id == member.id).values(values)
    )


async def forget_member(tx: Transaction, staff_id: int) -> None:
    """Forget a volunteer who has left the group."""
    query = delete(volunteers).where(volunteers.c.staff_hash == tx.vault.hash(staff_id))
    await tx.connection.execute(query)


def _seal(tx: Transaction, member: Member) -> str:
    moments = {
        name: None if moment is None else moment.isoformat()
        for name in ("duty_from", "duty_until", "away_until")
        for moment in [getattr(member, name)]
    }
    return tx.vault.seal(
        {
            "staff_id": member.claim.staff_id,
            "name": member.claim.name,
            "username": member.username,
            "language": member.language,
            "languages": member.languages,
            **moments,
        }
    )


def _member(tx: Transaction, row: Any) -> Member:
    profile = tx.vault.open(row.sealed_profile)

    def moment(name: str) -> dt.datetime | None:
        return dt.datetime.fromisoformat(profile[name]) if profile[name] else None

    return Member(
        id=row.id,
        claim=Claim(profile["staff_id"], profile["name"]),
        username=profile["username"],
        language=profile["language"],
        languages=tuple(profile["languages"]),
        duty_from=moment("duty_from"),
        duty_until=moment("duty_until"),
        away_until=moment("away_until"),
    )
