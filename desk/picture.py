"""Statistics as a picture that is read on a phone: tables as bars."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from conversation.render import Voice
from conversation.statistics import Row, Table, written

FONTS = Path(__file__).parent.parent / "fonts"

# In pixels; Telegram shows a photo of this width sharply on any phone.
WIDTH = 1080
MARGIN = 56
LABELS_WIDTH = 400
ROW_HEIGHT, BAR_HEIGHT = 66, 32
TEXT_SIZE, SMALL_SIZE = 27, 24
HEADING_HEIGHT, AXIS_HEIGHT, GAP_HEIGHT = 72, 44, 36

PAPER, INK, QUIET, LINE = "#ffffff", "#14212b", "#5b6b78", "#d9e1e7"
BAR, BAR_UPPER = "#1f6fb2", "#b9d4ea"
TICKS_MAX = 5

Weight = Literal["Regular", "Bold"]


def draw(voice: Voice, title: str, subtitle: str, tables: Sequence[Table]) -> bytes:
    """Return a PNG with the tables that have rows, one below the other."""
    drawn = [table for table in tables if table.rows]
    height = 2 * MARGIN + 130 + sum(_height(table) for table in drawn)
    image = Image.new("RGB", (WIDTH, height), PAPER)
    sheet = _Sheet(voice, ImageDraw.Draw(image))
    sheet.text((MARGIN, MARGIN), title, 44, "Bold", INK)
    sheet.text((MARGIN, MARGIN + 62), subtitle, 32, "Regular", QUIET)
    top = MARGIN + 130
    for table in drawn:
        sheet.table(top, table)
        top += _height(table)
    png = io.BytesIO()
    image.quantize(64).save(png, "PNG", optimize=True)
    return png.getvalue()


def _height(table: Table) -> int:
    return HEADING_HEIGHT + ROW_HEIGHT * len(table.rows) + AXIS_HEIGHT + GAP_HEIGHT


class _Sheet:
    """What is drawn on."""

    def __init__(self, voice: Voice, pen: ImageDraw.ImageDraw) -> None:
        self._voice = voice
        self._pen = pen

    def table(self, top: int, table: Table) -> None:
        self.text((MARGIN, top), table.title, 34, "Bold", INK)
        top += HEADING_HEIGHT
        bottom = top + ROW_HEIGHT * len(table.rows)
        ticks = axis(max(max(row.value or 0, row.upper or 0) for row in table.rows))
        told = _font("Bold", TEXT_SIZE)
        values_width = max(told.getlength(written(self._voice, row)) for row in table.rows)
        scale = _Scale(ticks[-1], WIDTH - MARGIN - round(values_width) - 14)
        for tick in ticks:
            x = scale.x(tick)
            self._pen.line([(x, top), (x, bottom)], LINE, 2)
            self.text((x, bottom + 8), str(tick), SMALL_SIZE, "Regular", QUIET, "ma")
        for row in table.rows:
            self._row(top, row, scale)
            top += ROW_HEIGHT

    def _row(self, top: int, row: Row, scale: _Scale) -> None:
        middle = top + ROW_HEIGHT // 2
        lines = _wrapped(row.label)
        for number, line in enumerate(lines):
            y = middle + (number - (len(lines) - 1) / 2) * (TEXT_SIZE + 2)
            self.text((scale.left - 20, y), line, TEXT_SIZE, "Regular", INK, "rm")
        end = float(scale.left)
        for value, colour in ((row.upper, BAR_UPPER), (row.value, BAR)):
            if value:
                half, end = BAR_HEIGHT // 2, max(end, scale.x(value))
                box = (scale.left, middle - half, scale.x(value), middle + half)
                self._pen.rounded_rectangle(box, 6, colour, corners=(False, True, True, False))
        self.text((end + 14, middle), written(self._voice, row), TEXT_SIZE, "Bold", INK, "lm")

    def text(
        self,
        at: tuple[float, float],
        words: str,
        size: int,
        weight: Weight,
        colour: str,
        anchor: str = "la",
    ) -> None:
        self._pen.text(at, words, colour, _font(weight, size), anchor)


@dataclass(frozen=True)
class _Scale:
    """Where the values from 0 to `most` stand, up to `right`."""

    most: int
    right: int
    left: int = MARGIN + LABELS_WIDTH

    def x(self, value: int) -> float:
        return self.left + value / self.most * (self.right - self.left)


def _wrapped(label: str) -> list[str]:
    """Return a label in lines that fit left of the bars, two at most."""
    font, width = _font("Regular", TEXT_SIZE), LABELS_WIDTH - 20
    if font.getlength(label) <= width:
        return [label]
    # A language that writes without spaces is cut anywhere.
    parts = label.split(" ") if " " in label else list(label)
    gap = " " if " " in label else ""
    ends = [at for at in range(1, len(parts)) if font.getlength(gap.join(parts[:at])) <= width]
    cut = max(ends, default=1)
    return [gap.join(parts[:cut]), gap.join(parts[cut:])]


def axis(most: int) -> list[int]:
    """Return the ticks of an axis from 0 to `most` or a little beyond, at round numbers."""
    steps = (factor * 10**power for power in range(9) for factor in (1, 2, 5))
    step = next(step for step in steps if most <= step * (TICKS_MAX - 1))
    last = max(1, -(-most // step))
    return [step * number for number in range(last + 1)]


@cache
def _font(weight: Weight, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"NotoSansCJKjp-{weight}.otf", size)
