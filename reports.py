"""The commands for people outside the group: what to improve, and figures for donors."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cases.gaps import GAPS_KEPT, GapCount
from cases.suppression import SMALL, total_shown
from commands import today
from config import read_config
from conversation.content import load_checked
from conversation.render import Voice
from conversation.statistics import Period, Row, Table, tables_for_others, title
from errors import KakekomiError
from storage.database import Database
from storage.gaps import most_frequent_gaps
from storage.statistics import read_statistics

DAYS_KEPT = GAPS_KEPT.days
GAP_COLUMNS = ("language", "first_day", "count", "kind", "topic", "text")
REPORT_COLUMNS = ("table", "item", "value")
# Whatever begins so is a formula to a spreadsheet, and people write what they like.
_FORMULA = ("=", "+", "-", "@", "\t")

Cell = str | int


async def gaps(database: Database, options: argparse.Namespace) -> str:
    """Return what people asked and the bot could not answer, most people first.

    Raises KakekomiError for days that nothing is kept of.
    """
    if not 1 <= options.days <= DAYS_KEPT:
        raise KakekomiError(f"--days is 1 to {DAYS_KEPT}: nothing is kept for longer")
    async with database.begin() as tx:
        found = await most_frequent_gaps(tx, Period.of_last(options.days, today()).first_day)
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


async def report(database: Database, options: argparse.Namespace) -> str:
    """Write the figures of a period, small counts withheld; return what is printed.

    Raises KakekomiError where the days or the file cannot be.
    """
    period, output = _period(options), _output(options)
    voice, languages = _voice()
    async with database.begin() as tx:
        statistics = await read_statistics(tx, period.start, period.end, languages)
    total = Row(voice.label("report-opened"), total_shown(statistics.opened))
    tables = tables_for_others(voice, statistics)
    if output is None:
        return _as_csv(_report_rows(voice, total, tables))
    if options.format == "xlsx":
        content = _as_xlsx(voice, period, total, tables)
    else:
        # With its mark a spreadsheet program takes it for UTF-8.
        content = f"{_as_csv(_report_rows(voice, total, tables))}\n".encode("utf-8-sig")
    _write(output, content)
    return f"{output}: {title(voice, period)}"


def _output(options: argparse.Namespace) -> Path | None:
    """Return the file to write, which does not exist yet; None to print."""
    output: Path | None = options.output
    if output is None and options.format == "xlsx":
        raise KakekomiError("a spreadsheet needs a file: --output report.xlsx")
    if output is not None and output.exists():
        raise KakekomiError(f"{output} exists already: name another file, or remove it")
    return output


def _write(output: Path, content: bytes) -> None:
    try:
        with output.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise KakekomiError(f"{output} cannot be written: {error.strerror}") from None


def _period(options: argparse.Namespace) -> Period:
    first_day, last_day = options.first_day, options.last_day
    if first_day > last_day:
        raise KakekomiError(f"--from {first_day} is after --to {last_day}")
    if last_day > today():
        raise KakekomiError(f"--to {last_day} has not been yet in Japan")
    return Period(first_day, last_day)


def _voice() -> tuple[Voice, list[str]]:
    """Return the voice in which the volunteers are spoken to, and the languages of the people."""
    config = read_config()
    knowledge, translations = load_checked(config.languages)
    language = translations.staff.get(config.staff_language)
    if language is None:
        raise KakekomiError(f"STAFF_LANGUAGE: choose from {', '.join(translations.staff)}")
    return Voice(language, knowledge, today()), list(translations.languages)


def _report_rows(voice: Voice, total: Row, tables: Iterable[Table]) -> Iterator[Sequence[Cell]]:
    yield REPORT_COLUMNS
    yield total.label, "", _told(voice, total.value)
    for table in tables:
        for item, value in _items(voice, table):
            yield table.title, item, value


def _items(voice: Voice, table: Table) -> Iterator[tuple[str, Cell]]:
    """Yield what a table tells; of times both figures."""
    for row in table.rows:
        if row.is_time:
            yield f"{row.label}, {voice.label('report-median')}", _told(voice, row.value)
            yield f"{row.label}, {voice.label('report-upper')}", _told(voice, row.upper)
        else:
            yield row.label, _told(voice, row.value)


def _told(voice: Voice, value: int | None) -> Cell:
    return voice.label("report-few", few=str(SMALL)) if value is None else value


def _as_csv(rows: Iterable[Sequence[Cell]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().rstrip("\n")


def _as_xlsx(voice: Voice, period: Period, total: Row, tables: Iterable[Table]) -> bytes:
    # Needed here only: the bot starts without it.
    import xlsxwriter

    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        large, bold = (book.add_format({"bold": True, "font_size": size}) for size in (14, 11))
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        right = book.add_format({"align": "right"})
        sheet = book.add_worksheet()
        sheet.set_column(0, 0, 52)
        sheet.set_column(1, 1, 30)
        sheet.set_row(1, 64)
        sheet.write_string(0, 0, title(voice, period), large)
        sheet.merge_range(1, 0, 1, 1, voice.label("report-note", few=str(SMALL)), wrapped)
        sheet.write_string(3, 0, total.label, bold)
        sheet.write(3, 1, _told(voice, total.value), right)
        line = 5
        for table in tables:
            sheet.write_string(line, 0, table.title, bold)
            for item, value in _items(voice, table):
                line += 1
                sheet.write_string(line, 0, item)
                sheet.write(line, 1, value, right)
            line += 2
    return made.getvalue()
