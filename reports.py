"""The commands for people outside the group: what to improve."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence

from cases.gaps import GAPS_KEPT, GapCount
from commands import today
from errors import KakekomiError
from storage.database import Database
from storage.gaps import most_frequent_gaps

DAYS_KEPT = GAPS_KEPT.days
GAP_COLUMNS = ("language", "first_day", "count", "kind", "topic", "text")
# Whatever begins so is a formula to a spreadsheet, and people write what they like.
_FORMULA = ("=", "+", "-", "@", "\t")

Cell = str | int


async def gaps(database: Database, options: argparse.Namespace) -> str:
    """Return what people asked and the bot could not answer, most people first.

    Raises KakekomiError for days that nothing is kept of.
    """
    if not 1 <= options.days <= DAYS_KEPT:
        raise KakekomiError(f"--days is 1 to {DAYS_KEPT}: nothing is kept for longer")
    since = today() - dt.timedelta(days=options.days - 1)
    async with database.begin() as tx:
        found = await most_frequent_gaps(tx, since)
    if options.format == "csv":
        return _as_csv([GAP_COLUMNS, *map(_gap_cells, found)])
    return "\n".join(_gap_line(gap) for gap in found) or "There are none."


def _gap_cells(gap: GapCount) -> Sequence[Cell]:
    text = f"'{gap.text}" if gap.text.startswith(_FORMULA) else gap.text
    first_day = gap.first_day.isoformat()
    return gap.language, first_day, gap.count, gap.kind.value, gap.topic or "", text


def _gap_line(gap: GapCount) -> str:
    about = f"{gap.kind.value} {gap.topic}" if gap.topic else gap.kind.value
    return f"{gap.count:>5}  {gap.language}  since {gap.first_day}  {about}  {gap.text}".rstrip()


def _as_csv(rows: Iterable[Sequence[Cell]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().rstrip("\n")
