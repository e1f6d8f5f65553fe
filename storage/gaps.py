"""What the bot did not know or answer well: kept without anybody, counted by who asks alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import delete, func, select, true

from cases.gaps import Gap, GapCount, GapKind
from storage.database import Transaction, insert_new
from storage.tables import gaps


async def add_gap(tx: Transaction, gap: Gap) -> None:
    """Keep a gap; one that is known stays as it is."""
    query = insert_new(tx, gaps, "id").values(
        id=gap.id,
        day=gap.day,
        kind=gap.kind.value,
        language=gap.language,
        topic=gap.topic,
        words_hash=tx.vault.hash(gap.words),
        sealed_question=tx.vault.seal([gap.text, gap.words]),
    )
    await tx.connection.execute(query)


async def erase_gaps(tx: Transaction, ids: Collection[str]) -> None:
    """Erase the gaps of somebody."""
    if ids:
        await tx.connection.execute(delete(gaps).where(gaps.c.id.in_(ids)))


async def most_frequent_gaps(
    tx: Transaction, since: dt.date, language: str | None = None, at_most: int | None = None
) -> list[GapCount]:
    """Return what was asked on `since` or later (a day in Japan) in a language, or in all of them,
    most people first."""
    alike = (gaps.c.kind, gaps.c.language, gaps.c.topic, gaps.c.words_hash)
    people = func.count().label("people")
    counted = (
        select(
            *alike,
            people,
            func.min(gaps.c.day).label("first_day"),
            func.min(gaps.c.id).label("one_id"),
        )
        .where(gaps.c.day >= since, true() if language is None else gaps.c.language == language)
        .group_by(*alike)
        .order_by(people.desc(), func.max(gaps.c.day).desc(), func.min(gaps.c.id))
        .limit(at_most)
        .subquery()
    )
    query = (
        select(counted, gaps.c.sealed_question)
        .join(gaps, gaps.c.id == counted.c.one_id)
        .order_by(counted.c.people.desc(), counted.c.first_day.desc(), counted.c.one_id)
    )
    return [
        GapCount(
            GapKind(row.kind),
            row.language,
            row.topic,
            tx.vault.open(row.sealed_question)[0],
            row.first_day,
            row.people,
        )
        for row in await tx.connection.execute(query)
    ]
